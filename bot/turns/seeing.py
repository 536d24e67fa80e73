"""'I have seen this', pressed in a reader's own chat."""

from __future__ import annotations

from bot.turns.answer import Answer
from bot.turns.door import Door
from bot.turns.press import Press
from comms.acts.acknowledging import see


async def note(door: Door, press: Press) -> Answer:
    """Record that whoever pressed has seen the update that the card tells."""
    number = press.number("number")
    by = await door.known(press)
    await door.do(press, see, press.incident, number, audience=press.text("audience"), by=by)
    return Answer(text=f"Thank you: update {number} is marked as seen.")
