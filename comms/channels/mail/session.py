"""One open SMTP session: message after message, a round trip each where the server pipelines."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from comms.channels.mail.envelope import HELD_BACK, Drop, Envelope
from comms.channels.mail.reply import Reply, reason, reply_of
from comms.delivery import DeliveryState, Outcome, Reason

LONGEST_REPLY = 64 * 1024
"""Octets without a line end, after which a server is not believed any more."""

MOST_LINES = 100
"""Lines of one reply."""

CUT_OFF = Drop(
    reason=Reason.UNREACHABLE,
    detail="The connection ended before the message was handed over.",
    again=True,
)


RSET, LONE_DOT, DATA, QUIT = (b"RSET\r\n",), (b".\r\n",), (b"DATA\r\n",), (b"QUIT\r\n",)


class Step(Enum):
    """What a reply answers."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    CONTENT = "content"
    CLEARING = "clearing"
    """RSET, or the lone dot after a refused recipient: the answer changes nothing."""
    QUIT = "QUIT"


class Post(Protocol):
    """Where a session gets its messages from."""

    def following(self) -> Envelope | None:
        """The next message to send, or None."""
        ...

    def slow_down(self) -> None:
        """The server refused because it gets too much."""
        ...

    def idle(self, session: Session) -> None:
        """The session has nothing to do; `wake` it when there is something."""
        ...

    def closed(self, session: Session) -> None:
        """The session's connection has ended."""
        ...


class Session(asyncio.Protocol):
    """Takes over the connection that aiosmtplib has opened.

    With PIPELINING (RFC 2920) the content of a message leaves in one write together with the next
    message's MAIL, RCPT and DATA, and the replies are matched in order. Without it each command
    waits for its reply. No task and no lock per message: replies drive it.
    """

    def __init__(
        self,
        post: Post,
        *,
        sender: str,
        pipelining: bool,
        timeout: float,
        messages: int = 0,
        largest: int = 0,
        utf8: bool = False,
    ) -> None:
        """`timeout` is how many seconds the server may stay silent when it owes a reply.

        `messages` is how many the connection carries, `largest` the octets of one (0: any), `utf8`
        whether an address may go beyond ASCII.
        """
        self._post = post
        self._sender = sender.encode()
        self._mail = (f"MAIL FROM:<{sender}>\r\n".encode(),)
        self._pipelining = pipelining
        self._left = messages or -1
        self._largest = largest
        self._utf8 = utf8
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._planned: deque[tuple[Step, Envelope | None, Sequence[bytes]]] = deque()
        self._awaited: deque[tuple[Step, Envelope | None]] = deque()
        self._refusal: tuple[Step, Reply] | None = None
        self._unread = b""
        self._lines: list[bytes] = []
        self._leaving = False
        self._too_fast = False
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._heard = 0.0
        self._ended: asyncio.Future[None] = self._loop.create_future()

    def adopt(self, transport: asyncio.Transport) -> None:
        """Take over a connection that may send, and on which no reply is due."""
        self._transport = transport
        transport.set_protocol(self)

    def wake(self) -> None:
        """Begin with the next message. Only for an idle session; without one it is idle again."""
        self._plan_following()
        if self._planned:
            self._write()
        else:
            self._post.idle(self)

    async def leave(self) -> None:
        """Take no more messages, say QUIT when the last has its reply, and wait for the end."""
        self._leaving = True
        if not self._awaited:
            self._quit()
        await self._ended

    def cut_off(self) -> None:
        """End the connection now, whatever is under way."""
        self._abort()

    # What the server says.

    def data_received(self, data: bytes) -> None:
        """Act on each whole reply; keep the rest."""
        self._heard = self._loop.time()
        *lines, self._unread = (self._unread + data).split(b"\n")
        if len(self._unread) > LONGEST_REPLY:
            self._abort()
        for line in lines:
            self._read(line)
        self._write()

    def connection_lost(self, exc: Exception | None) -> None:
        """End what was under way: unknown where its content had left, else free to go again."""
        self._transport = None
        if self._patience is not None:
            self._patience.cancel()
        left = {id(envelope) for step, envelope in self._awaited if step is Step.CONTENT}
        for envelope in self._under_way():
            if id(envelope) in left:
                envelope.settle(_unknown(envelope))
            else:
                envelope.drop(HELD_BACK if self._too_fast else CUT_OFF)
        self._awaited.clear()
        self._planned.clear()
        self._ended.set_result(None)
        self._post.closed(self)

    def _read(self, line: bytes) -> None:
        if line[3:4] == b"-":
            self._lines.append(line)
            if len(self._lines) > MOST_LINES:
                self._abort()
            return
        reply = reply_of(line, *self._lines)
        self._lines.clear()
        if self._transport is not None:
            self._answered(reply)

    def _answered(self, reply: Reply) -> None:
        if not self._awaited or not 200 <= reply.code < 600:
            # Out of step: no later reply could be trusted to belong to its message.
            self._abort()
            return
        step, envelope = self._awaited.popleft()
        if reply.is_good and (step is Step.MAIL or step is Step.RCPT):
            return  # DATA follows
        if envelope is not None:
            self._answered_for(envelope, step, reply)
        if reply.code == 421 or step is Step.QUIT:
            # The server closes. What has no reply yet may go over another connection.
            self._abort()
        elif not self._awaited and not self._planned:
            self._rest()

    def _answered_for(self, envelope: Envelope, step: Step, reply: Reply) -> None:
        if step is Step.DATA:
            self._data_answered(envelope, reply)
        elif step is Step.CONTENT:
            if reply.is_good:
                envelope.settle(_accepted(envelope, reply))
            else:
                self._reject(envelope, step, reply)
        elif not reply.is_good and self._refusal is None:
            self._refusal = (step, reply)
            if not self._pipelining or reply.code == 421:
                self._planned.clear()
                self._refuse(envelope, step, reply)

    def _data_answered(self, envelope: Envelope, reply: Reply) -> None:
        step, refused = self._refusal or (Step.DATA, reply)
        if reply.code != 354:
            self._refuse(envelope, step, refused)
        elif self._refusal is not None:
            # RFC 2920, section 3.1: nobody was taken, and yet the server waits for content.
            self._refuse(envelope, step, refused, clearing=LONE_DOT)
        else:
            self._planned.append((Step.CONTENT, envelope, envelope.content))
            self._plan_following()

    def _refuse(
        self, envelope: Envelope, step: Step, reply: Reply, *, clearing: Sequence[bytes] = RSET
    ) -> None:
        self._refusal = None
        why = reason(reply, step.value)
        if reply.code == 421 and why is not Reason.THROTTLED:
            envelope.drop(Drop(reason=why, detail=reply.detail, again=True))
            return
        self._reject(envelope, step, reply)
        self._planned.append((Step.CLEARING, None, clearing))
        self._plan_following()

    def _reject(self, envelope: Envelope, step: Step, reply: Reply) -> None:
        refused = _rejected(envelope, step, reply)
        if refused.reason is Reason.THROTTLED:
            self._too_fast = True
            self._post.slow_down()
        envelope.settle(refused)

    # What we say.

    def _plan_following(self) -> None:
        envelope = self._following()
        if envelope is not None:
            rcpt = (b"RCPT TO:<", envelope.recipient, b">\r\n")
            self._planned.append((Step.MAIL, envelope, self._mail_from(envelope)))
            self._planned.append((Step.RCPT, envelope, rcpt))
            self._planned.append((Step.DATA, envelope, DATA))

    def _following(self) -> Envelope | None:
        """The next message that the server takes; who cannot be written to here is told so."""
        while not self._leaving and (envelope := self._post.following()) is not None:
            refused = self._beyond(envelope)
            if refused is None:
                self._left -= 1
                # After the last that the connection carries it is left, and another is opened.
                self._leaving = self._left == 0
                return envelope
            envelope.settle(refused)
        return None

    def _beyond(self, envelope: Envelope) -> Outcome | None:
        """What becomes of a message that the server has said it does not take; None: it does."""
        if self._largest and envelope.octets > self._largest:
            said = f"The letter has {envelope.octets} octets; the server takes {self._largest}."
            return _refused(envelope, Reason.TOO_LARGE, said)
        if not self._utf8 and not envelope.recipient.isascii():
            said = "The server takes no address beyond ASCII (SMTPUTF8, RFC 6531)."
            return _refused(envelope, Reason.ADDRESS_INVALID, said)
        return None

    def _mail_from(self, envelope: Envelope) -> Sequence[bytes]:
        sender = envelope.sender
        if not envelope.recipient.isascii():
            return (b"MAIL FROM:<", sender or self._sender, b"> SMTPUTF8\r\n")
        return (b"MAIL FROM:<", sender, b">\r\n") if sender else self._mail

    def _write(self) -> None:
        if self._transport is None or not self._planned:
            return
        if not self._awaited:
            self._heard = self._loop.time()
            self._patience = self._patience or self._loop.call_later(self._timeout, self._look)
        elif not self._pipelining:
            return
        group: list[bytes] = []
        while self._planned and (self._pipelining or not group):
            step, envelope, said = self._planned.popleft()
            self._awaited.append((step, envelope))
            group += said
        self._transport.write(b"".join(group))

    def _rest(self) -> None:
        if self._leaving:
            self._quit()
        else:
            self._post.idle(self)

    def _quit(self) -> None:
        self._planned.append((Step.QUIT, None, QUIT))
        self._write()

    def _look(self) -> None:
        """Give up on a silent server. One timer a session, not one a message."""
        self._patience = None
        silence = self._loop.time() - self._heard
        if self._awaited and silence >= self._timeout:
            self._abort()
        elif self._awaited:
            self._patience = self._loop.call_later(self._timeout - silence, self._look)

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def _under_way(self) -> list[Envelope]:
        known = [envelope for _, envelope in self._awaited]
        known += [envelope for _, envelope, _ in self._planned]
        unique = {id(envelope): envelope for envelope in known if envelope is not None}
        return [envelope for envelope in unique.values() if envelope.is_under_way]


def _accepted(envelope: Envelope, reply: Reply) -> Outcome:
    return Outcome(
        delivery=envelope.delivery,
        state=DeliveryState.ACCEPTED,
        detail=reply.detail,
        provider_id=reply.receipt,
    )


def _rejected(envelope: Envelope, step: Step, reply: Reply) -> Outcome:
    return _refused(envelope, reason(reply, step.value), reply.detail)


def _refused(envelope: Envelope, why: Reason, detail: str) -> Outcome:
    return Outcome(
        delivery=envelope.delivery, state=DeliveryState.REJECTED, reason=why, detail=detail
    )


def _unknown(envelope: Envelope) -> Outcome:
    return Outcome(
        delivery=envelope.delivery,
        state=DeliveryState.UNKNOWN,
        reason=Reason.NO_REPLY,
        detail="The message was handed over, but the connection ended before the reply.",
    )
