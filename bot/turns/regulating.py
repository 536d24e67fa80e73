"""Regulators' clocks from Teams: start one, look at its form, record what was filed."""

from __future__ import annotations

from bot.room import look
from bot.turns.answer import Answer
from bot.turns.door import Door
from bot.turns.press import Press
from comms.acts.countdowns import file, start

TITLE = "Regulators"


async def open_clocks(door: Door, press: Press) -> Answer:
    """The clocks that the plan names, one button each."""
    card = await door.read(press, look.regulators, press.incident)
    return Answer(card=card, title=TITLE, stays=True)


async def start_clock(door: Door, press: Press) -> Answer:
    """Whoever pressed says that the event has happened from which the law counts."""
    await door.do(press, start, press.incident, press.text("regime"))
    return await open_clocks(door, press)


async def show_form(door: Door, press: Press) -> Answer:
    """The form, filled from the record."""
    card = await door.read(press, look.filing, press.incident, press.text("regime"))
    return Answer(card=card, title=TITLE, stays=True)


async def record_filing(door: Door, press: Press) -> Answer:
    """A stage was filed with the authority."""
    await door.do(press, file, press.incident, press.text("regime"), press.text("stage"))
    return await open_clocks(door, press)
