"""The session's conversation, byte by byte, against a connection that a test holds."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import pytest

from comms.channels.mail.envelope import Envelope
from comms.channels.mail.session import LONGEST_REPLY, Session
from comms.delivery import DeliveryState, Reason

GROUP = "MAIL FROM:<i@contoso.example>\r\nRCPT TO:<r{}@x.example>\r\nDATA\r\n"
CONTENT = "content {}\r\n.\r\n"
READY = b"250 ok\r\n250 ok\r\n354 go\r\n"


class Line(asyncio.Transport):
    """A connection of which only one end exists."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.cut = False
        self.protocol: Any = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def write(self, data: Any) -> None:
        self.said.append(bytes(data).decode())

    def abort(self) -> None:
        self.cut = True

    def answer(self, data: bytes) -> None:
        self.protocol.data_received(data)

    def end(self) -> None:
        self.protocol.connection_lost(None)


class Outbox:
    """Messages in a row, and what the session says of itself."""

    def __init__(self, count: int) -> None:
        self.envelopes = [
            Envelope(
                delivery=n,
                recipient=f"r{n}@x.example".encode(),
                content=[CONTENT.format(n).encode()],
            )
            for n in range(count)
        ]
        self.waiting = deque(self.envelopes)
        self.idled = 0
        self.slowed_down = 0
        self.ended = 0

    def following(self) -> Envelope | None:
        return self.waiting.popleft() if self.waiting else None

    def slow_down(self) -> None:
        self.slowed_down += 1

    def idle(self, session: Session) -> None:
        self.idled += 1

    def closed(self, session: Session) -> None:
        self.ended += 1

    @property
    def states(self) -> list[str]:
        return [_state(envelope) for envelope in self.envelopes]


def _state(envelope: Envelope) -> str:
    if envelope.outcome is not None:
        return envelope.outcome.state.value
    return "under way" if envelope.dropped is None else "dropped"


async def talking(count: int, *, pipelining: bool = True) -> tuple[Line, Outbox, Session]:
    line, outbox = Line(), Outbox(count)
    session = Session(outbox, sender="i@contoso.example", pipelining=pipelining, timeout=60)
    session.adopt(line)
    session.wake()
    return line, outbox, session


async def test_a_message_and_the_next_envelope_leave_in_one_write() -> None:
    line, outbox, _ = await talking(2)

    line.answer(READY)
    line.answer(b"250 2.0.0 queued as A1\r\n" + READY)
    line.answer(b"250 2.0.0 queued as B2\r\n")

    assert line.said == [
        GROUP.format(0),
        CONTENT.format(0) + GROUP.format(1),
        CONTENT.format(1),
    ]
    assert [e.outcome.provider_id for e in outbox.envelopes if e.outcome] == ["A1", "B2"]
    assert outbox.idled == 1


async def test_without_pipelining_each_command_waits() -> None:
    line, outbox, _ = await talking(1, pipelining=False)

    for answer in (b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 ok\r\n"):
        line.answer(answer)

    assert "".join(line.said) == GROUP.format(0) + CONTENT.format(0)
    assert len(line.said) == 4
    assert outbox.states == ["accepted"]


async def test_replies_may_arrive_in_any_pieces() -> None:
    line, outbox, _ = await talking(2)
    many = b"250-first\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n" + READY + b"250 ok\r\n"

    for at in range(len(many)):
        line.answer(many[at : at + 1])

    assert outbox.states == ["accepted", "accepted"]


async def test_a_lone_dot_ends_data_that_was_opened_for_nobody() -> None:
    # RFC 2920, section 3.1: every recipient was refused and DATA is answered with 354 all the same.
    line, outbox, _ = await talking(2)

    line.answer(b"250 ok\r\n550 5.1.1 no\r\n354 go\r\n")
    line.answer(b"554 no valid recipients\r\n" + READY)
    line.answer(b"250 ok\r\n")

    assert line.said[1] == ".\r\n" + GROUP.format(1)
    assert CONTENT.format(0) not in "".join(line.said)
    assert outbox.states == ["rejected", "accepted"]


async def test_a_refused_transaction_is_reset_before_the_next() -> None:
    line, outbox, _ = await talking(2)

    line.answer(b"250 ok\r\n550 5.1.1 no\r\n503 5.5.1 no recipients\r\n")
    line.answer(b"250 reset\r\n" + READY)
    line.answer(b"250 ok\r\n")

    assert line.said[1] == "RSET\r\n" + GROUP.format(1)
    assert outbox.states == ["rejected", "accepted"]
    assert outbox.envelopes[0].outcome is not None
    assert outbox.envelopes[0].outcome.detail == "550 5.1.1 no"


async def test_content_in_the_pipe_is_unknown_and_the_next_envelope_is_free() -> None:
    line, outbox, _ = await talking(3)
    line.answer(READY)

    line.end()

    assert outbox.states == ["unknown", "dropped", "under way"]
    assert outbox.envelopes[1].dropped is not None
    assert outbox.envelopes[1].dropped.again
    assert len(outbox.waiting) == 1
    assert outbox.ended == 1


async def test_421_for_content_is_an_answer() -> None:
    line, outbox, _ = await talking(2)
    line.answer(READY)

    line.answer(b"421 4.3.2 shutting down\r\n")
    line.end()

    assert outbox.states == ["rejected", "dropped"]
    assert outbox.slowed_down == 1
    assert line.cut


async def test_421_for_the_connection_lets_another_carry_the_envelope() -> None:
    line, outbox, _ = await talking(1)

    line.answer(b"421 4.7.0 too many messages in this connection\r\n")
    line.end()

    assert outbox.states == ["dropped"]
    assert outbox.envelopes[0].dropped is not None
    assert outbox.envelopes[0].dropped.again
    assert outbox.slowed_down == 0


@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_server_that_gets_too_much_slows_all_down(pipelining: bool) -> None:
    line, outbox, _ = await talking(3, pipelining=pipelining)

    line.answer(b"451 4.7.1 rate limited\r\n")
    if pipelining:
        line.answer(b"503 no sender\r\n503 no recipient\r\n")

    assert outbox.states[0] == "rejected"
    assert outbox.slowed_down == 1
    refused = outbox.envelopes[0].outcome
    assert refused is not None
    assert refused.reason is Reason.THROTTLED


@pytest.mark.parametrize(
    "noise",
    [b"hello\r\n", b"999 what\r\n", b"\r\n", b"x" * (LONGEST_REPLY + 1), b"250-\r\n" * 101],
    ids=["words", "no code", "empty", "endless line", "endless reply"],
)
async def test_a_server_out_of_step_is_cut_off(noise: bytes) -> None:
    line, outbox, _ = await talking(1)
    line.answer(READY)

    line.answer(noise)
    line.end()

    assert line.cut
    assert outbox.states == [DeliveryState.UNKNOWN.value]


async def test_an_answer_that_nobody_asked_for_ends_the_session() -> None:
    line, outbox, _ = await talking(0)

    line.answer(b"250 surprise\r\n")

    assert line.cut
    assert outbox.idled == 1


async def test_leaving_waits_for_the_answer_that_is_due() -> None:
    line, outbox, session = await talking(2)
    line.answer(READY)
    leaving = asyncio.ensure_future(session.leave())
    await asyncio.sleep(0)

    line.answer(b"250 ok\r\n" + READY)
    line.answer(b"250 ok\r\n")
    assert line.said[-1] == "QUIT\r\n"
    line.answer(b"221 bye\r\n")
    line.end()

    await leaving
    assert outbox.states == ["accepted", "accepted"]
