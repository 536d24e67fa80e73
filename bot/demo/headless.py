"""The demo without a page: play the scenario, then compare the ledger with what arrived."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

from bot.demo.stage import Stage
from bot.demo.told import totals
from comms.delivery import DeliveryState
from comms.desk import Scene
from comms.people import SITREP
from comms.plan.model import ChannelName
from comms.promise import PromiseState
from comms.update import UpdateState

SETTLE_WITHIN = 30.0
"""Real seconds for the last deliveries of a finished story to have an outcome and be seen."""


async def settled(stage: Stage) -> str:
    """Wait until every delivery has an outcome and its notices are out; return the incident's key.

    What is still missing after a while is left to the report, which shows it.
    """
    desk = stage.product.desk
    found = await desk.read(lambda scene: scene.book.incidents.find(limit=1), SITREP, "demo")
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_WITHIN):
            while not await _is_settled(stage, found[0].key):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    return found[0].key


async def report(stage: Stage, incident: str) -> dict[str, Any]:
    """Return the ledger's totals beside what the catcher, Teams and the status page received.

    `received` is counted where things arrived, never from the ledger: recipients of mails by the
    catcher, posts by the simulator, notices by asking the status process.
    """
    ledger = await stage.product.desk.read(_ledger, SITREP, "demo", incident)
    return ledger | {"received": await _received(stage, incident)}


async def _is_settled(stage: Stage, key: str) -> bool:
    if await stage.product.desk.read(_is_waiting, SITREP, "demo", key):
        return False
    # The status process looks at its directory by itself, a moment after it was written.
    published = await stage.product.desk.read(_published, SITREP, "demo", key)
    return published <= {int(item["_sitrep"]["update"]) for item in await stage.told.notices()}


def _is_waiting(scene: Scene, key: str) -> bool:
    waiting = (DeliveryState.PLANNED, DeliveryState.SENDING)
    return any(
        states[state]
        for update in scene.book.updates.of(key)
        for states in scene.book.fanouts.totals(key, update.number).values()
        for state in waiting
    )


def _published(scene: Scene, key: str) -> set[int]:
    return {
        update.number
        for update in scene.book.updates.of(key)
        if sum(_by_channel(scene, key, update.number).get(ChannelName.PAGE, {}).values())
    }


def _ledger(scene: Scene, key: str) -> dict[str, Any]:
    sent = [u for u in scene.book.updates.of(key) if u.state is UpdateState.APPROVED]
    promises = Counter(promise.state for promise in scene.book.promises.of(key))
    return {
        "incident": key,
        "updates": [
            {
                "number": update.number,
                "audiences": {
                    audience: {state.value: count for state, count in states.items()}
                    for audience, states in totals(scene, key, update.number).items()
                },
                "channels": _by_channel(scene, key, update.number),
            }
            for update in sent
        ],
        "promises": {
            "made": sum(promises.values()),
            "kept": promises[PromiseState.KEPT],
            "missed": promises[PromiseState.MISSED],
        },
    }


def _by_channel(scene: Scene, key: str, number: int) -> dict[str, dict[str, int]]:
    """Accepted deliveries by channel and audience: what must equal what was received."""
    accepted: dict[str, dict[str, int]] = {}
    for (audience, channel), states in scene.book.fanouts.totals(key, number).items():
        accepted.setdefault(channel.value, {})[audience] = states[DeliveryState.ACCEPTED]
    return accepted


async def _received(stage: Stage, incident: str) -> dict[str, Any]:
    mail, teams, notices = Counter[str](), Counter[str](), Counter[str]()
    by_audience: dict[str, Counter[str]] = {}
    for received, counts in ((stage.mail.received, mail), (stage.teams.connector.received, teams)):
        for tag, count in received.items():
            if tag.incident == incident:
                counts[str(tag.update)] += count
                by_audience.setdefault(str(tag.update), Counter())[tag.audience] += count
    for item in await stage.told.notices():
        notices[str(item["_sitrep"]["update"])] += 1
    return {
        "mail": dict(mail),
        "teams": dict(teams),
        "notices": dict(notices),
        "audiences": {update: dict(counts) for update, counts in by_audience.items()},
    }
