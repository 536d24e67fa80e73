"""The listener: hears what the other processes on this Postgres have done."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import psycopg
import structlog
from psycopg.conninfo import make_conninfo

from comms.bell import Topic
from comms.errors import Unavailable
from comms.patience import patiently
from storage.connect import libpq
from storage.replicas import CHANNEL, heard
from storage.speaking import away

log = structlog.get_logger()

# A listener only waits: without these, one whose server is gone would not find out.
_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


class Listener:
    """Calls `wake` after each act of another process that left something to do.

    What was done while nobody listened is unknown: each beginning wakes for all topics. `me` is
    the name under which this process announces its own acts.
    """

    def __init__(self, url: str, *, me: str, wake: Callable[[Iterable[Topic]], None]) -> None:
        self._target = make_conninfo(libpq(url), **_KEEPALIVE)
        self._me = me
        self._wake = wake

    async def run(self) -> None:
        """Listen until cancelled, over a new connection whenever one is lost."""
        while True:
            async with await self._connected() as connection:
                self._wake(Topic)
                try:
                    async for news in connection.notifies():
                        if topics := heard(news.payload, me=self._me):
                            self._wake(topics)
                except psycopg.OperationalError as lost:
                    log.warning("notify.lost", why=str(lost).partition("\n")[0])

    async def _connected(self) -> psycopg.AsyncConnection:
        async for attempt in patiently("notify.waits"):
            with attempt:
                return await self._connect()
        raise Unavailable("Nobody waits for the database any more.")

    async def _connect(self) -> psycopg.AsyncConnection:
        try:
            connection = await psycopg.AsyncConnection.connect(self._target, autocommit=True)
            await connection.execute(f"LISTEN {CHANNEL}")
        except psycopg.OperationalError as down:
            raise away(str(down)) from down
        return connection
