"""The connector against a real server that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import pytest_asyncio
from aiohttp import web

from bot.edge.connector import MESSAGE_LIMIT, Connector, ConnectorError, Patience, open_session
from bot.edge.hosts import LOOPBACK, ServiceHosts
from bot.edge.tokens import TokenUnavailable
from tests.bot.channel import Channel, NoWait, open_channel

ROOM = "19:room@thread.tacv2;messageid=17"
QUOTED = "/amer/v3/conversations/19%3Aroom%40thread.tacv2%3Bmessageid%3D17"
HELLO = {"type": "message", "text": "hello"}
Answer = web.Response | Callable[[web.Request], Awaitable[web.Response]]


@dataclass
class Purse:
    """Tokens t1, t2… a new one after each that was refused."""

    number: int = 1
    broken: bool = False

    async def token(self) -> str:
        if self.broken:
            raise TokenUnavailable("The authority refused: invalid_client.")
        return f"t{self.number}"

    def forget(self) -> None:
        self.number += 1


@dataclass
class Line:
    """A connector and the channel at its other end."""

    channel: Channel
    connector: Connector
    waits: NoWait
    purse: Purse = field(default_factory=Purse)

    @property
    def to(self) -> str:
        return self.channel.service_url

    def will_answer(
        self, *answers: web.Response | Callable[[web.Request], Awaitable[web.Response]]
    ) -> None:
        """Answer the next calls with these; the last one again and again."""
        left = list(answers)

        async def answer(request: web.Request) -> web.StreamResponse:
            one = left.pop(0) if len(left) > 1 else left[0]
            if not isinstance(one, web.Response):
                return await one(request)
            return web.Response(
                status=one.status, body=one.body, headers=one.headers, reason=one.reason
            )

        self.channel.answer = answer


@pytest_asyncio.fixture
async def line() -> AsyncIterator[Line]:
    async with open_channel() as channel, open_session() as session:
        purse, waits = Purse(), NoWait()
        connector = Connector(session, purse, ServiceHosts(LOOPBACK), sleep=waits)
        yield Line(channel, connector, waits, purse)


async def hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def say_nothing(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


OK = web.json_response({"id": "posted-2"})


def busy(status: int, retry_after: str | None = None) -> web.Response:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return web.json_response(
        {"error": {"code": "Throttled", "message": "later"}}, status=status, headers=headers
    )


async def test_each_call_goes_to_its_place_with_the_token(line: Line) -> None:
    assert await line.connector.post(line.to, ROOM, HELLO) == "posted-1"
    assert await line.connector.reply(line.to, ROOM, "1:a/b", HELLO) == "posted-1"
    assert await line.connector.update(line.to, ROOM, "17", HELLO) == "posted-1"
    await line.connector.delete(line.to, ROOM, "17")
    assert line.channel.calls == [
        ("POST", f"{QUOTED}/activities", HELLO),
        ("POST", f"{QUOTED}/activities/1%3Aa%2Fb", HELLO),
        ("PUT", f"{QUOTED}/activities/17", HELLO),
        ("DELETE", f"{QUOTED}/activities/17", None),
    ]
    assert {headers["Authorization"] for headers in line.channel.headers} == {"Bearer t1"}


async def test_a_conversation_is_created(line: Line) -> None:
    line.will_answer(web.json_response({"id": "19:new", "activityId": "5"}, status=201))
    made = await line.connector.create_conversation(line.to, {"isGroup": True})
    assert (made.id, made.activity_id, made.service_url) == ("19:new", "5", line.to)
    assert line.channel.calls == [("POST", "/amer/v3/conversations", {"isGroup": True})]


async def test_members_are_read_page_by_page(line: Line) -> None:
    line.will_answer(
        web.json_response({"members": [{"id": "a"}, {"id": "b"}], "continuationToken": "p+2"}),
        web.json_response({"members": [{"id": "c"}]}),
    )
    found = [member["id"] async for member in line.connector.members(line.to, ROOM)]
    assert found == ["a", "b", "c"]
    assert [path for _, path, _ in line.channel.calls] == [
        f"{QUOTED}/pagedmembers?pageSize=500",
        f"{QUOTED}/pagedmembers?pageSize=500&continuationToken=p%2B2",
    ]


async def test_one_member_is_read(line: Line) -> None:
    line.will_answer(web.json_response({"id": "29:ada", "email": "ada@example.org"}))
    member = await line.connector.member(line.to, ROOM, "29:ada")
    assert member["email"] == "ada@example.org"
    assert line.channel.calls[0][1] == f"{QUOTED}/members/29%3Aada"


async def test_429_is_tried_again_after_the_time_it_asks_for(line: Line) -> None:
    line.will_answer(busy(429, "3"), OK)
    assert await line.connector.post(line.to, ROOM, HELLO) == "posted-2"
    assert line.waits.waits == [3.0]


async def test_a_retry_after_may_be_a_date(line: Line) -> None:
    line.will_answer(busy(429, format_datetime(datetime.now(UTC) + timedelta(seconds=5))), OK)
    await line.connector.post(line.to, ROOM, HELLO)
    assert 3 < line.waits.waits[0] <= 5


@pytest.mark.parametrize("status", [412, 429, 502, 503, 504])
async def test_a_busy_channel_is_tried_again_with_growing_jittered_waits(
    line: Line, status: int
) -> None:
    line.will_answer(busy(status), busy(status), busy(status), OK)
    assert await line.connector.post(line.to, ROOM, HELLO) == "posted-2"
    first, second, third = line.waits.waits
    assert 0.5 <= first <= 1 <= second <= 1.5
    assert 2 <= third <= 2.5


async def test_patience_ends(line: Line) -> None:
    line.will_answer(busy(502))
    with pytest.raises(ConnectorError) as refused:
        await line.connector.post(line.to, ROOM, HELLO)
    assert (refused.value.status, refused.value.code) == (502, "Throttled")
    assert not refused.value.handed_over
    assert len(line.channel.calls) == Patience().attempts


async def test_a_long_wait_is_left_to_the_ledger(line: Line) -> None:
    line.will_answer(busy(429, "120"))
    with pytest.raises(ConnectorError) as refused:
        await line.connector.post(line.to, ROOM, HELLO)
    assert refused.value.retry_after == timedelta(seconds=120)
    assert len(line.channel.calls) == 1
    assert line.waits.waits == []


@pytest.mark.parametrize("status", [400, 403, 404, 500])
async def test_a_refusal_is_not_tried_again(line: Line, status: int) -> None:
    line.will_answer(busy(status))
    with pytest.raises(ConnectorError) as refused:
        await line.connector.post(line.to, ROOM, HELLO)
    assert (refused.value.status, refused.value.handed_over) == (status, False)
    assert len(line.channel.calls) == 1


async def test_a_conversation_is_not_created_twice_after_502(line: Line) -> None:
    line.will_answer(busy(502), OK)
    with pytest.raises(ConnectorError):
        await line.connector.create_conversation(line.to, {})
    assert len(line.channel.calls) == 1


async def test_a_conversation_is_created_after_429(line: Line) -> None:
    line.will_answer(busy(429), OK)
    assert (await line.connector.create_conversation(line.to, {})).id == "posted-2"


async def test_a_connection_that_breaks_leaves_a_post_unknown(line: Line) -> None:
    line.will_answer(hang_up)
    with pytest.raises(ConnectorError) as refused:
        await line.connector.post(line.to, ROOM, HELLO)
    assert (refused.value.status, refused.value.handed_over) == (0, True)
    assert len(line.channel.calls) == 1


async def test_an_update_whose_connection_breaks_is_tried_again(line: Line) -> None:
    line.will_answer(hang_up, hang_up, OK)
    assert await line.connector.update(line.to, ROOM, "17", HELLO) == "posted-2"


async def test_no_answer_in_time_leaves_a_post_unknown(line: Line) -> None:
    line.will_answer(say_nothing)
    async with open_session(answer_within=0.2) as session:
        hasty = Connector(session, line.purse, ServiceHosts(LOOPBACK), sleep=line.waits)
        with pytest.raises(ConnectorError) as refused:
            await hasty.post(line.to, ROOM, HELLO)
    assert (refused.value.code, refused.value.handed_over) == ("NoAnswer", True)


async def test_a_host_that_does_not_listen_was_handed_nothing(line: Line) -> None:
    with pytest.raises(ConnectorError) as refused:
        await line.connector.post("http://127.0.0.1:1/", ROOM, HELLO)
    assert (refused.value.code, refused.value.handed_over) == ("Unreachable", False)
    assert len(line.waits.waits) == Patience().attempts - 1


async def test_a_refused_token_is_fetched_anew_once(line: Line) -> None:
    line.will_answer(busy(401), OK)
    assert await line.connector.post(line.to, ROOM, HELLO) == "posted-2"
    assert [h["Authorization"] for h in line.channel.headers] == ["Bearer t1", "Bearer t2"]
    line.will_answer(busy(401))
    with pytest.raises(ConnectorError):
        await line.connector.post(line.to, ROOM, HELLO)
    assert len(line.channel.calls) == 4


async def test_without_a_token_nothing_is_sent(line: Line) -> None:
    line.purse.broken = True
    with pytest.raises(ConnectorError) as refused:
        await line.connector.post(line.to, ROOM, HELLO)
    assert (refused.value.code, refused.value.handed_over) == ("TokenUnavailable", False)
    assert line.channel.calls == []


async def test_a_host_outside_the_list_is_never_called(line: Line) -> None:
    with pytest.raises(ConnectorError) as refused:
        await line.connector.post("https://evil.example/", ROOM, HELLO)
    assert refused.value.code == "ServiceHostNotAllowed"


async def test_a_redirect_is_not_followed(line: Line) -> None:
    line.will_answer(web.Response(status=307, headers={"Location": "https://evil.example/"}))
    with pytest.raises(ConnectorError) as refused:
        await line.connector.post(line.to, ROOM, HELLO)
    assert refused.value.status == 307


async def test_a_message_too_large_for_the_channel_is_not_sent(line: Line) -> None:
    frame = len('{"type":"message","text":""}')
    fits = {"type": "message", "text": "é" * (MESSAGE_LIMIT // 2 - frame)}
    await line.connector.post(line.to, ROOM, fits)
    # One emoji is two units of UTF-16, and so four bytes.
    for text in (fits["text"] + "é", "🔥" * (MESSAGE_LIMIT // 4)):
        with pytest.raises(ConnectorError) as refused:
            await line.connector.post(line.to, ROOM, {"type": "message", "text": text})
        assert (refused.value.status, refused.value.code) == (413, "MessageSizeTooBig")
    assert len(line.channel.calls) == 1


async def test_a_message_that_is_no_json_is_not_sent(line: Line) -> None:
    for text in (object(), "\ud83d"):
        with pytest.raises(ConnectorError) as refused:
            await line.connector.post(line.to, ROOM, {"text": text})
        assert (refused.value.code, refused.value.handed_over) == ("NotJson", False)
    assert line.channel.calls == []
