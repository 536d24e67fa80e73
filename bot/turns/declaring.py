"""Declare an incident from Teams: a form of two inputs, sent once however often it is pressed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.cards.declare import POINTERS, declare_card
from bot.cards.declared import declared_card, named
from bot.cards.form import errors_of
from bot.turns.answer import Answer
from bot.turns.door import Door
from bot.turns.forms import new_nonce
from bot.turns.press import Press
from comms.acts.declare import declare
from comms.errors import Invalid, SitrepError
from comms.incident import Incident, IncidentType, Severity

OPENED_WITH = ("title", "summary", "suspected")

_SEVERITY = re.compile(r"\bsev\s?([1-4])\b", re.IGNORECASE)


async def open_form(door: Door, press: Press) -> Answer:
    """The form, with what is known already: a message's words, that it is only suspected."""
    card = declare_card(
        nonce=new_nonce(),
        plan=door.plan,
        typed={name: press.text(name) for name in OPENED_WITH if press.text(name)},
        in_dialog=press.in_dialog,
    )
    return Answer(card=card, title="Declare an incident", stays=True)


async def submit(door: Door, press: Press) -> Answer:
    """Declare what was typed; with an error the form comes back with everything in it."""
    nonce = press.text("nonce") or new_nonce()
    # A form in the channel is everybody's: with another title it declares another incident.
    own = f"{nonce}:{' '.join(press.text('title').casefold().split())[:200]}"
    try:
        incident = await _declare(door, press, press.data, own)
    except SitrepError as wrong:
        card = declare_card(
            nonce=nonce,
            plan=door.plan,
            typed=press.data,
            errors=errors_of(wrong, POINTERS),
            in_dialog=press.in_dialog,
        )
        return Answer(card=card, title="Declare an incident", stays=True)
    return declared(door, incident)


async def from_words(
    door: Door, press: Press, words: str, nonce: str, *, suspected: bool = False
) -> Answer:
    """Declare from one line: 'Card payments failing sev1'. No words: the form."""
    if not words:
        typed = {**press.data, "suspected": "true"} if suspected else press.data
        return await open_form(door, replace(press, data=typed))
    found = _SEVERITY.search(words)
    severity = f"SEV{found[1]}" if found else Severity.SEV2.value
    title = " ".join(_SEVERITY.sub(" ", words, count=1).split())
    typed = {"title": title, "severity": severity, "suspected": "true" if suspected else ""}
    incident = await _declare(door, press, typed, nonce)
    return declared(door, incident)


def declared(door: Door, incident: Incident) -> Answer:
    """Say that it is declared, and that the war room opens."""
    return Answer(
        card=declared_card(
            incident=incident, incident_url=door.desk.house.incident_url(incident.key)
        ),
        text=f"{named(incident)}. The war room is opening.",
    )


async def _declare(door: Door, press: Press, typed: Mapping[str, Any], nonce: str) -> Incident:
    return await door.do(
        press,
        declare,
        title=str(typed.get("title") or ""),
        severity=severity_of(str(typed.get("severity") or "")),
        type=type_of(str(typed.get("type") or "")),
        services=str(typed.get("services") or "").split(","),
        summary=str(typed.get("summary") or ""),
        suspected=typed.get("suspected") == "true",
        drill=typed.get("drill") == "true",
        nonce=nonce,
        place=press.place,
    )


def severity_of(value: str) -> Severity:
    """Return the severity of that name; Invalid names the known ones."""
    try:
        return Severity(value.upper())
    except ValueError:
        known = ", ".join(Severity)
        raise Invalid(
            f"{value[:20]!r} is no severity. Known: {known}.", pointer="/severity"
        ) from None


def type_of(value: str) -> IncidentType:
    """Return the type of that name, the usual one for ''; Invalid names the known ones."""
    try:
        return IncidentType(value.lower()) if value else IncidentType.SERVICE
    except ValueError:
        known = ", ".join(IncidentType)
        raise Invalid(f"{value[:30]!r} is no type. Known: {known}.", pointer="/type") from None
