"""The relay of the chaos tests: a process of its own that outlives those that are killed.

It takes every letter and writes it down before it answers, as a relay does that queues.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time
from typing import Any, TextIO

from aiosmtpd.smtp import SMTP

ROOT = Path(__file__).parents[2]
MESSAGE_ID = re.compile(rb"^Message-ID: *(\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What the relay took. `by` names the process that sent it; `at` is in seconds since 1970."""

    at: float
    by: str
    recipient: str
    message_id: str


def mailbox_of(process: str) -> str:
    """The envelope sender by which the relay knows one process from another."""
    return f"sitrep+{process}@example.org"


def process_of(mailbox: str) -> str:
    """The process that has this envelope sender."""
    return mailbox.partition("@")[0].partition("+")[2]


class Sink:
    """The running relay, as a test sees it."""

    def __init__(self, process: subprocess.Popen[str], record: Path) -> None:
        assert process.stdin
        assert process.stdout
        self._orders = process.stdin
        self._record = record
        self._read = 0
        self._letters: list[Letter] = []
        self.port = int(process.stdout.readline())

    def url(self, *, connections: int = 4, timeout: int = 60) -> str:
        """What SITREP_SMTP_URL is set to."""
        return (
            f"smtp://127.0.0.1:{self.port}?starttls=false"
            f"&connections={connections}&timeout={timeout}"
        )

    def pause(self, seconds: float) -> None:
        """Wait so long before each answer from now on."""
        self._orders.write(f"{seconds}\n")
        self._orders.flush()

    def letters(self) -> list[Letter]:
        """All that was taken so far, in order."""
        with self._record.open("rb") as record:
            record.seek(self._read)
            fresh = record.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read += len(whole)
        self._letters += [Letter(**json.loads(line)) for line in whole.splitlines()]
        return self._letters


@contextmanager
def sink(folder: Path, *, pause: float = 0.0) -> Iterator[Sink]:
    """Run a relay until the block ends."""
    record = folder / "letters.jsonl"
    record.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.sink", str(record), str(pause)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Sink(process, record)
    finally:
        process.kill()
        process.communicate()


class _Keeper:
    """aiosmtpd's hooks."""

    def __init__(self, record: TextIO, pause: float) -> None:
        self._record = record
        self.pause = pause

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Any, envelope: Any
    ) -> str:
        (recipient,) = envelope.rcpt_tos
        found = MESSAGE_ID.search(envelope.content)
        letter = Letter(
            at=time(),
            by=process_of(envelope.mail_from),
            recipient=recipient,
            message_id=found[1].decode() if found else "",
        )
        self._record.write(json.dumps(asdict(letter)) + "\n")
        if self.pause:
            await asyncio.sleep(self.pause)
        return f"250 2.0.0 Ok: queued at {letter.at}"


async def _serve(record: TextIO, pause: float) -> None:
    keeper = _Keeper(record, pause)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="relay.test", loop=loop), "127.0.0.1", 0
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while order := await orders.readline():
        keeper.pause = float(order)


if __name__ == "__main__":
    with Path(sys.argv[1]).open("a", buffering=1, encoding="utf-8") as kept:
        asyncio.run(_serve(kept, float(sys.argv[2])))
