"""A draft held against the rules, for one audience."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from comms.incident import Incident
from comms.language import SOURCE
from comms.lint.data import tells_of_data
from comms.lint.estimates import estimates
from comms.lint.finding import Finding, Found
from comms.lint.inside import inside
from comms.lint.languages import languages
from comms.lint.people import people
from comms.lint.wording import is_unfinished, vague, wording
from comms.people import Person
from comms.plan.model import Audience
from comms.readers import Readers
from comms.report import CUSTOMER_FIELDS, METER, CustomerText
from comms.rule import Level, Rule
from comms.update import Kind, Update

_NAME_NO_SCOPE = frozenset({Kind.RESOLVED, Kind.CORRECTION, Kind.REVIEW})


class Passage(NamedTuple):
    """One field of the customers' text in one language, and where it stands in the report."""

    pointer: str
    text: str


def lint(
    update: Update,
    incident: Incident,
    audience: Audience,
    *,
    recipients: int,
    now: datetime,
    known: Iterable[Person] = (),
    readers: Readers | None = None,
    language: str = SOURCE,
) -> tuple[Finding, ...]:
    """Return what this audience's statement of the draft would do wrong.

    `known` are people whose names stay inside, beside those of the incident. `readers` says who
    reads which language, `language` is the plan's.
    """
    return (
        *_reach(audience, recipients),
        *_promise(update, audience, now),
        *_customer(update, incident, audience, known),
        *(_report(update, audience) if "conditions" in audience.sees else ()),
        *(languages(update, audience, readers, language) if readers else ()),
    )


def blocks(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that forbid approval."""
    return tuple(found for found in findings if found.level is Level.BLOCK)


def _reach(audience: Audience, recipients: int) -> Iterator[Finding]:
    if recipients == 0:
        yield Finding(
            level=Level.WARN,
            audience=audience.name,
            code="nobody",
            message=f"{audience.label} has no recipients: nobody would get this.",
            pointer="/audiences",
        )


def _promise(update: Update, audience: Audience, now: datetime) -> Iterator[Finding]:
    due = update.promises.get(audience.name)
    if due and due <= now:
        yield Finding(
            level=Level.BLOCK,
            audience=audience.name,
            code="promise_passed",
            message="The next update that this draft promises is already due. Draft it again.",
            pointer="/promises",
        )


def _report(update: Update, audience: Audience) -> Iterator[Finding]:
    if update.report.words > METER:
        yield Finding(
            level=Level.WARN,
            audience=audience.name,
            code="long",
            message=f"{update.report.words} words; {METER} are read at a glance.",
            pointer="/conditions",
        )
    if is_unfinished(update.report.conditions):
        yield Finding(
            level=Level.WARN,
            audience=audience.name,
            code=Rule.UNFINISHED.value,
            message="The conditions hold a placeholder.",
            pointer="/conditions",
        )


def _customer(
    update: Update, incident: Incident, audience: Audience, known: Iterable[Person]
) -> Iterator[Finding]:
    customer = update.report.customer
    if customer is None or "symptom" not in audience.sees:
        return
    inhouse = (*incident.roles.values(), incident.declared_by, *known)
    for passage in passages(customer):
        for found in _wrong(passage.text, incident, inhouse):
            yield from _weighed(found, passage.pointer, audience)
    if not audience.reads_inside:
        for found, pointer in _whole(update, customer, audience):
            yield from _weighed(found, pointer, audience)


def passages(customer: CustomerText) -> Iterator[Passage]:
    """Yield each field of the text that says something, in every language."""
    yield from _fields(customer, "/customer")
    for language, version in customer.versions.items():
        yield from _fields(version, f"/customer/versions/{language}")


def _fields(customer: CustomerText, pointer: str) -> Iterator[Passage]:
    for name in CUSTOMER_FIELDS:
        if text := getattr(customer, name):
            yield Passage(f"{pointer}/{name}", text)


def _wrong(text: str, incident: Incident, inhouse: Iterable[Person]) -> Iterator[Found]:
    yield from inside(text, key=incident.key)
    yield from people(text, inhouse)
    yield from estimates(text)
    yield from wording(text)


def _whole(
    update: Update, customer: CustomerText, audience: Audience
) -> Iterator[tuple[Found, str]]:
    """What the text as a whole does not say."""
    yield from _unscoped(update, customer)
    if update.status.is_open and audience.name not in update.promises:
        message = f"{audience.label} are not told when the next update comes."
        yield Found(Rule.NEXT_UPDATE, message), "/promises"
    is_said = update.report.data_lost is not None and "data_lost" in audience.sees
    if update.kind is Kind.RESOLVED and not is_said:
        yield from _silent_of_data(customer)


def _silent_of_data(customer: CustomerText) -> Iterator[tuple[Found, str]]:
    """Where the text does not say what became of data: each language that says something else."""
    told = {"/customer": customer} | {
        f"/customer/versions/{language}": customer.told_in(language)
        for language in customer.versions
    }
    for pointer, version in told.items():
        if not any(tells_of_data(text) for _, text in _fields(version, pointer)):
            message = "It does not say whether data was lost."
            yield Found(Rule.DATA_LOSS, message), f"{pointer}/symptom"


def _unscoped(update: Update, customer: CustomerText) -> Iterator[tuple[Found, str]]:
    """Where the text names no scope, or a vague one, in any of its languages."""
    if update.kind in _NAME_NO_SCOPE:
        return
    if not customer.scope:
        yield Found(Rule.SCOPE, "It does not say who is affected."), "/customer/scope"
    for pointer, text in passages(customer):
        if pointer.endswith("/scope") and (words := vague(text)):
            yield Found(Rule.SCOPE, f"“{words}”: say which, or how many."), pointer


def _weighed(found: Found, pointer: str, audience: Audience) -> Iterator[Finding]:
    level = audience.level(found.rule)
    if level is Level.OFF:
        return
    if level is Level.BLOCK and not found.is_sure:
        level = Level.WARN
    yield Finding(
        level=level,
        audience=audience.name,
        code=found.rule.value,
        message=found.message,
        pointer=pointer,
        can_override=level is Level.BLOCK and bool(audience.lint_override),
    )
