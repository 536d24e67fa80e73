"""The CAN report: conditions, actions (done, doing, next) and needs, written once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from comms import text
from comms.errors import Invalid
from comms.language import nearest

METER = 80
"""Words in a report that a reader takes in at once; the form's meter and lint count to it."""

LINES = 20
"""At most so many actions of a kind, and needs."""


CUSTOMER_FIELDS = ("symptom", "scope", "workaround")


class Basis(StrEnum):
    """What the conditions rest on: signs (measured) or symptoms (reported)."""

    MEASURED = "measured"
    REPORTED = "reported"


@dataclass(frozen=True, kw_only=True)
class Actions:
    """What has been done, is being done, and comes next."""

    done: tuple[str, ...] = ()
    doing: tuple[str, ...] = ()
    next: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Need:
    """Something that the response lacks. In the war room it becomes an ask.

    `owner` is free text as typed (a name or a team), `by` a UTC time, `decision` marks what
    only an executive can give.
    """

    text: str
    owner: str = ""
    by: datetime | None = None
    decision: bool = False


@dataclass(frozen=True, kw_only=True)
class CustomerText:
    """What customers may read; nothing else of the report reaches them.

    It is in the plan's language; `versions` holds it in others (BCP 47), without versions of
    their own.
    """

    symptom: str
    scope: str = ""
    workaround: str = ""
    versions: Mapping[str, CustomerText] = field(default_factory=dict)

    @property
    def says_anything(self) -> bool:
        """True where a field of its own is filled in."""
        return any(getattr(self, name) for name in CUSTOMER_FIELDS)

    def told_in(self, language: str) -> CustomerText:
        """Return what a reader of that language reads: the plan's words where its own lack."""
        own = self.version(language)
        if own is None:
            return replace(self, versions={})
        return CustomerText(
            symptom=own.symptom or self.symptom,
            scope=own.scope or self.scope,
            workaround=own.workaround or self.workaround,
        )

    def lacks(self, language: str) -> tuple[str, ...]:
        """The fields that a reader of that language reads in the plan's words."""
        own = self.version(language) or CustomerText(symptom="")
        return tuple(
            name for name in CUSTOMER_FIELDS if getattr(self, name) and not getattr(own, name)
        )

    def version(self, language: str) -> CustomerText | None:
        """Return what was written for readers of that language, as it was."""
        found = nearest(language, self.versions)
        return self.versions[found] if found else None


@dataclass(frozen=True, kw_only=True)
class CanReport:
    """One CAN report. An empty `needs` is an answer: 'no needs'.

    `data_lost` says whether data was lost; None: nobody has said. `review_url` is where the
    published review can be read.
    """

    conditions: str
    basis: Basis = Basis.REPORTED
    actions: Actions = field(default_factory=Actions)
    needs: tuple[Need, ...] = ()
    risk: str = ""
    customer: CustomerText | None = None
    data_lost: bool | None = None
    review_url: str = ""

    @property
    def words(self) -> int:
        """Words of conditions, actions and needs together, for the meter."""
        parts = (
            self.conditions,
            *self.actions.done,
            *self.actions.doing,
            *self.actions.next,
            *(need.text for need in self.needs),
        )
        return sum(text.words(part) for part in parts)


def cleaned(report: CanReport) -> CanReport:
    """Return the report as it will be kept and shown; Invalid names the field that is wrong."""
    conditions = text.text(report.conditions, pointer="/conditions")
    if not conditions:
        raise Invalid(
            "Say what the conditions are: what is seen or measured.", pointer="/conditions"
        )
    return replace(
        report,
        conditions=conditions,
        risk=text.text(report.risk, pointer="/risk"),
        actions=Actions(
            done=_lines(report.actions.done, "/actions/done"),
            doing=_lines(report.actions.doing, "/actions/doing"),
            next=_lines(report.actions.next, "/actions/next"),
        ),
        needs=_needs(report.needs),
        customer=_customer(report.customer),
        review_url=text.link(report.review_url, pointer="/review_url"),
    )


def carried_forward(report: CanReport) -> CanReport:
    """Return what the next form opens with: the last report; needs and doing stay until done."""
    return replace(report, actions=replace(report.actions, done=()))


def one_tap_done(report: CanReport) -> CanReport:
    """Return the report with all that was being done now done, and the next steps begun."""
    actions = report.actions
    return replace(
        report,
        actions=Actions(done=(*actions.done, *actions.doing), doing=actions.next, next=()),
    )


def _lines(values: tuple[str, ...], pointer: str) -> tuple[str, ...]:
    if len(values) > LINES:
        raise Invalid(f"At most {LINES} lines; this has {len(values)}.", pointer=pointer)
    kept = (text.text(value, pointer=f"{pointer}/{at}") for at, value in enumerate(values))
    return tuple(value for value in kept if value)


def _needs(needs: tuple[Need, ...]) -> tuple[Need, ...]:
    if len(needs) > LINES:
        raise Invalid(f"At most {LINES} needs; this has {len(needs)}.", pointer="/needs")
    kept = (
        replace(
            need,
            text=text.text(need.text, pointer=f"/needs/{at}/text"),
            owner=text.line(need.owner, pointer=f"/needs/{at}/owner"),
            by=_in_utc(need.by, f"/needs/{at}/by"),
        )
        for at, need in enumerate(needs)
    )
    return tuple(need for need in kept if need.text)


def _in_utc(moment: datetime | None, pointer: str) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise Invalid("Give the time with its zone, like 2026-01-05T09:30Z.", pointer=pointer)
    return moment.astimezone(UTC)


def _customer(customer: CustomerText | None) -> CustomerText | None:
    if customer is None:
        return None
    kept = _customer_fields(customer, "/customer")
    versions = {
        language: _customer_fields(version, f"/customer/versions/{language}")
        for language, version in customer.versions.items()
    }
    told = {language: version for language, version in versions.items() if version.says_anything}
    if kept.symptom:
        return replace(kept, versions=told)
    if kept.says_anything or told:
        raise Invalid("Say what customers see.", pointer="/customer/symptom")
    return None


def _customer_fields(customer: CustomerText, pointer: str) -> CustomerText:
    return CustomerText(
        symptom=text.text(customer.symptom, pointer=f"{pointer}/symptom"),
        scope=text.text(customer.scope, pointer=f"{pointer}/scope"),
        workaround=text.text(customer.workaround, pointer=f"{pointer}/workaround"),
    )
