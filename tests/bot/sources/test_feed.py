"""A calendar is fetched once it has changed, from outside hosts, and its address stays secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.sources.down import SourceDown
from bot.sources.feed import FeedReader, Feeds, feeds
from comms.errors import Invalid
from comms.rota import LIMIT
from comms.source import FeedCopy
from tests.bot.channel import serving

SECRET = "hunter2"
BODY = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


class Server:
    """Answers with `answer`, or as servers of calendars do: 304 to who has the calendar."""

    def __init__(self) -> None:
        self.answer: web.Response | None = None
        self.requests: list[web.Request] = []
        self.url = ""

    async def calendar(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        if self.answer is not None:
            return self.answer
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        return web.Response(body=BODY, headers={"ETag": '"1"', "Last-Modified": "today"})

    @property
    def feed(self) -> str:
        """The calendar's address."""
        return f"{self.url}/{SECRET}.ics"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server of one calendar."""
    server, app = Server(), web.Application()
    app.router.add_get("/{name}", server.calendar)
    async with serving(app) as server.url:
        yield server


@pytest.fixture
async def reader() -> AsyncIterator[FeedReader]:
    """A reader that may read from this machine."""
    reader = FeedReader(Feeds(hosts=("127.0.0.1",)))
    yield reader
    await reader.close()


async def why(reader: FeedReader, feed: str, kept: FeedCopy | None = None) -> str:
    with pytest.raises(SourceDown) as down:
        await reader.fetch("payments", feed, kept)
    assert SECRET not in str(down.value)
    assert SECRET not in repr(down.value.__cause__)
    return str(down.value)


async def test_a_calendar_is_fetched_and_then_only_when_it_has_changed(
    server: Server, reader: FeedReader
) -> None:
    first = await reader.fetch("payments", server.feed, None)

    assert first
    assert (first.body, first.etag, first.modified) == (BODY, '"1"', "today")
    assert SECRET not in repr(first)
    assert await reader.fetch("payments", server.feed, first) is None
    assert server.requests[1].headers["If-Modified-Since"] == "today"


async def test_what_is_kept_of_another_address_does_not_stand_for_this_one(
    server: Server, reader: FeedReader
) -> None:
    first = await reader.fetch("payments", server.feed, None)

    assert await reader.fetch("payments", f"{server.url}/other.ics", first)
    assert "If-None-Match" not in server.requests[1].headers


async def test_a_feed_of_the_settings_is_taken_where_the_plan_tells_none(server: Server) -> None:
    reader = FeedReader(feeds(f"# by name\npayments = {server.feed}\n", ["127.0.0.1"]))
    try:
        assert await reader.fetch("payments", "", None)
        with pytest.raises(SourceDown, match=r"network has no feed.*SITREP_ROTA_FEEDS"):
            await reader.fetch("network", "", None)
    finally:
        await reader.close()


@pytest.mark.parametrize(
    "lines",
    [
        f"https://x.example/{SECRET}",
        f"payments=http://x.example/{SECRET}",
        f"payments=https://127.0.0.1/{SECRET}",
        f"payments=https://[{SECRET}/",
        f"a=https://x.example/{SECRET}\na=https://x.example/{SECRET}",
    ],
)
def test_settings_that_are_wrong_are_not_repeated(lines: str) -> None:
    with pytest.raises(Invalid, match=r"SITREP_ROTA_FEEDS: line [12]") as wrong:
        feeds(lines)

    assert SECRET not in wrong.value.detail


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "[::1]",
        "[fd00::1]",
        "[::ffff:10.0.0.1]",
        "0.0.0.0",
    ],
)
async def test_addresses_inside_the_network_are_not_asked(host: str) -> None:
    reader = FeedReader(Feeds())
    try:
        assert "inside the network" in await why(reader, f"https://{host}/{SECRET}.ics")
    finally:
        await reader.close()


async def test_nor_are_names_that_lead_there() -> None:
    reader = FeedReader(Feeds())
    try:
        said = await why(reader, f"https://rota.localhost/{SECRET}.ics")
    finally:
        await reader.close()
    assert said in {
        "rota.localhost is an address inside the network.",
        "rota.localhost is no host that is known.",
    }


async def test_a_redirect_does_not_lead_inside_either(server: Server, reader: FeedReader) -> None:
    for place in (f"https://10.0.0.1/{SECRET}", f"http://x.example/{SECRET}"):
        server.answer = web.Response(status=302, headers={"Location": place})
        said = await why(reader, server.feed)
        assert "inside the network" in said or "https only" in said


async def test_a_redirect_is_followed_a_few_times(reader: FeedReader) -> None:
    async def calendar(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"/{SECRET}"})

    app = web.Application()
    app.router.add_get("/{name}", calendar)
    async with serving(app) as url:
        assert "from one address to the next" in await why(reader, f"{url}/{SECRET}")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 404}, "127.0.0.1 answers 404"),
        ({"status": 503, "headers": {"Retry-After": "120"}}, "127.0.0.1 answers 503"),
        ({"body": b" " * (LIMIT + 1)}, "more than 2 MB"),
    ],
)
async def test_what_cannot_be_had_is_said(
    server: Server, reader: FeedReader, answer: dict[str, Any], said: str
) -> None:
    server.answer = web.Response(**answer)

    assert said in await why(reader, server.feed)


async def test_a_server_that_asks_for_a_pause_gets_it(server: Server, reader: FeedReader) -> None:
    server.answer = web.Response(status=429, headers={"Retry-After": "120"})

    with pytest.raises(SourceDown) as down:
        await reader.fetch("payments", server.feed, None)

    assert down.value.again == timedelta(seconds=120)


async def test_a_server_that_is_away_is_said_to_be(reader: FeedReader) -> None:
    async with serving(web.Application()) as url:
        gone = url

    assert "cannot be reached" in await why(reader, f"{gone}/{SECRET}")
