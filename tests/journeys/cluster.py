"""An installation of several processes on one Postgres, as an operator would run it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from storage.database import Database
from tests.chaos.victim import Victim

PATIENCE = 60.0
"""Seconds; only a failing test waits so long."""


class Process:
    """A `sitrep` process."""

    def __init__(self, victim: Victim) -> None:
        self._victim = victim

    @property
    def said(self) -> list[str]:
        """What it has said so far, line by line."""
        return self._victim.said().splitlines()

    @property
    def has_ended(self) -> bool:
        """True when the process is gone."""
        return not self._victim.is_alive

    async def says(self, sign: str) -> str:
        """Return the line with this sign, once it is written."""
        await until(lambda: any(sign in line for line in self.said) or self.has_ended)
        found = [line for line in self.said if sign in line]
        assert found, self.said
        return found[0]

    def kill(self) -> None:
        """End it as a power cut would."""
        self._victim.kill()

    async def stopped(self) -> int:
        """Ask it to stop; return its exit code."""
        self._victim.ask_to_stop()
        return await self.ended()

    async def ended(self) -> int:
        """Wait until it ends by itself; return its exit code."""
        return await asyncio.to_thread(self._victim.ended)


@dataclass
class Cluster:
    """Processes that share `database`, each in the same environment."""

    database: Database
    folder: Path
    settings: dict[str, str]
    processes: list[Process] = field(default_factory=list)

    async def worker(self) -> Process:
        """Start a worker; return once it takes part."""
        started = await self.start("worker")
        await started.says("The worker sends what waits")
        return started

    async def replica(self) -> tuple[Process, str]:
        """Start a replica of the app; return it and its address once it answers."""
        started = await self.start("serve", "--port", "0")
        return started, (await started.says("Sitrep answers at")).split()[-1]

    async def start(self, *words: str) -> Process:
        """Start `sitrep` with these words."""
        log = self.folder / f"{len(self.processes):02}-{words[0]}.log"
        victim = Victim(words, environ=self.settings, folder=self.folder, log=log)
        self.processes.append(Process(victim))
        return self.processes[-1]


@asynccontextmanager
async def cluster(database: Database, folder: Path, **settings: str) -> AsyncIterator[Cluster]:
    """Give an installation on this database; end its processes after it."""
    made = Cluster(database, folder, {"SITREP_DATABASE_URL": database.url, **settings})
    try:
        yield made
    finally:
        for process in made.processes:
            process.kill()
            print(*process.said, sep="\n")  # noqa: T201 (shown where the test fails)


async def until(is_so: Callable[[], bool], *, within: float = PATIENCE) -> None:
    """Return once it is so; a failing test says what it waited for."""
    async with asyncio.timeout(within):
        while not is_so():  # noqa: ASYNC110 (another process rings no bell here)
            await asyncio.sleep(0.02)
