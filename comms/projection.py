"""What one audience may see of an update; the rest is not in its templates' context at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from comms.incident import Incident
from comms.language import marked
from comms.moment import Moment, moment
from comms.plan.model import Audience, Plan
from comms.report import CustomerText
from comms.update import ENDS, Kind, Update

STATUS_LABELS = {
    "triage": marked("Being assessed"),
    "declared": marked("Declared"),
    "investigating": marked("Investigating"),
    "identified": marked("Cause identified"),
    "monitoring": marked("Fix in place, monitoring"),
    "resolved": marked("Resolved"),
    "reviewed": marked("Reviewed"),
    "closed": marked("Closed"),
}


@dataclass(frozen=True, kw_only=True)
class Telling:
    """All that could be told; only `project` decides who is told what.

    `incident_url` and `room_url` are internal links, `page_url` is the incident on the status page
    (each empty where there is none). `language` is one of the audience's; '' means the plan's.
    """

    incident: Incident
    update: Update
    plan: Plan
    incident_url: str = ""
    room_url: str = ""
    page_url: str = ""
    language: str = ""

    @property
    def speaks(self) -> str:
        """The language (BCP 47) in which it is told."""
        return self.language or self.plan.language

    @property
    def customer(self) -> CustomerText:
        """What customers may read, in the language in which it is told."""
        return (self.update.report.customer or CustomerText(symptom="")).told_in(self.language)

    def at(self, when: datetime) -> Moment:
        """The moment as the plan's organisation reads it."""
        return moment(when, self.plan.time_zone, language=self.speaks)


# Every field that a plan may grant, and where it comes from. `conditions` and `impact` are the same
# words: a responder reads them as conditions, an executive as impact.
FIELDS: Mapping[str, Callable[[Telling], object]] = {
    "title": lambda t: t.incident.title,
    "severity": lambda t: t.incident.severity.value,
    "type": lambda t: t.incident.type.value,
    "services": lambda t: t.incident.services,
    "conditions": lambda t: t.update.report.conditions,
    "impact": lambda t: t.update.report.conditions,
    "basis": lambda t: t.update.report.basis.value,
    "done": lambda t: t.update.report.actions.done,
    "doing": lambda t: t.update.report.actions.doing,
    "next": lambda t: t.update.report.actions.next,
    "needs": lambda t: _needs(t, decisions_only=False),
    "decisions": lambda t: _needs(t, decisions_only=True),
    "risk": lambda t: t.update.report.risk,
    "symptom": lambda t: t.customer.symptom,
    "scope": lambda t: t.customer.scope,
    "workaround": lambda t: t.customer.workaround,
    "people": lambda t: {
        role.label: person.name for role, person in sorted(t.incident.roles.items())
    },
    "incident_url": lambda t: t.incident_url,
    "room_url": lambda t: t.room_url,
    "data_lost": lambda t: t.update.report.data_lost,
    "review_url": lambda t: t.update.report.review_url,
}

PUBLIC_FIELDS = frozenset({"symptom", "scope", "workaround", "data_lost", "review_url"})
"""All that a plan may grant to people outside: words and facts that are meant for them."""


def project(telling: Telling, audience: Audience) -> dict[str, object]:
    """Return the context of this audience's templates.

    Always there: organisation, audience, audience_label, key, number, kind, status, status_label,
    issued_at (Moment), next_update (Moment or None: none is promised), is_last, corrects,
    unchanged_since (Moment or None), drill, page_url, change ('raised' or 'lowered' where the
    severity is another than before, else ''), confirm (whether its readers are asked to say that
    they have seen it), untranslated (the language in which customers' words are told for want of
    the reader's, else '') and untranslated_parts (which of them). Beside them exactly the fields
    that `audience.sees` names; with `severity` comes `severity_was`.
    """
    update, plan = telling.update, telling.plan
    promised = update.promises.get(audience.name)
    untranslated = _untranslated(telling, audience)
    told: dict[str, object] = {
        "organisation": plan.organisation,
        "audience": audience.name,
        "audience_label": audience.label,
        "key": telling.incident.key,
        "number": update.number,
        "kind": update.kind.value,
        "status": update.status.value,
        "status_label": STATUS_LABELS[update.status.value],
        "issued_at": telling.at(update.drafted_at),
        "next_update": telling.at(promised) if promised else None,
        "is_last": update.kind is Kind.RESOLVED,
        "corrects": update.corrects,
        "unchanged_since": telling.at(update.unchanged_since) if update.unchanged_since else None,
        "drill": telling.incident.drill,
        "page_url": telling.page_url,
        "confirm": audience.asks(update.severity) and update.kind not in ENDS,
        "change": _change(update),
        "untranslated": plan.language if untranslated else "",
        "untranslated_parts": untranslated,
    }
    if "severity" in audience.sees:
        told["severity_was"] = update.severity_was.value if update.severity_was else ""
    return told | {name: FIELDS[name](telling) for name in sorted(audience.sees)}


def _untranslated(telling: Telling, audience: Audience) -> tuple[str, ...]:
    """What readers of another language than the plan's are told in the plan's words."""
    customer = telling.update.report.customer
    if customer is None or telling.speaks == telling.plan.language:
        return ()
    lacking = customer.lacks(telling.speaks) if audience.reads_as_customers else ()
    return tuple(name for name in lacking if name in audience.sees)


def _change(update: Update) -> str:
    if update.severity_was is None:
        return ""
    return "raised" if update.severity.rank < update.severity_was.rank else "lowered"


def _needs(telling: Telling, *, decisions_only: bool) -> tuple[Mapping[str, object], ...]:
    return tuple(
        {
            "text": need.text,
            "owner": need.owner,
            "by": telling.at(need.by) if need.by else None,
            "decision": need.decision,
        }
        for need in telling.update.report.needs
        if need.decision or not decisions_only
    )
