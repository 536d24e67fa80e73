"""Lead an incident from Teams: roles, severity, asks, notes, the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.cards.form import errors_of
from bot.cards.note import POINTERS as NOTE_POINTERS
from bot.cards.note import note_card
from bot.cards.resolve import pointers as resolve_pointers
from bot.cards.resolve import read_final, resolve_card, resolve_fields
from bot.room import look
from bot.turns.answer import Answer
from bot.turns.declaring import severity_of, type_of
from bot.turns.door import Door
from bot.turns.forms import is_new, new_nonce
from bot.turns.press import Press
from comms.acts import draft
from comms.acts.asks import decline, meet, take
from comms.acts.incident import assign, change_severity, change_status, note, offer, resolve
from comms.acts.promises import snooze
from comms.acts.triage import describe
from comms.ask import Ask
from comms.desk import Scene
from comms.errors import Invalid, SitrepError
from comms.incident import Status
from comms.people import Role
from comms.update import UpdateState


async def confirm_incident(door: Door, press: Press) -> Answer:
    """A suspected incident is one."""
    await door.do(press, _decide, press.incident, is_one=True)
    return Answer(card=await door.read(press, look.war_room, press.incident))


async def dismiss_incident(door: Door, press: Press) -> Answer:
    """A suspected incident is none."""
    await door.do(press, _decide, press.incident, is_one=False)
    return Answer(card=await door.read(press, look.war_room, press.incident))


async def describe_incident(door: Door, press: Press) -> Answer:
    """What it hits, and of which type it is."""
    services = press.text("services").split(",")
    type_ = type_of(press.text("type"))
    await door.do(press, describe, press.incident, services=services, type=type_)
    return Answer(card=await door.read(press, look.war_room, press.incident))


async def take_role(door: Door, press: Press) -> Answer:
    """Whoever pressed takes the role."""
    role = role_of(press.text("role"))
    await door.do(press, assign, press.incident, role=role, person=await door.known(press))
    return Answer(card=await door.read(press, look.war_room, press.incident))


async def offer_role(door: Door, press: Press) -> Answer:
    """Whoever has the role, or was to act in it, asks the war room to take it over."""
    role = role_of(press.text("role"))
    await door.do(press, offer, press.incident, role=role)
    return Answer(text=f"The war room is asked who takes over as {role.label}.")


async def snooze_promise(door: Door, press: Press) -> Answer:
    """'Remind me later', once, with a reason."""
    due_at = _moment(press.text("due_at"))
    await door.do(press, snooze, press.incident, due_at=due_at, reason=press.text("reason"))
    return Answer(card=await door.read(press, look.put_off, press.incident, due_at))


async def set_severity(door: Door, press: Press) -> Answer:
    """Change the severity."""
    severity = severity_of(press.text("severity"))
    await door.do(press, change_severity, press.incident, severity)
    return Answer(card=await door.read(press, look.war_room, press.incident))


async def take_ask(door: Door, press: Press) -> Answer:
    """'I take it.'"""
    return await _asked(door, press, take)


async def meet_ask(door: Door, press: Press) -> Answer:
    """The need is met."""
    return await _asked(door, press, meet)


async def decline_ask(door: Door, press: Press) -> Answer:
    """'I can't.'"""
    return await _asked(door, press, decline)


async def open_note(door: Door, press: Press) -> Answer:
    """The form for a line in the timeline."""
    return _form(await door.read(press, _note_form, press.incident, {}, None), "Note")


async def add_note(door: Door, press: Press) -> Answer:
    """Write the line; the same form sent twice writes it once."""
    try:
        await door.do(press, _note_once, press.incident, press.data)
    except SitrepError as wrong:
        return _form(await door.read(press, _note_form, press.incident, press.data, wrong), "Note")
    return Answer(text="Noted in the timeline.")


async def open_end(door: Door, press: Press) -> Answer:
    """The form that resolves an incident."""
    return _form(await door.read(press, _end_form, press.incident, None, None), "Resolve")


async def end(door: Door, press: Press) -> Answer:
    """Resolve the incident; its last update goes to the war room for approval."""
    try:
        number = await door.do(press, _resolve, press.incident, press.data)
    except SitrepError as wrong:
        card = await door.read(press, _end_form, press.incident, press.data, wrong)
        return _form(card, "Resolve")
    said = f"Resolved. The last update ({number}) is in the war room, for approval."
    if press.in_dialog:
        return Answer(text=said)
    return Answer(card=await door.read(press, look.drafted, press.incident, number), text=said)


def role_of(value: str) -> Role:
    """Return the role of that name, as code or people write it."""
    wanted = value.strip().lower().replace(" ", "_").replace("-", "_")
    wanted = {"ic": "incident_commander", "comms": "comms_lead", "lead": "comms_lead"}.get(
        wanted, wanted
    )
    try:
        return Role(wanted)
    except ValueError:
        known = ", ".join(role.label for role in Role)
        raise Invalid(f"{value[:30]!r} is no role. Known: {known}.", pointer="/role") from None


def _moment(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise Invalid("The button carries no time. Please open the card again.") from None


async def _asked(door: Door, press: Press, act: Callable[[Scene, int], Ask]) -> Answer:
    ask = press.number("ask")
    await door.do(press, act, ask)
    return Answer(card=await door.read(press, look.asked, ask))


def _decide(scene: Scene, key: str, *, is_one: bool) -> None:
    """Decide on a suspected incident, once: the card of an earlier moment may still have both."""
    if scene.book.incidents.get(key).status is Status.TRIAGE:
        change_status(scene, key, Status.DECLARED if is_one else Status.CLOSED)


def _form(card: dict[str, object], title: str) -> Answer:
    return Answer(card=card, title=title, stays=True)


def _note_form(
    scene: Scene, key: str, typed: Mapping[str, Any], wrong: SitrepError | None
) -> dict[str, object]:
    return note_card(
        incident=scene.book.incidents.get(key),
        form_id=str(typed.get("form") or new_nonce()),
        typed=typed,
        errors=errors_of(wrong, NOTE_POINTERS) if wrong else None,
    )


def _note_once(scene: Scene, key: str, typed: Mapping[str, Any]) -> None:
    if is_new(scene, typed):
        note(scene, key, str(typed.get("text") or ""))


def _end_form(
    scene: Scene, key: str, typed: Mapping[str, Any] | None, wrong: SitrepError | None
) -> dict[str, object]:
    incident = scene.book.incidents.get(key)
    told = any(
        update.report.customer
        for update in scene.book.updates.of(key)
        if update.state is UpdateState.APPROVED
    )
    return resolve_card(
        incident=incident,
        plan=scene.plan,
        form_id=str((typed or {}).get("form") or new_nonce()),
        typed=(
            resolve_fields(incident, plan=scene.plan, customers_told=told)
            if typed is None
            else typed
        ),
        customers_told=told,
        errors=errors_of(wrong, resolve_pointers(scene.plan)) if wrong else None,
    )


def _resolve(scene: Scene, key: str, typed: Mapping[str, Any]) -> int:
    if not is_new(scene, typed):
        return scene.book.updates.of(key)[-1].number
    final = read_final(typed, draft.opening(scene, key), plan=scene.plan)
    return resolve(scene, key, report=final).update.number
