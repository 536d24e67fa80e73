"""Go through a checklist from Teams."""

from __future__ import annotations

from collections.abc import Callable

from bot.room import look
from bot.turns.answer import Answer
from bot.turns.door import Door
from bot.turns.leading import role_of
from bot.turns.press import Press
from comms.acts.checklists import tick, untick
from comms.checklist import Checklist
from comms.desk import Scene
from comms.people import Role


async def tick_item(door: Door, press: Press) -> Answer:
    """An item is done."""
    return await _gone_through(door, press, tick)


async def untick_item(door: Door, press: Press) -> Answer:
    """An item was ticked by mistake."""
    return await _gone_through(door, press, untick)


async def _gone_through(
    door: Door, press: Press, act: Callable[[Scene, str, Role, str], Checklist]
) -> Answer:
    role = role_of(press.text("role"))
    await door.do(press, act, press.incident, role, press.text("item"))
    return Answer(card=await door.read(press, look.checklist, press.incident, role))
