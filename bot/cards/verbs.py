"""What a button says when it comes back: the `verb` of its action's data."""

from __future__ import annotations

from typing import Final

DECLARE_OPEN: Final = "declare.open"
DECLARE_SUBMIT: Final = "declare.submit"
INCIDENT_CONFIRM: Final = "incident.confirm"
INCIDENT_DESCRIBE: Final = "incident.describe"
INCIDENT_DISMISS: Final = "incident.dismiss"
ROLE_TAKE: Final = "role.take"
ROLE_OFFER: Final = "role.offer"
PROMISE_SNOOZE: Final = "promise.snooze"
SEVERITY_CHANGE: Final = "severity.change"
CAN_OPEN: Final = "can.open"
CAN_SUBMIT: Final = "can.submit"
CAN_NOCHANGE: Final = "can.nochange"
CAN_CARRY: Final = "can.carry"
UPDATE_SHOW: Final = "update.show"
UPDATE_APPROVE: Final = "update.approve"
UPDATE_UNCHANGED: Final = "update.unchanged"
UPDATE_EDIT: Final = "update.edit"
UPDATE_BREAKGLASS: Final = "update.breakglass"
UPDATE_OVERRIDE: Final = "update.override"
UPDATE_DISCARD: Final = "update.discard"
UPDATE_SEEN: Final = "update.seen"
ASK_TAKE: Final = "ask.take"
ASK_MET: Final = "ask.met"
ASK_DECLINE: Final = "ask.decline"
CHECKLIST_TICK: Final = "checklist.tick"
CHECKLIST_UNTICK: Final = "checklist.untick"
COUNTDOWN_OPEN: Final = "countdown.open"
COUNTDOWN_LOOK: Final = "countdown.look"
COUNTDOWN_START: Final = "countdown.start"
COUNTDOWN_FORM: Final = "countdown.form"
COUNTDOWN_FILE: Final = "countdown.file"
NOTE_OPEN: Final = "note.open"
NOTE_ADD: Final = "note.add"
RESOLVE_OPEN: Final = "resolve.open"
RESOLVE_SUBMIT: Final = "resolve.submit"
DELIVERY_RETRY: Final = "delivery.retry"

OPENS_DIALOG: Final = frozenset(
    {DECLARE_OPEN, CAN_OPEN, UPDATE_EDIT, COUNTDOWN_OPEN, NOTE_OPEN, RESOLVE_OPEN}
)
"""Verbs of `task/fetch`: the answer is a form in a dialog."""
