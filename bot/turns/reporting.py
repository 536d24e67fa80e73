"""Write an update from Teams: the CAN form, carried forward from the last report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.cards.can import can_card, pointers, read_report, report_fields
from bot.cards.form import errors_of
from bot.room import look
from bot.turns.answer import Answer
from bot.turns.door import Door
from bot.turns.forms import is_new, new_nonce
from bot.turns.press import Press
from comms.acts import draft
from comms.acts.kind import last_approved
from comms.acts.unchanged import draft_unchanged
from comms.desk import Scene
from comms.errors import Invalid, SitrepError
from comms.incident import Status
from comms.report import CanReport, one_tap_done

TITLE = "Update"


async def open_form(door: Door, press: Press) -> Answer:
    """The form as the next update would begin: the open draft, or the last report."""
    return _form(await door.read(press, _opening, press.incident, press.in_dialog))


async def carry(door: Door, press: Press) -> Answer:
    """'Doing → done': the form again, one step on, with all that was typed."""
    return await _again(door, press, carried=True)


async def submit(door: Door, press: Press) -> Answer:
    """Draft what was typed and show it for approval in the war room."""
    try:
        number = await door.do(press, _draft, press.incident, press.data)
    except SitrepError as wrong:
        return await _again(door, press, wrong)
    return await _drafted(door, press, number)


async def no_change(door: Door, press: Press) -> Answer:
    """'No change': the last report again, as a new update to approve."""
    try:
        number = await door.do(press, _draft_unchanged, press.incident, press.data)
    except SitrepError as wrong:
        return await _again(door, press, wrong)
    return await _drafted(door, press, number)


async def _drafted(door: Door, press: Press, number: int) -> Answer:
    said = f"Update {number} is ready. Its preview is in the war room, for approval."
    if press.in_dialog:
        return Answer(text=said)
    return Answer(card=await door.read(press, look.drafted, press.incident, number), text=said)


async def _again(
    door: Door, press: Press, wrong: SitrepError | None = None, *, carried: bool = False
) -> Answer:
    """The form with everything that was typed, and what is wrong with it where it is wrong."""
    return _form(await door.read(press, _retyped, press, wrong, carried=carried))


def _form(card: dict[str, object]) -> Answer:
    return Answer(card=card, title=TITLE, stays=True)


def _opening(scene: Scene, key: str, in_dialog: bool) -> dict[str, object]:
    incident = scene.book.incidents.get(key)
    report = draft.opening(scene, key)
    status, audiences = _defaults(scene, key)
    return can_card(
        incident=incident,
        plan=scene.plan,
        form_id=new_nonce(),
        typed=report_fields(
            report, now=scene.now, plan=scene.plan, status=status, audiences=audiences
        ),
        words=report.words,
        may_repeat=last_approved(scene, key) is not None,
        in_dialog=in_dialog,
    )


def _defaults(scene: Scene, key: str) -> tuple[Status, tuple[str, ...]]:
    """The status and audiences of the open draft or the last update; else the usual ones."""
    last = draft.open_draft(scene, key) or last_approved(scene, key)
    incident = scene.book.incidents.get(key)
    if last is None:
        status = incident.status
        if status is Status.DECLARED:
            status = Status.INVESTIGATING
        return status, tuple(audience.name for audience in scene.plan.told_of(incident))
    status = last.status if last.state.is_open else incident.status
    return status, last.audiences


def _retyped(
    scene: Scene,
    press: Press,
    wrong: SitrepError | None,
    *,
    carried: bool,
) -> dict[str, object]:
    key, typed = press.incident, press.data
    fields: Mapping[str, object] = typed
    words = 0
    try:
        report = read_report(typed, now=scene.now, plan=scene.plan)
        words = report.words
        if carried:
            fields = {**typed, **_moved_on(scene, report)}
    except Invalid as unreadable:
        wrong = wrong or unreadable
    return can_card(
        incident=scene.book.incidents.get(key),
        plan=scene.plan,
        form_id=str(typed.get("form") or new_nonce()),
        typed=fields,
        words=words,
        may_repeat=last_approved(scene, key) is not None,
        errors=errors_of(wrong, pointers(scene.plan)) if wrong else None,
        in_dialog=press.in_dialog,
    )


def _moved_on(scene: Scene, report: CanReport) -> dict[str, object]:
    moved = report_fields(
        one_tap_done(report), now=scene.now, plan=scene.plan, status=Status.DECLARED, audiences=()
    )
    return {name: moved[name] for name in ("done", "doing", "next")}


def _draft(scene: Scene, key: str, typed: Mapping[str, Any]) -> int:
    if not is_new(scene, typed):
        return scene.book.updates.of(key)[-1].number
    report = read_report(typed, now=scene.now, plan=scene.plan)
    return draft.draft(
        scene,
        key,
        report=report,
        status=_status(str(typed.get("status") or "")),
        audiences=_audiences(scene, report, str(typed.get("audiences") or "")),
    ).update.number


def _draft_unchanged(scene: Scene, key: str, typed: Mapping[str, Any]) -> int:
    if not is_new(scene, typed):
        return scene.book.updates.of(key)[-1].number
    return draft_unchanged(scene, key).update.number


def _status(value: str) -> Status | None:
    try:
        return Status(value) if value else None
    except ValueError:
        raise Invalid(f"{value[:20]!r} is no status.", pointer="/status") from None


def _audiences(scene: Scene, report: CanReport, chosen: str) -> tuple[str, ...] | None:
    """The ticked ones; customers are left out by themselves where there is no text for them."""
    names = tuple(name for name in chosen.split(",") if name)
    if not names or report.customer:
        return names or None
    return tuple(
        name
        for name in names
        if not scene.plan.audience(name, pointer="/audiences").reads_as_customers
    )
