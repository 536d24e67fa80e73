"""The outbox: what an act asks of the outside world, written with it and carried out after."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from comms.bell import Bell
from comms.clock import Clock
from comms.errors import SitrepError, Unavailable
from comms.lull import Lull
from comms.meters import Meters, Unwatched
from comms.patience import patiently
from comms.trace import step

log = structlog.get_logger()

AT_ONCE = 4
"""Lanes that are carried out side by side: what people wait for has the rest of the machine."""

PATIENCE = 2.0
"""Seconds: so long a lane waits for a moment in which nobody waits for an answer."""

LONGEST_WAIT = timedelta(minutes=10)
"""For no longer is an effect put off."""

GIVE_UP_AFTER = 12
"""Attempts where something breaks: with the backoff below, about an hour."""

WAIT_FOR = 1_000
"""Attempts where something that it needs is away: about a week."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """`key` is unique: the same effect written twice is carried out once.

    Effects of one lane are carried out in the order in which they were written. `revivals` counts
    how often it was to be tried again at once. `trace` is the traceparent of the act that asked,
    once the effect is kept.
    """

    kind: str
    key: str
    incident: str
    payload: Mapping[str, str | int] = field(default_factory=dict)
    id: int = 0
    attempts: int = 0
    revivals: int = 0
    trace: str = ""

    @property
    def lane(self) -> str:
        """One incident in one part of the world: a war room that fails holds up no page."""
        return f"{self.incident}:{self.kind.partition('.')[0]}"


class Outbox(Protocol):
    """Where effects wait, as an act sees it."""

    def put(self, *effects: Effect, now: datetime) -> None:
        """Keep each effect, unless one of its key was kept before."""
        ...

    def revive(self, part: str) -> None:
        """Try again at once what waits, or was given up, in this part of the world ('room')."""
        ...


class Effects(Protocol):
    """Where effects wait, as the carrier sees it."""

    async def waiting(self, now: datetime, *, limit: int) -> tuple[Effect, ...]:
        """Due effects, oldest first; of a lane only those before one that was put off."""
        ...

    async def next_due(self) -> datetime | None:
        """When the next effect may be tried."""
        ...

    async def done(self, effect: Effect, now: datetime) -> None:
        """It was carried out."""
        ...

    async def put_off(self, effect: Effect, *, until: datetime | None, why: str) -> None:
        """It failed; try again then, or never (None).

        Unless it was revived, or carried out by another, since it was read.
        """
        ...


Hand = Callable[[Effect], Awaitable[None]]
"""Carries out one kind of effect; what it raises puts the effect off.

A SitrepError says what is missing and is logged in one line; anything else is a bug's trace.
"""


class Carrier:
    """Carries out effects: lanes side by side, one lane's in order."""

    def __init__(
        self,
        *,
        effects: Effects,
        hands: Mapping[str, Hand],
        clock: Clock,
        bell: Bell,
        lull: Lull | None = None,
        meters: Meters | None = None,
    ) -> None:
        self._effects = effects
        self._hands = hands
        self._clock = clock
        self._bell = bell
        self._free = asyncio.Semaphore(AT_ONCE)
        self._lull = lull or Lull()
        self._meters = meters or Unwatched()

    async def run(self) -> None:
        """Carry out what waits until cancelled."""
        while True:
            async for attempt in patiently("outbox.read"):
                with attempt:
                    carried = await self.carry()
                    due = await self._effects.next_due()
            if not carried:
                await self._bell.wait(self._clock, due)

    async def carry(self) -> bool:
        """Carry out what is due now; False when there was nothing."""
        waiting = await self._effects.waiting(self._clock.now(), limit=AT_ONCE * 4)
        lanes = itertools.groupby(sorted(waiting, key=_by_lane), key=lambda effect: effect.lane)
        await asyncio.gather(*(self._row(tuple(row)) for _, row in lanes))
        return bool(waiting)

    async def _row(self, effects: tuple[Effect, ...]) -> None:
        async with self._free:
            await self._lull.wait(at_most=PATIENCE)
            await self._carry_row(effects)

    async def _carry_row(self, effects: tuple[Effect, ...]) -> None:
        for at, effect in enumerate(effects):
            try:
                if not _comes_again(effect, effects[at + 1 :]):
                    with step(effect.kind, under=effect.trace, incident=effect.incident):
                        await self._hand(effect)(effect)
            except Exception as failure:  # noqa: BLE001 (a hand may meet anything; it is recorded)
                await self._put_off(effect, failure)
                return
            async for attempt in patiently("outbox.done"):
                with attempt:
                    await self._effects.done(effect, self._clock.now())
            self._meters.carried(effect.kind, "done")

    def _hand(self, effect: Effect) -> Hand:
        """Return who carries it out; what a newer version wrote waits until that comes by."""
        if effect.kind not in self._hands:
            raise Unavailable(f"This version knows no {effect.kind!r}: it waits for a newer one.")
        return self._hands[effect.kind]

    async def _put_off(self, effect: Effect, failure: Exception) -> None:
        is_expected = isinstance(failure, SitrepError)
        is_away = isinstance(failure, Unavailable)
        last = effect.attempts + 1 >= (WAIT_FOR if is_away else GIVE_UP_AFTER)
        wait = min(timedelta(seconds=2 ** min(effect.attempts, 10)), LONGEST_WAIT)
        log.warning(
            "effect.put_off",
            kind=effect.kind,
            incident=effect.incident,
            attempts=effect.attempts + 1,
            given_up=last,
            why=str(failure)[:300] if is_expected else type(failure).__name__,
            exc_info=None if is_expected else failure,
        )
        until = None if last else self._clock.now() + wait
        # Patiently, as with what is done: other lanes are under way, and would be begun again.
        async for attempt in patiently("outbox.put_off"):
            with attempt:
                await self._effects.put_off(effect, until=until, why=str(failure)[:300])
        self._meters.carried(effect.kind, "given_up" if last else "put_off")


def _comes_again(effect: Effect, later: tuple[Effect, ...]) -> bool:
    """True where a later effect shows the same thing, and newer."""
    return any(after.kind == effect.kind and after.payload == effect.payload for after in later)


def _by_lane(effect: Effect) -> tuple[str, int]:
    return effect.lane, effect.id
