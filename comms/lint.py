"""Lint: what is wrong with a draft, said before anybody approves it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from comms.incident import Incident
from comms.language import SOURCE, name_of
from comms.plan.model import Audience
from comms.readers import Readers
from comms.report import CUSTOMER_FIELDS, METER, CustomerText
from comms.update import Kind, Update

_NAME_NO_SCOPE = {Kind.CORRECTION, Kind.RESOLVED, Kind.REVIEW}


class Level(StrEnum):
    """A warning can be approved; a block cannot."""

    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that lint found, for one audience; `pointer` names the field of the report."""

    level: Level
    audience: str
    code: str
    message: str
    pointer: str


# What customers must never read: where things are inside.
_INSIDE = re.compile(
    r"\b(?:(?:10|127)\.\d{1,3}\.\d{1,3}\.\d{1,3}|192\.168\.\d{1,3}\.\d{1,3}"
    r"|172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3}"
    r"|[\w-]+(?:\.[\w-]+)*\.(?:internal|local|corp|lan|intranet))\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_BLAME = re.compile(
    r"\b(?:human error|his fault|her fault|their fault|stupid|incompetent|forgot to|careless)\b",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(r"\b(?:TODO|TBD|TBC|FIXME|lorem ipsum)\b|\[(?:xx+|\.\.\.|…)\]|\bXX+\b")
_HOPE = re.compile(
    r"\b(?:hopefully|should be (?:fixed|fine|ok) (?:soon|shortly)|as soon as possible|asap)\b",
    re.IGNORECASE,
)


def lint(
    update: Update,
    incident: Incident,
    audience: Audience,
    *,
    recipients: int,
    now: datetime,
    readers: Readers | None = None,
    language: str = SOURCE,
) -> tuple[Finding, ...]:
    """Return what this audience's statement of the draft would do wrong.

    `readers` says who reads which language, `language` is the plan's.
    """
    return (
        *_reach(audience, recipients),
        *_promise(update, audience, now),
        *(_customer(update, incident, audience) if "symptom" in audience.sees else ()),
        *(_report(update, audience) if "conditions" in audience.sees else ()),
        *(_languages(update, audience, readers, language) if readers else ()),
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
    if _UNFINISHED.search(update.report.conditions):
        yield Finding(
            level=Level.WARN,
            audience=audience.name,
            code="unfinished",
            message="The conditions hold a placeholder.",
            pointer="/conditions",
        )


def _customer(update: Update, incident: Incident, audience: Audience) -> Iterator[Finding]:
    text = update.report.customer
    if text is None:
        return
    internal = _is_internal(audience)
    for pointer, value in _customer_fields(text):
        for code, message, level in _wording(value, incident):
            yield Finding(
                level=Level.WARN if internal else level,
                audience=audience.name,
                code=code,
                message=message,
                pointer=pointer,
            )
    if not internal:
        yield from _customer_shape(update, text, audience)


def _is_internal(audience: Audience) -> bool:
    return "conditions" in audience.sees or "impact" in audience.sees


def _customer_fields(text: CustomerText) -> Iterator[tuple[str, str]]:
    """Each text with its place, in the plan's language and then in the others."""
    for name in CUSTOMER_FIELDS:
        yield f"/customer/{name}", getattr(text, name)
    for language, version in text.versions.items():
        for name in CUSTOMER_FIELDS:
            yield f"/customer/versions/{language}/{name}", getattr(version, name)


def _wording(value: str, incident: Incident) -> Iterator[tuple[str, str, Level]]:
    if found := _INSIDE.search(value):
        yield "inside", f"{found[0]} is a name from inside; customers must not see it.", Level.BLOCK
    if found := _ADDRESS.search(value):
        yield "address", f"{found[0]} is a person's address.", Level.WARN
    if found := _UNFINISHED.search(value):
        yield "unfinished", f"{found[0]} is a placeholder.", Level.BLOCK
    if found := _BLAME.search(value):
        yield "blame", f"“{found[0]}” blames. Say what happens, not who.", Level.WARN
    if found := _HOPE.search(value):
        yield "hope", f"“{found[0]}” promises nothing. Give the next update's time.", Level.WARN
    for name in sorted({person.name for person in incident.roles.values() if person.name}):
        if re.search(rf"\b{re.escape(name)}\b", value, re.IGNORECASE):
            # 'Will' and 'May' are words as well; nobody can be kept from sending those.
            level = Level.BLOCK if " " in name else Level.WARN
            yield "name", f"{name} is named; customers need no names.", level


def _customer_shape(update: Update, text: CustomerText, audience: Audience) -> Iterator[Finding]:
    if not text.scope and update.kind not in _NAME_NO_SCOPE:
        yield Finding(
            level=Level.WARN,
            audience=audience.name,
            code="scope",
            message="It does not say who is affected.",
            pointer="/customer/scope",
        )


def _languages(
    update: Update, audience: Audience, readers: Readers, language: str
) -> Iterator[Finding]:
    """What readers of other languages will miss: nobody finds it out only from the letter."""
    told = name_of(language)
    text = update.report.customer
    for other, people in readers.told_in.items():
        missing = text.lacks(other) if text and not _is_internal(audience) else ()
        if other != language and missing:
            yield Finding(
                level=Level.WARN,
                audience=audience.name,
                code="untranslated",
                message=f"{_read(people, other)}; {_lack(missing, other)}: they get it in {told}.",
                pointer=f"/customer/versions/{other}/{missing[0]}",
            )
    if readers.strangers:
        each = ", ".join(_read(people, other) for other, people in readers.strangers.items())
        yield Finding(
            level=Level.WARN,
            audience=audience.name,
            code="language",
            message=f"{each}, which {audience.label} are not written to in: they get {told}.",
            pointer="/audiences",
        )


def _read(people: int, language: str) -> str:
    count = f"{people:,}".replace(",", "\u202f")  # a mark that every language reads
    return f"{count} {'reads' if people == 1 else 'read'} {name_of(language)}"


def _lack(missing: tuple[str, ...], language: str) -> str:
    if "symptom" in missing:
        return f"there is no {name_of(language)} text"
    return f"the {name_of(language)} text has no {' and no '.join(missing)}"
