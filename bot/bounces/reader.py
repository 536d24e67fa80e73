"""The reader: looks into the letterbox again and again, and takes what came back to the desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from email.parser import BytesHeaderParser
from email.policy import default
from typing import Protocol

import structlog

from bot.bounces.letterbox import Letterbox, LetterboxClosed
from comms.acts.bounces import Taken, take_back
from comms.channels.mail.returned import Returned, read
from comms.clock import Clock
from comms.desk import Desk
from comms.errors import SitrepError
from comms.patience import patiently
from comms.people import SITREP

log = structlog.get_logger()

BATCH = 50
"""Messages a look; as many looks follow one another as there are messages."""

Turn = Callable[[datetime], Awaitable[bool]]
"""True where it is this process that reads, of all that could."""


Stop = Callable[[str], Awaitable[bool]]
"""Told of each subject: True where it asked to be written to no more, and was heard."""


async def _nobody(_subject: str) -> bool:
    return False


class Meter(Protocol):
    """Told of each look, and of each batch."""

    def looked(self, *, was_open: bool) -> None:
        """The mailbox could be read, or could not."""
        ...

    def returned(self, source: str, messages: int, taken: Taken) -> None:
        """So many messages were read, and of the reports in them came what `taken` says."""
        ...


class BounceReader:
    """Reads one letterbox. A message is put away once what it says is in the database.

    After a crash in between it comes again, and counts for nothing then.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        letterbox: Letterbox,
        clock: Clock,
        meter: Meter,
        turn: Turn,
        stop: Stop = _nobody,
    ) -> None:
        """`stop` hears those who write to the same mailbox to unsubscribe."""
        self._stop = stop
        self._desk = desk
        self._letterbox = letterbox
        self._clock = clock
        self._every = letterbox.every
        self._meter = meter
        self._turn = turn
        self._closed = ""

    async def run(self) -> None:
        """Look every so often, until cancelled."""
        while True:
            pause = await self._look()
            await self._clock.sleep(pause)

    async def read_all(self) -> int:
        """Read what has arrived, to the last message; return how many there were."""
        read_in_all = 0
        while arrived := await self._letterbox.fetch(BATCH):
            returned = [one for message in arrived for one in read(message.raw)]
            taken = await self._taken(returned)
            self._meter.returned("mailbox", len(arrived), taken)
            for message in arrived:
                await self._stopped(_subject_of(message.raw))
            await self._letterbox.put_away([message.id for message in arrived])
            read_in_all += len(arrived)
        return read_in_all

    async def _look(self) -> timedelta:
        """Read, if it is our turn; return how long to wait for the next look."""
        if not await self._turn(self._clock.now()):
            return self._every
        try:
            await self.read_all()
        except (LetterboxClosed, SitrepError) as closed:
            self._meter.looked(was_open=False)
            if self._closed != str(closed):
                log.warning("bounces.closed", why=str(closed))
            self._closed = str(closed)
            again = closed.again if isinstance(closed, LetterboxClosed) else None
            return max(self._every, again or self._every)
        self._meter.looked(was_open=True)
        if self._closed:
            log.info("bounces.open")
        self._closed = ""
        return self._every

    async def _stopped(self, subject: str) -> None:
        async for attempt in patiently("bounces.waits"):
            with attempt:
                await self._stop(subject)

    async def _taken(self, returned: list[Returned]) -> Taken:
        async for attempt in patiently("bounces.waits"):
            with attempt:
                return await self._desk.do(take_back, SITREP, "mail", returned)
        raise AssertionError("patience has no end")


def _subject_of(raw: bytes) -> str:
    return str(BytesHeaderParser(policy=default).parsebytes(raw).get("Subject", ""))
