"""Which verb leads where: the whole of what buttons can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.cards import verbs
from bot.turns import approving, checking, declaring, leading, regulating, reporting, seeing
from bot.turns.answer import Answer
from bot.turns.door import Door
from bot.turns.press import Press
from comms.errors import Invalid

Turn = Callable[[Door, Press], Awaitable[Answer]]

TURNS: Mapping[str, Turn] = {
    verbs.DECLARE_OPEN: declaring.open_form,
    verbs.DECLARE_SUBMIT: declaring.submit,
    verbs.INCIDENT_CONFIRM: leading.confirm_incident,
    verbs.INCIDENT_DESCRIBE: leading.describe_incident,
    verbs.INCIDENT_DISMISS: leading.dismiss_incident,
    verbs.ROLE_TAKE: leading.take_role,
    verbs.ROLE_OFFER: leading.offer_role,
    verbs.PROMISE_SNOOZE: leading.snooze_promise,
    verbs.SEVERITY_CHANGE: leading.set_severity,
    verbs.CAN_OPEN: reporting.open_form,
    verbs.CAN_SUBMIT: reporting.submit,
    verbs.CAN_NOCHANGE: reporting.no_change,
    verbs.CAN_CARRY: reporting.carry,
    verbs.UPDATE_SHOW: approving.show,
    verbs.UPDATE_APPROVE: approving.give,
    verbs.UPDATE_UNCHANGED: approving.repeat,
    verbs.UPDATE_EDIT: reporting.open_form,
    verbs.UPDATE_BREAKGLASS: approving.break_glass,
    verbs.UPDATE_OVERRIDE: approving.override,
    verbs.UPDATE_DISCARD: approving.throw_away,
    verbs.UPDATE_SEEN: seeing.note,
    verbs.ASK_TAKE: leading.take_ask,
    verbs.ASK_MET: leading.meet_ask,
    verbs.ASK_DECLINE: leading.decline_ask,
    verbs.CHECKLIST_TICK: checking.tick_item,
    verbs.CHECKLIST_UNTICK: checking.untick_item,
    verbs.COUNTDOWN_OPEN: regulating.open_clocks,
    verbs.COUNTDOWN_LOOK: regulating.open_clocks,
    verbs.COUNTDOWN_START: regulating.start_clock,
    verbs.COUNTDOWN_FORM: regulating.show_form,
    verbs.COUNTDOWN_FILE: regulating.record_filing,
    verbs.NOTE_OPEN: leading.open_note,
    verbs.NOTE_ADD: leading.add_note,
    verbs.RESOLVE_OPEN: leading.open_end,
    verbs.RESOLVE_SUBMIT: leading.end,
    verbs.DELIVERY_RETRY: approving.resend,
}


async def pressed(door: Door, press: Press) -> Answer:
    """Do what the button asks for; Invalid where it is none of ours."""
    turn = TURNS.get(press.verb)
    if turn is None:
        raise Invalid("This button is from another version of Sitrep. Please open the card again.")
    return await turn(door, press)
