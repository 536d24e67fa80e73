"""Read, approve and follow an update from Teams."""

from __future__ import annotations

from bot.cards.decision import approved_card, awaiting_card
from bot.room import look
from bot.turns.answer import Answer
from bot.turns.door import Door
from bot.turns.press import Press
from comms.acts.approve import approve
from comms.acts.deliveries import retry
from comms.desk import Scene
from comms.errors import Invalid, StaleDraft
from comms.people import Person


async def show(door: Door, press: Press) -> Answer:
    """The update as it would be sent now."""
    number = press.number("number")
    return Answer(card=await door.read(press, look.update, press.incident, number))


async def give(door: Door, press: Press) -> Answer:
    """Approve exactly what the card shows; a stale card says so and offers the new draft."""
    return await _approve(door, press, break_glass="")


async def break_glass(door: Door, press: Press) -> Answer:
    """Approve without the roles that the plan asks for, with a reason that everybody sees."""
    reason = press.text("reason").strip()
    if not reason:
        raise Invalid("Breaking the glass needs a reason: it is recorded and shown.")
    return await _approve(door, press, break_glass=reason)


async def resend(door: Door, press: Press) -> Answer:
    """Send again to those who were not reached."""
    number = press.number("number")
    await door.do(press, retry, press.incident, number)
    return Answer(card=await door.read(press, look.reached, press.incident, number))


async def _approve(door: Door, press: Press, *, break_glass: str) -> Answer:
    number = press.number("number")
    try:
        card = await door.do(
            press,
            _give,
            press.incident,
            number,
            seen=press.text("hash"),
            by=await door.known(press),
            reason=break_glass,
        )
    except StaleDraft:
        card = await door.read(press, look.outdated, press.incident, number)
    return Answer(card=card)


def _give(
    scene: Scene, key: str, number: int, *, seen: str, by: Person, reason: str
) -> dict[str, object]:
    done = approve(scene, key, number, hash=seen, approver=by, break_glass=reason)
    incident = scene.book.incidents.get(key)
    if done.needed:
        return awaiting_card(
            incident=incident, update=done.update, plan=scene.plan, needed=done.needed
        )
    return approved_card(
        incident=incident,
        update=done.update,
        plan=scene.plan,
        incident_url=scene.house.incident_url(key),
    )
