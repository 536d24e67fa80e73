"""A pace: permits at even distances (GCRA), at a rate that follows what the other side takes.

How a rate is found is told in docs/decisions/008-a-throttle-that-listens.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from comms.clock import lies_ahead
from comms.ledger import LATEST_RETRY
from comms.throttle import Grant, Limit, Told

AT_ONCE = 25
"""Permits that are reserved at a time, at most."""
SPAN = 0.05
"""Seconds that one reservation covers, at most: a burst is never longer than that."""
AHEAD = timedelta(milliseconds=250)
"""How far ahead permits are reserved: so long a more urgent update waits behind others."""
SAVED = 0.1
"""Seconds of permits that may be saved up where a limit names no burst."""

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 30.0
PAUSE_GROWS = 1.5
PROBE = 0.05
"""Seconds between single messages until one is taken again."""

BELOW = 0.985
"""So far below what was taken in the last second the rate goes after a refusal."""
STEP_DOWN = 0.975
LEAST = 0.8
"""One refusal takes at most a fifth of the rate."""
NEARLY = 1.05
"""A rate up to this much above what was taken was nearly right."""
DOUBLING = 0.15
"""Seconds in which the rate doubles while no limit is known."""
BRISK, GENTLE = 0.7, 6.0
"""Seconds in which most of the way back up is gone: far below the limit, and near it."""
HOLD = 12.0
"""Seconds without a refusal after which a higher rate is tried."""
CURVE = 0.0003
LONG_WINDOW = timedelta(seconds=90)
"""Relays count by the second, the minute or in between; a longer silence is something else."""
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What is known of one key.

    `rate` (messages a second) was set at `since`; 0: nothing was refused yet. `top` is the rate
    at which it was refused last, 0 while that is not known. `taken` counts what was accepted in
    the second before the last refusal, `lately` and `before` in the second that began at
    `counted_from` and in the one before it. `pauses` counts the silences in a row. Permits are
    given out up to `ready_at`. Until `urgent_until`, only who is as urgent as `urgent` gets any.
    """

    rate: float = 0.0
    since: datetime | None = None
    top: float = 0.0
    is_brisk: bool = False
    taken: int = 0
    lately: int = 0
    before: int = 0
    counted_from: datetime | None = None
    is_flowing: bool = True
    pauses: int = 0
    refused_at: datetime | None = None
    blocked_until: datetime | None = None
    ready_at: datetime | None = None
    urgent: int = 0
    urgent_until: datetime | None = None


def turned(
    pace: Pace, limit: Limit, told: Told | None, *, want: int, priority: int, now: datetime
) -> tuple[Pace, Grant]:
    """Hear what was told, then grant permits: what every throttle does with a key's row."""
    pace = _by_this_clock(pace, limit, now)
    if told is not None:
        pace = heard(pace, limit, told, now)
    return granted(pace, limit, want=want, priority=priority, now=now)


def _by_this_clock(pace: Pace, limit: Limit, now: datetime) -> Pace:
    """Where the clock was set back, keep what is known of the rate and no moment."""
    slowest = min(rate for rate in (pace.rate, limit.rate, 1.0) if rate)
    furthest = now + AHEAD + timedelta(seconds=max(1 / slowest, LONGEST_PAUSE)) + SECOND
    if all(at is None or at <= furthest for at in (pace.since, pace.counted_from, pace.ready_at)):
        return pace
    return Pace(rate=pace.rate, since=now, top=pace.top, is_brisk=pace.is_brisk)


def rate_at(pace: Pace, limit: Limit, now: datetime) -> float:
    """The rate at a moment, in messages a second; 0: as fast as it goes."""
    if not pace.rate or pace.since is None:
        return limit.rate
    for_seconds = max((now - pace.since).total_seconds(), 0.0)
    if not pace.top:
        # Traffic moves it on: `_rebased` makes the doubled rate the new beginning.
        learned = pace.rate * 2 ** min(for_seconds / DOUBLING, 2.0)
    else:
        learned = _back_up(pace, for_seconds)
    return min(learned, limit.rate) if limit.rate else learned


def _back_up(pace: Pace, for_seconds: float) -> float:
    """Back to just below the limit, a hold, then up on a curve, at most to its double."""
    goal = BELOW * pace.top
    goal *= min(1 + CURVE * max(for_seconds - HOLD, 0.0) ** 2, 2.0)
    if pace.rate >= goal:
        return pace.rate
    return goal - (goal - pace.rate) * math.exp(-for_seconds / (BRISK if pace.is_brisk else GENTLE))


def heard(pace: Pace, limit: Limit, told: Told, now: datetime) -> Pace:
    """Return the pace after what the other side said."""
    pace = _counted(pace, told.accepted, now)
    is_news = pace.blocked_until is None or told.began >= pace.blocked_until
    if told.accepted and is_news:
        pace = _flowing(pace, limit, now)
    if told.refused and is_news:
        pace = _refused(pace, limit, now)
    elif not is_news and not pace.is_flowing:
        pace = _taken_too(pace, told.accepted)
    if told.retry_after is not None:
        until = now + min(told.retry_after, LATEST_RETRY)
        pace = replace(pace, blocked_until=_later(pace.blocked_until, until))
    return pace


def _counted(pace: Pace, accepted: int, now: datetime) -> Pace:
    begun = pace.counted_from
    if begun is None or now - begun >= 2 * SECOND:
        return replace(pace, counted_from=now, lately=accepted, before=0)
    if now - begun >= SECOND:
        return replace(pace, counted_from=begun + SECOND, lately=accepted, before=pace.lately)
    return replace(pace, lately=pace.lately + accepted)


def _in_the_last_second(pace: Pace, now: datetime) -> int:
    if pace.counted_from is None:
        return 0
    passed = min((now - pace.counted_from) / SECOND, 1.0)
    return round(pace.lately + pace.before * (1 - passed))


def _flowing(pace: Pace, limit: Limit, now: datetime) -> Pace:
    if pace.pauses:
        pace = _resumed(pace, now)
    elif pace.rate and pace.since is not None:
        pace = _rebased(pace, limit, now)
    return replace(pace, is_flowing=True, pauses=0)


def _resumed(pace: Pace, now: datetime) -> Pace:
    """After a silence: it counts by windows, and so much goes into one as long as the silence."""
    silence = now - (pace.refused_at or now)
    if pace.pauses > 1 and 1.5 * SECOND < silence <= LONG_WINDOW and pace.taken:
        rate = pace.taken / silence.total_seconds()
        if rate < pace.rate:
            return replace(pace, rate=BELOW * rate, top=rate, is_brisk=False, since=now)
    return replace(pace, since=now)


def _rebased(pace: Pace, limit: Limit, now: datetime) -> Pace:
    """Where the rate has doubled, and it is taken: go on from there."""
    rate = rate_at(pace, limit, now)
    if rate < 1.9 * (pace.top or pace.rate):
        return pace
    return replace(pace, rate=rate, top=pace.top and rate, since=now)


def _taken_too(pace: Pace, accepted: int) -> Pace:
    """What others had in flight when the refusal came: they were told nothing new by theirs."""
    is_first = not pace.top
    return replace(
        pace,
        taken=pace.taken + accepted,
        rate=pace.rate + accepted if is_first else pace.rate,
    )


def _refused(pace: Pace, limit: Limit, now: datetime) -> Pace:
    """Cut the rate by what was taken in the last second, and be silent for a moment."""
    pace = _slowed(pace, limit, now)
    pauses = pace.pauses + 1
    pause = min(FIRST_PAUSE * PAUSE_GROWS ** (pauses - 1), LONGEST_PAUSE)
    until = now + timedelta(seconds=pause)
    return replace(
        pace,
        pauses=pauses,
        is_flowing=False,
        refused_at=now if pace.is_flowing else pace.refused_at,
        blocked_until=_later(pace.blocked_until, until),
        ready_at=until,
        since=until,
    )


def _slowed(pace: Pace, limit: Limit, now: datetime) -> Pace:
    rate = rate_at(pace, limit, now)
    taken = _in_the_last_second(pace, now)
    if not rate:
        return replace(pace, rate=max(taken, 1.0), top=0.0, taken=taken)
    if not pace.is_flowing:
        return _counted_by_time(pace)
    pace = replace(pace, taken=min(taken, math.ceil(rate)))
    if rate <= NEARLY * taken and pace.top and _is_recent(pace, now):
        return replace(pace, rate=rate)
    if rate <= NEARLY * taken:
        return replace(pace, rate=STEP_DOWN * rate, top=rate, is_brisk=False)
    # Doubled past the limit: it lies between what was taken on the way and this.
    least = LEAST * rate if pace.top or not pace.rate else math.sqrt(max(taken, 1) * rate)
    return replace(pace, rate=max(BELOW * taken, least), top=rate, is_brisk=True)


def _counted_by_time(pace: Pace) -> Pace:
    """A single message is refused too: nothing trickles, so what was taken is the whole."""
    if pace.pauses == 2 and pace.taken and not 0 < pace.top <= pace.taken:
        return replace(pace, rate=BELOW * pace.taken, top=float(pace.taken), is_brisk=False)
    return pace


def _is_recent(pace: Pace, now: datetime) -> bool:
    """True while the last second still holds what was sent before the last refusal."""
    return pace.refused_at is not None and now - pace.refused_at < SECOND


def granted(
    pace: Pace, limit: Limit, *, want: int, priority: int, now: datetime
) -> tuple[Pace, Grant]:
    """Reserve up to `want` permits, and no more than AT_ONCE."""
    rate = rate_at(pace, limit, now)
    if pace.blocked_until and lies_ahead(pace.blocked_until, now, at_most=LATEST_RETRY):
        return pace, Grant(permits=0, start=pace.blocked_until, rate=rate)
    if not rate:
        return pace, Grant(permits=want, start=now, rate=0.0)
    if pace.urgent_until and pace.urgent_until > now and pace.urgent < priority:
        return pace, Grant(permits=0, start=pace.urgent_until, rate=rate)
    since = now - timedelta(seconds=limit.burst / rate if limit.burst else SAVED)
    ready = pace.ready_at or since
    if want <= 0 or ready > now + AHEAD:
        return pace, Grant(permits=0, start=max(ready - AHEAD, now), rate=rate)
    start = max(ready, since)
    saved = (now - start).total_seconds() * rate if limit.is_quota else 0.0
    permits = 1 if pace.pauses else max(1, min(want, AT_ONCE, int(max(rate * SPAN, saved))))
    after = start + timedelta(seconds=max(permits / rate, PROBE if pace.pauses else 0.0))
    return (
        replace(pace, ready_at=after, urgent=priority, urgent_until=max(after, now) + AHEAD),
        Grant(permits=permits, start=max(start, now), rate=rate),
    )


def _later(one: datetime | None, other: datetime) -> datetime:
    return max(one, other) if one else other
