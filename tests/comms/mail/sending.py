"""A mail transport to a relay of the test's own, and what it says of a batch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from comms.channels.mail.relay import Relay
from comms.channels.mail.transport import MailTransport
from comms.delivery import Delivery, Outcome
from comms.testing.clock import HeldClock
from tests.comms.mail.letters import NOW, SENDER, delivery, letter
from tests.comms.mail.relays import Relayed

STATEMENT = letter("stakeholders")
BOTH = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "in step"])


def own_links(to: Delivery) -> dict[str, str]:
    return {"seen": f"https://sitrep.contoso.example/seen/{to.id}"}


def mail(relay: Relay, **differs: Any) -> MailTransport:
    return MailTransport(relay, sender=SENDER, links=own_links, clock=HeldClock(NOW), **differs)


@asynccontextmanager
async def sending(relay: Relay, **differs: Any) -> AsyncIterator[MailTransport]:
    transport = MailTransport(
        relay, sender=SENDER, links=own_links, clock=HeldClock(NOW), **differs
    )
    try:
        yield transport
    finally:
        await asyncio.wait_for(transport.close(), 60)


async def sent(relayed: Relayed, batch: Sequence[Delivery], **differs: Any) -> dict[int, Outcome]:
    async with sending(relayed.relay(**differs)) as transport:
        outcomes = await asyncio.wait_for(transport.send(STATEMENT, batch), 60)
    assert sorted(outcome.delivery for outcome in outcomes) == sorted(d.id for d in batch)
    return {outcome.delivery: outcome for outcome in outcomes}


def people(count: int) -> list[Delivery]:
    return [delivery(number) for number in range(count)]
