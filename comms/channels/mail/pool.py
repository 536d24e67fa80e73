"""The open sessions to the relay, and the messages that wait for one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from ssl import SSLContext

from comms.channels.mail.envelope import HELD_BACK, Drop, Envelope, batch_of
from comms.channels.mail.opening import NotOpened, open_connection
from comms.channels.mail.relay import Relay
from comms.channels.mail.session import Session
from comms.channels.mail.tokens import Tokens
from comms.delivery import Reason

IDLE_SECONDS = 30.0
"""A session without work is closed after so long: relays do the same, less politely."""

FAREWELL = 1.0
"""Seconds that a relay has for its last replies when Sitrep stops."""

STOPPED = Drop(reason=Reason.UNREACHABLE, detail="Sitrep stopped before it left.", again=False)


class Pool:
    """Up to `relay.connections` sessions that draw from one queue."""

    def __init__(
        self,
        relay: Relay,
        *,
        sender: str,
        tokens: Tokens | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        self._relay = relay
        self._sender = sender
        self._tokens = tokens
        self._tls = tls
        self._waiting: deque[Envelope] = deque()
        self._sessions: set[Session] = set()
        self._idle: dict[Session, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._opening = 0
        self._is_closed = False

    async def send(self, envelopes: Sequence[Envelope]) -> None:
        """Return when each envelope has an outcome or is dropped.

        When this is cancelled, what no session has taken up yet is never sent.
        """
        batch = batch_of(envelopes)
        self._waiting.extend(envelopes)
        if self._is_closed:
            self._drop_all(STOPPED)
        self._put_to_work()
        await batch.done

    async def close(self) -> None:
        """Finish what is under way and leave politely; who takes longer than `FAREWELL` is cut off.

        What waits for a session is dropped: it may go another time.
        """
        self._is_closed = True
        self._drop_all(STOPPED)
        leaving = [asyncio.create_task(session.leave()) for session in self._sessions]
        if leaving:
            await asyncio.wait(leaving, timeout=FAREWELL)
        for session in tuple(self._sessions):
            session.cut_off()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*leaving, *self._tasks, return_exceptions=True)

    # What sessions ask for.

    def following(self) -> Envelope | None:
        """The next message that somebody still waits for."""
        while self._waiting:
            envelope = self._waiting.popleft()
            if envelope.batch is not None and not envelope.batch.is_abandoned:
                return envelope
        return None

    def slow_down(self) -> None:
        """The relay refuses because it gets too much: nothing that waits is tried now."""
        waiting, self._waiting = self._waiting, deque()
        for envelope in waiting:
            envelope.drop(HELD_BACK)

    def idle(self, session: Session) -> None:
        """Keep the session for a while."""
        loop = asyncio.get_running_loop()
        self._idle[session] = loop.call_later(IDLE_SECONDS, self._dismiss, session)

    def closed(self, session: Session) -> None:
        """Forget the session; others take its place while messages wait."""
        self._sessions.discard(session)
        self._no_longer_idle(session)
        self._put_to_work()

    def _put_to_work(self) -> None:
        while self._waiting and self._idle:
            session = next(iter(self._idle))
            self._no_longer_idle(session)
            session.wake()
        for _ in range(self._wanted()):
            self._opening += 1
            self._start(self._open())

    def _wanted(self) -> int:
        """How many more sessions to open now.

        The first goes alone: sixteen wrong passwords at once would lock an account.
        """
        if not self._sessions:
            return 1 if self._waiting and not self._opening else 0
        room = self._relay.connections - len(self._sessions) - self._opening
        return max(0, min(room, len(self._waiting) - self._opening))

    async def _open(self) -> None:
        try:
            opened = await open_connection(self._relay, tokens=self._tokens, tls=self._tls)
        except NotOpened as error:
            self._opening -= 1
            if not self._sessions and not self._opening:
                self._drop_all(error.drop)
            return
        except asyncio.CancelledError:
            self._opening -= 1
            raise
        self._opening -= 1
        session = Session(
            self,
            sender=self._sender,
            pipelining=opened.pipelining,
            timeout=self._relay.timeout,
            messages=self._relay.messages,
            largest=opened.largest,
            utf8=opened.utf8,
        )
        self._sessions.add(session)
        session.adopt(opened.transport)
        session.wake()
        self._put_to_work()

    def _drop_all(self, drop: Drop) -> None:
        waiting, self._waiting = self._waiting, deque()
        for envelope in waiting:
            envelope.drop(drop)

    def _dismiss(self, session: Session) -> None:
        self._no_longer_idle(session)
        self._start(session.leave())

    def _no_longer_idle(self, session: Session) -> None:
        timer = self._idle.pop(session, None)
        if timer is not None:
            timer.cancel()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
