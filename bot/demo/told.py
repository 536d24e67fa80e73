"""What the product itself says of timelines, promises and the ledger, for the demo's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from bot.demo.sources import PromiseLine, PromiseState, TimelineEntry, UpdateTotals
from comms.delivery import DeliveryState, LedgerRow
from comms.desk import Desk, Scene
from comms.ledger import Filter
from comms.people import SITREP
from comms.promise import Promise
from comms.promise import PromiseState as Kept
from comms.update import UpdateState

INCIDENTS = 20


class Told:
    """Reads the book as the page asks for it."""

    def __init__(self, *, desk: Desk, session: aiohttp.ClientSession, status_url: str) -> None:
        self._desk = desk
        self._session = session
        self._status_url = status_url

    async def timeline(self) -> Sequence[TimelineEntry]:
        """Every step of every incident."""
        return await self._desk.read(_timeline, SITREP, "demo")

    async def updates(self) -> Sequence[UpdateTotals]:
        """Every update that was sent, with its totals."""
        return await self._desk.read(_updates, SITREP, "demo")

    async def promises(self) -> Sequence[PromiseLine]:
        """Every promise."""
        return await self._desk.read(_promises, SITREP, "demo")

    async def deliveries(self, incident: str, update: int) -> Sequence[LedgerRow]:
        """One update's rows."""
        return await self._desk.read(_deliveries, SITREP, "demo", incident, update)

    async def status_version(self) -> str:
        """Something that changes with the status page; '' while it does not answer."""
        try:
            async with self._session.head(f"{self._status_url}/feed.json") as answer:
                return answer.headers.get("ETag", "")
        except aiohttp.ClientError:
            return ""

    async def notices(self) -> list[Mapping[str, Any]]:
        """What the status process itself has published, newest first."""
        async with self._session.get(f"{self._status_url}/feed.json") as answer:
            feed = await answer.json(content_type=None)
        items: list[Mapping[str, Any]] = feed.get("items", [])
        return items


def _timeline(scene: Scene) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            id=entry.id,
            incident=entry.incident,
            at=entry.at,
            text=entry.text,
            by=entry.by.name,
            kind=entry.kind,
        )
        for key in _keys(scene)
        for entry in scene.book.timeline.of(key)
    ]


def _updates(scene: Scene) -> list[UpdateTotals]:
    return [
        UpdateTotals(
            incident=key,
            number=update.number,
            kind=update.kind.value,
            approved_at=update.approved_at,
            audiences=totals(scene, key, update.number),
        )
        for key in _keys(scene)
        for update in scene.book.updates.of(key)
        if update.state is UpdateState.APPROVED
    ]


def totals(scene: Scene, key: str, number: int) -> dict[str, dict[DeliveryState, int]]:
    """Return the ledger's totals of one update by audience, over all channels."""
    summed: dict[str, dict[DeliveryState, int]] = {}
    for (audience, _channel), states in scene.book.fanouts.totals(key, number).items():
        known = summed.setdefault(audience, dict.fromkeys(DeliveryState, 0))
        for state, count in states.items():
            known[state] += count
    return summed


def _promises(scene: Scene) -> list[PromiseLine]:
    return [
        PromiseLine(
            incident=key,
            audience=promise.audience,
            due_at=promise.due_at,
            state=_kept(promise),
        )
        for key in _keys(scene)
        for promise in scene.book.promises.of(key)
        if promise.state is not Kept.WITHDRAWN
    ]


def _kept(promise: Promise) -> PromiseState:
    """A missed promise stays open on the page, as overdue, until an update answers it."""
    if promise.is_owed:
        return PromiseState.OPEN
    return PromiseState.KEPT if promise.state is Kept.KEPT else PromiseState.MISSED


def _deliveries(scene: Scene, incident: str, update: int) -> tuple[LedgerRow, ...]:
    return scene.book.fanouts.rows(incident, Filter(update=update, limit=500))


def _keys(scene: Scene) -> list[str]:
    found = scene.book.incidents.find(limit=INCIDENTS)
    return [incident.key for incident in reversed(found)]
