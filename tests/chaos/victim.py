"""A process of Sitrep that a test may kill, freeze, wake and stop."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

from tests.forks import FORKS

T = TypeVar("T")

ROOT = Path(__file__).parents[2]

PATIENCE = 60.0
"""Seconds; only a failing test waits so long."""


class Victim:
    """`sitrep WORDS` in an environment; what it says is kept in `log`, by whose stem it is known.

    `cut_off_at` is when it was killed or frozen (monotonic seconds); it may have sent what it
    could not record any more.
    """

    def __init__(
        self, words: Sequence[str], *, environ: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        self.name = log.stem
        self.log = log
        self.cut_off_at: float | None = None
        log.touch()
        self._process = FORKS.Process(
            target=_run, args=(tuple(words), dict(environ), str(folder), str(log))
        )
        self._process.start()

    @property
    def is_alive(self) -> bool:
        """True until it has ended."""
        return self._process.is_alive()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.is_alive and self.cut_off_at is None:
            self.cut_off_at = monotonic()
        self._process.kill()
        self._process.join(PATIENCE)

    def freeze(self) -> None:
        """Stop it in the middle of whatever it does."""
        self.cut_off_at = monotonic()
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on where it was frozen."""
        self._signal(signal.SIGCONT)

    def ask_to_stop(self) -> None:
        """Ask it to stop, as a service manager does."""
        self._process.terminate()

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        self.ask_to_stop()
        return self.ended()

    def ended(self) -> int:
        """Wait until it ends by itself; return its exit code."""
        self._process.join(PATIENCE)
        assert self._process.exitcode is not None, f"it goes on\n{self.said()}"
        return self._process.exitcode

    def said(self) -> str:
        """All it has said so far."""
        return self.log.read_text(encoding="utf-8")

    def says(self, sign: str) -> str:
        """Return the first line with this sign, once it is there."""

        def line() -> str | None:
            assert self.is_alive or sign in self.said(), f"it ended\n{self.said()}"
            return next((one for one in self.said().splitlines() if sign in one), None)

        return until(line)

    def _signal(self, number: int) -> None:
        assert self._process.pid
        os.kill(self._process.pid, number)


def until(look: Callable[[], T | None], *, within: float = PATIENCE) -> T:
    """Return what is seen once there is something to see."""
    end = monotonic() + within
    while not (seen := look()):
        assert monotonic() < end, f"not seen within {within} s"
        sleep(0.02)
    return seen


def _run(words: Sequence[str], environ: Mapping[str, str], folder: str, log: str) -> None:
    """Be `sitrep WORDS`, in a process that begins anew where other code is to be loaded."""
    with Path(log).open("ab", buffering=0) as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    os.chdir(folder)
    for name in [name for name in os.environ if name.startswith("SITREP_")]:
        del os.environ[name]
    os.environ.update(environ)
    if environ.keys() & {"LD_PRELOAD", "PYTHONPATH"}:
        os.environ.setdefault("PYTHONPATH", str(ROOT))
        os.execv(sys.executable, [sys.executable, "-m", "bot", *words])
    from bot.__main__ import main

    sys.argv = ["sitrep", *words]
    main()
