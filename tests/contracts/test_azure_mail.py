"""Mail by Azure Communication Services, with its own SDK, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from comms.channels.mail.address import Mailbox
from comms.channels.mail.azure.resource import azure_resource
from comms.channels.mail.azure.transport import AzureTransport
from comms.channels.mail.letters import Letters
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.errors import Invalid
from comms.testing.clock import HeldClock
from tests.bot.channel import serving
from tests.comms.mail.letters import NOW, delivery
from tests.comms.mail.sending import STATEMENT, own_links, people
from tests.contracts.graph import refusal

SENDER = Mailbox("Contoso incidents", "donotreply@notices.contoso.example")
KEY = "c2VjcmV0LWtleQ=="


class Azure:
    """Takes letters as Azure does; `reply` may say otherwise."""

    def __init__(self) -> None:
        self.letters: list[dict[str, Any]] = []
        self.operations: list[str] = []
        self.authorized: list[str] = []
        self.reply: Callable[[int], web.Response | None] = lambda _number: None
        self.is_silent = False

    async def send(self, request: web.Request) -> web.Response:
        self.operations.append(request.headers["Operation-Id"])
        self.authorized.append(request.headers["Authorization"].partition(" ")[0])
        letter = await request.json()
        if self.is_silent:
            assert request.transport
            request.transport.abort()
        answer = self.reply(len(self.operations))
        if answer is not None:
            return answer
        self.letters.append(letter)
        operation = self.operations[-1]
        return web.json_response(
            {"id": operation, "status": "Running"},
            status=202,
            headers={"Operation-Location": f"{request.url.origin()}/emails/operations/{operation}"},
        )


@asynccontextmanager
async def azure() -> AsyncIterator[tuple[Azure, AzureTransport]]:
    """Serve Azure, and build the transport."""
    there, app, clock = Azure(), web.Application(), HeldClock(NOW)
    app.router.add_post("/emails:send", there.send)
    async with serving(app) as url:
        where = f"azure://donotreply:{KEY}@notices.contoso.example?endpoint={url}&timeout=10"
        transport = AzureTransport(
            azure_resource(where, option="SITREP_MAIL_TRANSPORTS"),
            tokens=None,
            letters=Letters(SENDER, links=own_links, clock=clock),
            clock=clock,
        )
        try:
            yield there, transport
        finally:
            await transport.close()


async def sent(transport: AzureTransport, batch: list[Delivery]) -> dict[int, Outcome]:
    """Send; each delivery has one outcome."""
    outcomes = await asyncio.wait_for(transport.send(STATEMENT, batch), 60)
    assert sorted(outcome.delivery for outcome in outcomes) == sorted(d.id for d in batch)
    return {outcome.delivery: outcome for outcome in outcomes}


async def test_each_letter_is_taken_with_its_headers_and_has_a_receipt_of_its_own() -> None:
    async with azure() as (there, transport):
        outcomes = await sent(transport, people(5))

    assert {outcome.state for outcome in outcomes.values()} == {DeliveryState.ACCEPTED}
    assert {outcome.provider_id for outcome in outcomes.values()} == set(there.operations)
    assert len(set(there.operations)) == 5
    assert set(there.authorized) == {"HMAC-SHA256"}
    for letter in there.letters:
        assert letter["senderAddress"] == SENDER.address
        assert letter["content"]["plainText"]
        assert letter["content"]["html"].startswith("<!DOCTYPE html>")
        assert letter["headers"]["Auto-Submitted"] == "auto-generated"
        assert not {"From", "To", "Subject", "Content-Type"} & letter["headers"].keys()
    assert len({letter["recipients"]["to"][0]["address"] for letter in there.letters}) == 5


async def test_a_letter_that_is_sent_again_bears_the_same_operation_id() -> None:
    async with azure() as (there, transport):
        there.is_silent = True
        first = await sent(transport, [delivery(1)])
        there.is_silent = False
        second = await sent(transport, [delivery(1)])

    assert (first[1].state, first[1].reason) == (DeliveryState.UNKNOWN, Reason.NO_REPLY)
    assert second[1].state is DeliveryState.ACCEPTED
    assert len(there.operations) == 2
    assert len(set(there.operations)) == 1


async def test_a_wish_to_come_later_is_passed_on_and_not_waited_for() -> None:
    async with azure() as (there, transport):
        there.reply = lambda number: (
            refusal(429, "TooManyRequests", Retry_After="90") if number > 2 else None
        )
        outcomes = await sent(transport, people(20))

    states = [outcome.state for outcome in outcomes.values()]
    assert states.count(DeliveryState.ACCEPTED) == 2
    late = [one for one in outcomes.values() if one.state is DeliveryState.REJECTED]
    assert {(one.reason, one.retry_after) for one in late} == {
        (Reason.THROTTLED, timedelta(seconds=90))
    }
    assert states.count(DeliveryState.PLANNED) == 18 - len(late)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, "InvalidRequest", Reason.CONTENT_REFUSED),
        (401, "Denied", Reason.AUTHENTICATION),
        (413, "TooLarge", Reason.TOO_LARGE),
        (500, "InternalError", Reason.TEMPORARY),
    ],
)
async def test_a_refusal_has_a_reason(status: int, code: str, reason: Reason) -> None:
    async with azure() as (there, transport):
        there.reply = lambda _number: refusal(status, code, "It says why.")
        became = (await sent(transport, [delivery(1)]))[1]

    assert (became.state, became.reason) == (DeliveryState.REJECTED, reason)
    assert became.detail == f"{status} {code}: It says why."


async def test_where_nobody_listens_nothing_was_handed_over() -> None:
    where = f"azure://d:{KEY}@contoso.example?endpoint=http://127.0.0.1:9"
    clock = HeldClock(NOW)
    transport = AzureTransport(
        azure_resource(where, option="x"),
        tokens=None,
        letters=Letters(SENDER, links=own_links, clock=clock),
        clock=clock,
    )
    became = (await sent(transport, [delivery(1)]))[1]
    await transport.close()

    assert (became.state, became.reason) == (DeliveryState.REJECTED, Reason.UNREACHABLE)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("azure://contoso.com?endpoint=a.b", "names the address that sends"),
        ("azure://a:hunter2@contoso.com", "endpoint names the resource"),
        ("azure://a:hunter2@contoso.com?endpoint=http://x.example", "begins with https://"),
    ],
)
def test_a_wrong_url_says_what_is_wrong_without_the_key(url: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        azure_resource(url, option="SITREP_MAIL_TRANSPORTS, line 1")

    assert said in refused.value.detail
    assert "hunter2" not in refused.value.detail
