"""Declare an incident from Teams: a form of two inputs, sent once however often it is pressed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.cards.declare import POINTERS, declare_card
from bot.cards.declared import declared_card
from bot.cards.form import errors_of
from bot.turns.answer import Answer
from bot.turns.door import Door
from bot.turns.forms import new_nonce
from bot.turns.press import Press
from comms.acts.declare import declare
from comms.errors import Invalid, SitrepError
from comms.incident import Incident, Severity

_SEVERITY = re.compile(r"\bsev\s?([1-4])\b", re.IGNORECASE)


async def open_form(_door: Door, press: Press) -> Answer:
    """The form; `title` and `summary` are there already where it is opened from a message."""
    card = declare_card(
        nonce=new_nonce(),
        typed={"title": press.text("title"), "summary": press.text("summary")},
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
            typed=press.data,
            errors=errors_of(wrong, POINTERS),
            in_dialog=press.in_dialog,
        )
        return Answer(card=card, title="Declare an incident", stays=True)
    return declared(door, incident)


async def from_words(door: Door, press: Press, words: str, nonce: str) -> Answer:
    """Declare from one line: 'Card payments failing sev1'. No words: the form."""
    if not words:
        return await open_form(door, press)
    found = _SEVERITY.search(words)
    severity = f"SEV{found[1]}" if found else Severity.SEV2.value
    title = " ".join(_SEVERITY.sub(" ", words, count=1).split())
    incident = await _declare(door, press, {"title": title, "severity": severity}, nonce)
    return declared(door, incident)


def declared(door: Door, incident: Incident) -> Answer:
    """Say that it is declared, and that the war room opens."""
    return Answer(
        card=declared_card(
            incident=incident, incident_url=door.desk.house.incident_url(incident.key)
        ),
        text=f"{incident.key} is declared. The war room is opening.",
    )


async def _declare(door: Door, press: Press, typed: Mapping[str, Any], nonce: str) -> Incident:
    return await door.do(
        press,
        declare,
        title=str(typed.get("title") or ""),
        severity=severity_of(str(typed.get("severity") or "")),
        services=str(typed.get("services") or "").split(","),
        summary=str(typed.get("summary") or ""),
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
