"""An incident as its page tells it: everything that responders may know, read in one look."""

from __future__ import annotations

from typing import Any

from bot.adherence_told import adherence_told
from bot.cards.reach import reach_line
from bot.cards.views import reach_of
from comms.channels.mail.preview import shown
from comms.desk import Scene
from comms.moment import moment
from comms.people import TAKEABLE
from comms.plan.model import ChannelName
from comms.plan_version import PlanVersion
from comms.projection import STATUS_LABELS
from comms.promise import Promise
from comms.statement import PLAIN
from comms.timeline import Entry
from comms.unreached import NOBODY, missed
from comms.update import Update, UpdateState

STATES = {
    UpdateState.DRAFT: "Draft, not sent",
    UpdateState.AWAITING: "Awaiting approval",
    UpdateState.APPROVED: "Sent",
}

CHANNELS = {
    ChannelName.TEAMS: "War room",
    ChannelName.CHAT: "Chat",
    ChannelName.MAIL: "Mail",
    ChannelName.PAGE: "Page",
}


def incident_told(scene: Scene, key: str) -> dict[str, Any]:
    """Return the context of templates/incident/page.html; NotFound for no such incident."""
    incident = scene.book.incidents.get(key)
    updates = scene.book.updates.of(key)
    owed = [promise for promise in scene.book.promises.of(key) if promise.is_owed]
    return {
        "organisation": scene.plan.organisation,
        "incident": incident,
        "status_label": STATUS_LABELS[incident.status.value],
        "declared_at": moment(incident.declared_at, scene.plan.time_zone),
        "roles": [(role.label.capitalize(), incident.holder(role)) for role in TAKEABLE],
        "report": updates[-1].report if updates else None,
        "plans": [_plan(scene, version) for version in reversed(incident.plans)],
        "promises": [_promise(scene, promise) for promise in owed],
        "asks": [ask for ask in scene.book.asks.of(key) if ask.is_live],
        "updates": [_update(scene, update) for update in reversed(updates)],
        "adherence": adherence_told(scene, key),
        "timeline": [_entry(scene, entry) for entry in reversed(scene.book.timeline.of(key))],
    }


def _plan(scene: Scene, version: PlanVersion) -> dict[str, Any]:
    return {"label": version.label, "since": moment(version.since, scene.plan.time_zone)}


def _promise(scene: Scene, promise: Promise) -> dict[str, Any]:
    return {
        "audience": scene.plan.look_up(promise.audience).label,
        "due": moment(promise.due_at, scene.plan.time_zone),
        "is_overdue": promise.is_overdue(scene.now),
    }


def _update(scene: Scene, update: Update) -> dict[str, Any]:
    totals = scene.book.fanouts.totals(update.incident, update.number)
    at = update.approved_at or update.drafted_at
    return {
        "number": update.number,
        "state": STATES.get(update.state, update.state.value),
        "at": moment(at, scene.plan.time_zone),
        "approvals": update.approvals,
        "missed": missed(scene, update.incident, update.number) if totals else NOBODY,
        "reach": reach_line(reach_of(update.number, totals, scene.plan)) if totals else "",
        "statements": [
            {
                "audience": scene.plan.look_up(statement.audience).label,
                "channel": CHANNELS[statement.channel],
                "text": shown(statement, PLAIN),
            }
            for statement in scene.book.updates.statements(update)
        ],
    }


def _entry(scene: Scene, entry: Entry) -> dict[str, Any]:
    return {"at": moment(entry.at, scene.plan.time_zone), "text": entry.text}
