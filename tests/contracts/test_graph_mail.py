"""Mail by Microsoft Graph, over HTTP: every request is one that Graph's contract allows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web

from bot.edge.connector import open_session
from comms.channels.mail.address import Mailbox
from comms.channels.mail.graph.mailbox import GraphMailbox, graph_mailbox
from comms.channels.mail.graph.transport import GraphTransport
from comms.channels.mail.letters import Letters
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.errors import Invalid
from comms.testing.clock import HeldClock
from tests.comms.mail.letters import NOW, delivery
from tests.comms.mail.sending import STATEMENT, own_links, people
from tests.comms.mail.tokens import HeldTokens
from tests.contracts.graph import Graph, open_graph, refusal

SENDER = Mailbox("Contoso incidents", "incidents@contoso.example")
MAILBOX = GraphMailbox(sender=SENDER.address, timeout=5)


@dataclass
class Post:
    """Graph, and a transport to it."""

    graph: Graph
    url: str
    session: ClientSession
    tokens: HeldTokens = field(default_factory=HeldTokens)

    def transport(self, **differs: Any) -> GraphTransport:
        """The transport as the product builds it."""
        clock = HeldClock(NOW)
        return GraphTransport(
            replace(MAILBOX, **differs),
            session=self.session,
            tokens=self.tokens,
            letters=Letters(SENDER, links=own_links, clock=clock),
            graph_url=self.url,
            clock=clock,
        )

    async def sent(self, batch: Sequence[Delivery], **differs: Any) -> dict[int, Outcome]:
        """Send; each delivery has one outcome."""
        outcomes = await asyncio.wait_for(self.transport(**differs).send(STATEMENT, batch), 60)
        assert sorted(outcome.delivery for outcome in outcomes) == sorted(d.id for d in batch)
        return {outcome.delivery: outcome for outcome in outcomes}

    async def refused(self, answer: Callable[[], web.Response]) -> Outcome:
        """Send one letter, to which Graph answers so."""
        self.graph.reply = lambda _number: answer()
        return (await self.sent([delivery(1)]))[1]


@pytest_asyncio.fixture
async def post() -> AsyncIterator[Post]:
    async with open_graph() as (graph, url), open_session() as session:
        yield Post(graph, url, session)


async def test_each_letter_arrives_whole_from_the_mailbox_with_a_receipt_of_its_own(
    post: Post,
) -> None:
    outcomes = await post.sent(people(12))

    assert {outcome.state for outcome in outcomes.values()} == {DeliveryState.ACCEPTED}
    assert len({outcome.provider_id for outcome in outcomes.values()}) == 12
    assert set(post.graph.senders) == {"incidents@contoso.example"}
    assert len({letter["Message-ID"] for letter in post.graph.letters}) == 12
    for letter in post.graph.letters:
        assert not letter.defects
        assert letter["From"].addresses[0].addr_spec == "incidents@contoso.example"
        assert letter["In-Reply-To"]
        assert letter["Thread-Index"]
        assert letter.get_body(("plain",)) is not None
        assert letter.get_body(("html",)) is not None


async def test_no_more_than_four_requests_are_open_at_a_mailbox(post: Post) -> None:
    post.graph.busy.clear()
    sending = asyncio.create_task(post.sent(people(20)))
    await asyncio.wait_for(post.graph.crowded.wait(), 60)
    for _ in range(50):
        await asyncio.sleep(0)
    post.graph.busy.set()

    assert len(await sending) == 20
    assert post.graph.most_at_once == 4


async def test_a_token_that_was_withdrawn_is_fetched_anew_once(post: Post) -> None:
    post.graph.reply = lambda number: (
        refusal(401, "InvalidAuthenticationToken") if number == 1 else None
    )

    outcomes = await post.sent([delivery(1)])

    assert outcomes[1].state is DeliveryState.ACCEPTED
    assert post.graph.tokens == ["Bearer token-1", "Bearer token-2"]


async def test_a_token_that_is_refused_twice_is_an_authentication_that_failed(post: Post) -> None:
    became = await post.refused(lambda: refusal(401, "InvalidAuthenticationToken"))

    assert (became.state, became.reason) == (DeliveryState.REJECTED, Reason.AUTHENTICATION)
    assert post.graph.requests == 2


async def test_without_a_token_nothing_leaves(post: Post) -> None:
    post.tokens.fails = "The authority refused: invalid_client."

    became = (await post.sent([delivery(1)]))[1]

    assert (became.reason, became.detail) == (
        Reason.AUTHENTICATION,
        "The authority refused: invalid_client.",
    )
    assert post.graph.requests == 0


@pytest.mark.parametrize("status", [429, 503])
async def test_a_wish_to_come_later_is_passed_on_and_the_rest_of_the_batch_stays(
    post: Post, status: int
) -> None:
    post.graph.reply = lambda number: (
        refusal(status, "ApplicationThrottled", Retry_After="17") if number > 3 else None
    )

    outcomes = await post.sent(people(20), connections=1)

    states = [outcome.state for outcome in outcomes.values()]
    assert states.count(DeliveryState.ACCEPTED) == 3
    assert states.count(DeliveryState.PLANNED) == 16
    [late] = [o for o in outcomes.values() if o.state is DeliveryState.REJECTED]
    assert (late.reason, late.retry_after) == (Reason.THROTTLED, timedelta(seconds=17))
    assert post.graph.requests == 4


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, "ErrorInvalidRecipients", Reason.ADDRESS_INVALID),
        (400, "ErrorMimeContentInvalid", Reason.CONTENT_REFUSED),
        (400, "BadRequest", Reason.CONTENT_REFUSED),
        (403, "ErrorAccessDenied", Reason.AUTHENTICATION),
        (403, "ErrorSendAsDenied", Reason.AUTHENTICATION),
        (404, "ErrorInvalidUser", Reason.UNREACHABLE),
        (413, "RequestEntityTooLarge", Reason.TOO_LARGE),
        (429, "ErrorExceededMessageLimit", Reason.THROTTLED),
        (500, "ErrorInternalServerTransientError", Reason.TEMPORARY),
        (503, "serviceNotAvailable", Reason.TEMPORARY),
    ],
)
async def test_a_refusal_has_the_reason_that_graph_gives(
    post: Post, status: int, code: str, reason: Reason
) -> None:
    became = await post.refused(lambda: refusal(status, code, "It says\r\n why."))

    assert (became.state, became.reason) == (DeliveryState.REJECTED, reason)
    assert became.detail == f"{status} {code}: It says why."


@pytest.mark.parametrize("status", [502, 504])
async def test_a_gateway_that_heard_nothing_leaves_the_letter_unknown(
    post: Post, status: int
) -> None:
    became = await post.refused(lambda: refusal(status, "BadGateway"))

    assert (became.state, became.reason) == (DeliveryState.UNKNOWN, Reason.NO_REPLY)


async def test_a_letter_that_was_handed_over_and_not_answered_is_unknown(post: Post) -> None:
    post.graph.silent = {2}

    outcomes = await post.sent(people(3), connections=1)

    states = sorted(outcome.state.value for outcome in outcomes.values())
    assert states == ["accepted", "accepted", "unknown"]


async def test_an_answer_that_takes_too_long_leaves_the_letter_unknown(post: Post) -> None:
    post.graph.busy.clear()

    became = (await post.sent([delivery(1)], timeout=0.1))[1]
    post.graph.busy.set()

    assert (became.state, became.reason) == (DeliveryState.UNKNOWN, Reason.NO_REPLY)


async def test_where_nobody_listens_nothing_was_handed_over(post: Post) -> None:
    post.url = "http://127.0.0.1:9/v1.0"

    became = (await post.sent([delivery(1)]))[1]

    assert (became.state, became.reason) == (DeliveryState.REJECTED, Reason.UNREACHABLE)


async def test_an_address_that_is_none_is_not_asked_about(post: Post) -> None:
    wrong = delivery(1)._replace(address="a b@contoso.example")

    became = (await post.sent([wrong]))[1]

    assert became.reason is Reason.ADDRESS_INVALID
    assert post.graph.requests == 0


def test_the_url_names_the_mailbox_and_lowers_its_limits() -> None:
    mailbox = graph_mailbox("graph://in.cidents@contoso.com?rate=10/min&connections=2", option="x")

    assert mailbox.sender == "in.cidents@contoso.com"
    assert (mailbox.connections, round(mailbox.rate * 60)) == (2, 10)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("graph://contoso.com", "names the mailbox"),
        ("graph://a:secret@contoso.com", "and nothing else"),
        ("graph://a@contoso.com/v1.0", "nothing may stand between"),
        ("graph://a@contoso.com?connections=5", "from 1 to 4"),
        ("graph://a@contoso.com?auth=plain", "no option 'auth'"),
    ],
)
def test_a_wrong_url_says_what_is_wrong(url: str, said: str) -> None:
    with pytest.raises(Invalid, match="SITREP_X: ") as refused:
        graph_mailbox(url, option="SITREP_X")

    assert said in refused.value.detail
    assert "secret" not in refused.value.detail
