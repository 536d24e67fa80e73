"""Read, approve and follow an update from Teams."""

from __future__ import annotations

from bot.cards.decision import approved_card, awaiting_card
from bot.room import look
from bot.turns.answer import Answer
from bot.turns.door import Door
from bot.turns.press import Press
from comms.acts.approve import Approved, approve, discard
from comms.acts.deliveries import retry
from comms.acts.kind import last_approved
from comms.acts.unchanged import send_unchanged
from comms.desk import Scene
from comms.errors import Conflict, Invalid, StaleDraft
from comms.people import Person


async def show(door: Door, press: Press) -> Answer:
    """The update as it would be sent now."""
    number = press.number("number")
    return Answer(card=await door.read(press, look.update, press.incident, number))


async def give(door: Door, press: Press) -> Answer:
    """Approve exactly what the card shows; a stale card says so and offers the new draft."""
    return await _approve(door, press)


async def repeat(door: Door, press: Press) -> Answer:
    """'No change' in one tap, from the card of the update that is told again."""
    card = await door.do(
        press, _repeat, press.incident, press.number("number"), by=await door.known(press)
    )
    return Answer(card=card)


async def break_glass(door: Door, press: Press) -> Answer:
    """Approve without the roles that the plan asks for, with a reason that everybody sees."""
    reason = press.text("reason").strip()
    if not reason:
        raise Invalid("Breaking the glass needs a reason: it is recorded and shown.")
    return await _approve(door, press, break_glass=reason)


async def override(door: Door, press: Press) -> Answer:
    """Approve what lint blocks, where the plan lets this person, with a reason that is shown."""
    reason = press.text("reason").strip()
    if not reason:
        raise Invalid("Overriding a rule needs a reason: it is recorded and shown.")
    return await _approve(door, press, override=reason)


async def throw_away(door: Door, press: Press) -> Answer:
    """Discard exactly the draft that the card shows; what has become of another one is shown."""
    card = await door.do(
        press, _throw_away, press.incident, press.number("number"), seen=press.text("hash")
    )
    return Answer(card=card)


async def resend(door: Door, press: Press) -> Answer:
    """Send again to those who were not reached."""
    number = press.number("number")
    await door.do(press, retry, press.incident, number)
    return Answer(card=await door.read(press, look.reached, press.incident, number))


async def _approve(
    door: Door, press: Press, *, break_glass: str = "", override: str = ""
) -> Answer:
    number = press.number("number")
    try:
        card = await door.do(
            press,
            _give,
            press.incident,
            number,
            seen=press.text("hash"),
            by=await door.known(press),
            break_glass=break_glass,
            override=override,
        )
    except StaleDraft:
        card = await door.read(press, look.outdated, press.incident, number)
    return Answer(card=card)


def _give(
    scene: Scene,
    key: str,
    number: int,
    *,
    seen: str,
    by: Person,
    break_glass: str,
    override: str,
) -> dict[str, object]:
    done = approve(
        scene, key, number, hash=seen, approver=by, break_glass=break_glass, override=override
    )
    return _decided(scene, done)


def _throw_away(scene: Scene, key: str, number: int, *, seen: str) -> dict[str, object]:
    """Once per draft: whoever presses a second time sees that it is gone."""
    gone = look.discarded(scene, key, number)
    is_there = any(update.number == number for update in scene.book.updates.of(key))
    if gone and not is_there:
        return gone
    if scene.book.updates.get(key, number).hash != seen:
        return look.outdated(scene, key, number)
    discard(scene, key, number)
    return look.discarded(scene, key, number) or {}


def _repeat(scene: Scene, key: str, number: int, *, by: Person) -> dict[str, object]:
    """Once per card: an update that went out meanwhile has answered it."""
    last = last_approved(scene, key)
    if last is None or last.number != number:
        raise Conflict(f"Update {number} is no longer the last one. Nothing has been sent.")
    return _decided(scene, send_unchanged(scene, key, by=by))


def _decided(scene: Scene, done: Approved) -> dict[str, object]:
    key = done.update.incident
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
