"""A race: contenders send the same letters in turns, each in a fresh process."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from bot.bench.process import SPAWN
from bot.bench.report import Measured, Progress, medians, ratio
from comms.errors import Unavailable

RATE, CPU = "messages_per_second", "cpu_us_per_message"
SESSIONS = 16

Work = Callable[[], None]
Prepare = Callable[[int, int], Work]
"""Makes the work from the relay's port and the number of messages; a module's function."""


@dataclass(frozen=True)
class Contender:
    """One way to send. `share` of the messages is enough to know the rate of one that is slow.

    `send` takes the port and the number of messages and returns its figures. It raises Unavailable
    where a part that it needs is not installed.
    """

    name: str
    send: Callable[[int, int], Measured]
    share: float = 1.0


def race(
    port: int,
    ours: Sequence[Contender],
    peers: Sequence[Contender],
    *,
    rounds: int,
    messages: int,
    progress: Progress,
) -> dict[str, Any]:
    """Return `{messages, NAME: {messages_per_second, …}, ratios: {ours/peer}, skipped: {…}}`.

    Figures are medians of the rounds; a ratio is the median of the rounds' own ratios of
    messages/s. Rounds are interleaved, so what else the machine does falls on all alike. A peer
    whose parts are missing is `skipped`, with the reason.
    """
    taken: dict[str, list[Measured]] = {one.name: [] for one in (*ours, *peers)}
    skipped: dict[str, str] = {}
    for number in range(rounds):
        for contender in (*ours, *peers):
            if contender.name in skipped:
                continue
            progress(f"round {number + 1} of {rounds}: {contender.name}")
            count = max(int(messages * contender.share), 1)
            try:
                taken[contender.name].append(contender.send(port, count))
            except Unavailable as missing:
                if contender in ours:
                    raise
                skipped[contender.name] = missing.detail
    ran = [peer.name for peer in peers if peer.name not in skipped]
    return {
        "messages": messages,
        **{name: medians(measured, 1) for name, measured in taken.items() if measured},
        "ratios": _ratios(taken, [one.name for one in ours], ran),
        **({"skipped": skipped} if skipped else {}),
    }


def _ratios(
    taken: Mapping[str, Sequence[Measured]], ours: Sequence[str], peers: Sequence[str]
) -> dict[str, float]:
    return {f"{one}/{peer}": ratio(taken[one], taken[peer], RATE) for one in ours for peer in peers}


def in_process(prepare: Prepare) -> Callable[[int, int], Measured]:
    """Return how a Python contender is measured: in a process of its own, once it is prepared."""
    return lambda port, count: apart(_timed, prepare, port, count)


def apart(work: Callable[..., None], *arguments: Any) -> Measured:
    """Return what `work` tells the pipe that it gets as its last argument, in a fresh process."""
    ours, theirs = SPAWN.Pipe()
    running = SPAWN.Process(target=work, args=(*arguments, theirs), daemon=True)
    running.start()
    theirs.close()
    try:
        told: Measured | Unavailable = ours.recv()
    except EOFError:
        raise RuntimeError("A contender broke off; what it said is above.") from None
    finally:
        running.join()
    if isinstance(told, Unavailable):
        raise told
    return told


def figures(count: int, seconds: float, cpu: float) -> Measured:
    """Return a round's figures; `cpu` are the sender's seconds, user and system."""
    return {RATE: count / seconds, CPU: cpu / count * 1_000_000}


def used(whose: int = resource.RUSAGE_SELF) -> float:
    """Seconds of processor time so far."""
    spent = resource.getrusage(whose)
    return spent.ru_utime + spent.ru_stime


def _timed(prepare: Prepare, port: int, count: int, told: Connection) -> None:
    try:
        work = prepare(port, count)
    except Unavailable as missing:
        told.send(missing)
        return
    spent, began = used(), time.perf_counter()
    work()
    told.send(figures(count, time.perf_counter() - began, used() - spent))
