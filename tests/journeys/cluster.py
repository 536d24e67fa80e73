"""An installation of several processes on one Postgres, as an operator would run it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from storage.database import Database

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60.0
"""Seconds; only a failing test waits so long."""


@dataclass
class Process:
    """A `sitrep` process; `said` is what it has written to standard error."""

    running: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list)
    reading: asyncio.Task[None] | None = None

    async def says(self, sign: str) -> str:
        """Return the line with this sign, once it is written."""
        await until(lambda: any(sign in line for line in self.said) or self.has_ended)
        found = [line for line in self.said if sign in line]
        assert found, self.said
        return found[0]

    @property
    def has_ended(self) -> bool:
        """True when the process is gone and all it said is read."""
        return self.running.returncode is not None and bool(self.reading and self.reading.done())

    def kill(self) -> None:
        """End it as a power cut would."""
        self.running.kill()

    async def stopped(self) -> int:
        """Ask it to stop; return its exit code."""
        self.running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            return await self.running.wait()


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
        environ = {k: v for k, v in os.environ.items() if not k.startswith("SITREP_")}
        running = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *words,
            cwd=self.folder,
            env={**environ, "PYTHONPATH": str(ROOT), **self.settings},
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
        started = Process(running)
        started.reading = asyncio.create_task(_read(started))
        self.processes.append(started)
        return started


@asynccontextmanager
async def cluster(database: Database, folder: Path, **settings: str) -> AsyncIterator[Cluster]:
    """Give an installation on this database; end its processes after it."""
    made = Cluster(database, folder, {"SITREP_DATABASE_URL": database.url, **settings})
    try:
        yield made
    finally:
        for process in made.processes:
            if process.running.returncode is None:
                process.kill()
            await process.running.wait()
            if process.reading:
                await process.reading
            print(*process.said, sep="\n")  # noqa: T201 (shown where the test fails)


async def until(is_so: Callable[[], bool], *, within: float = PATIENCE) -> None:
    """Return once it is so; a failing test says what it waited for."""
    async with asyncio.timeout(within):
        while not is_so():  # noqa: ASYNC110 (another process rings no bell here)
            await asyncio.sleep(0.02)


async def _read(process: Process) -> None:
    assert process.running.stderr
    async for line in process.running.stderr:
        process.said.append(line.decode().rstrip())
