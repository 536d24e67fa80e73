"""A group is read as Graph documents it: to its last page, with patience, and with clear words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import ClientSession, web

from bot.sources.down import SourceDown
from bot.sources.group import GroupReader
from comms.errors import Invalid
from comms.source import Member, Source, SourceKind
from comms.testing import HeldClock
from tests.bot.sources.directory import GROUP, Directory, a_directory, refusal, user

SOURCE = Source(kind=SourceKind.GROUP, name=GROUP)


class Token:
    """Gives token-1, and another once that was refused."""

    def __init__(self) -> None:
        self.number = 1

    async def token(self) -> str:
        return f"token-{self.number}"

    def forget(self) -> None:
        self.number += 1


class ReadyClock(HeldClock):
    """Whoever waits finds that the time has come."""

    async def sleep_until(self, moment: object) -> None:
        self.advance(max(moment - self.now(), timedelta()))  # type: ignore[operator]


@pytest.fixture
async def directory() -> AsyncIterator[Directory]:
    """An empty directory."""
    async with a_directory() as found:
        yield found


@pytest.fixture
def clock() -> ReadyClock:
    """A clock that leaps."""
    return ReadyClock()


@pytest.fixture
async def reader(directory: Directory, clock: ReadyClock) -> AsyncIterator[GroupReader]:
    """What reads from that directory."""
    token = Token()
    async with ClientSession() as session:
        yield GroupReader(url=directory.url, session=session, tokens=lambda: token, clock=clock)


async def why(reader: GroupReader, source: Source = SOURCE) -> str:
    with pytest.raises(SourceDown) as down:
        await reader.read(source)
    return str(down.value)


async def test_a_group_is_read_to_its_last_page(directory: Directory, reader: GroupReader) -> None:
    names = ("ann", "bob", "cy", "dee", "eve")
    directory.groups[GROUP] = [user(name, preferredLanguage="de-CH") for name in names]

    found = await reader.read(SOURCE)

    assert len(directory.requests) == 3
    assert [one.email for one in found.members] == [f"{name}@x.org" for name in names]
    assert found.members[0] == Member(email="ann@x.org", name="Ann", language="de-CH")
    assert not found.left_out


async def test_who_cannot_or_should_not_be_told_is_left_out_and_counted(
    directory: Directory, reader: GroupReader
) -> None:
    directory.groups[GROUP] = [
        user("ann"),
        user("gone", accountEnabled=False),
        user("guest", userType="Guest"),
        user("partner", userType=None, userPrincipalName="p_y.org#EXT#@x.onmicrosoft.com"),
        user("robot", mail=None),
        user("odd", mail="no address"),
        user("again", mail="ANN@x.org"),
    ]

    found = await reader.read(SOURCE)

    assert [one.email for one in found.members] == ["ann@x.org"]
    assert found.left_out == {"disabled": 1, "guests": 2, "without an address": 2}


async def test_guests_are_told_where_the_plan_says_so(
    directory: Directory, reader: GroupReader
) -> None:
    directory.groups[GROUP] = [user("guest", userType="Guest")]
    with_guests = Source(kind=SourceKind.GROUP, name=GROUP, guests=True)

    assert [one.email for one in (await reader.read(with_guests)).members] == ["guest@x.org"]


async def test_a_group_is_found_by_its_name(directory: Directory, reader: GroupReader) -> None:
    directory.groups[GROUP] = [user("ann")]
    directory.names = {"Kader 'A'": [GROUP], "Twice": [GROUP, "another"]}

    found = await reader.read(Source(kind=SourceKind.GROUP, name="Kader 'A'"))
    assert len(found.members) == 1
    assert "object id" in await why(reader, Source(kind=SourceKind.GROUP, name="Twice"))
    assert "no group called 'None'" in await why(reader, Source(kind=SourceKind.GROUP, name="None"))


async def test_graph_is_waited_for_in_the_middle_of_a_group(
    directory: Directory, reader: GroupReader, clock: ReadyClock
) -> None:
    directory.groups[GROUP] = [user(name) for name in ("ann", "bob", "cy")]
    busy = refusal(429, "TooManyRequests", Retry_After="17")
    directory.reply = lambda number: busy if number == 2 else None
    before = clock.now()

    found = await reader.read(SOURCE)

    assert len(found.members) == 3
    assert clock.now() - before == timedelta(seconds=17)


async def test_a_long_pause_is_left_to_the_next_reading(
    directory: Directory, reader: GroupReader
) -> None:
    directory.reply = lambda _number: refusal(429, "TooManyRequests", Retry_After="600")

    with pytest.raises(SourceDown) as down:
        await reader.read(SOURCE)

    assert down.value.again == timedelta(seconds=600)
    assert len(directory.requests) == 1


async def test_graph_that_stays_busy_is_given_up(directory: Directory, reader: GroupReader) -> None:
    directory.reply = lambda _number: refusal(503, "serviceNotAvailable", Retry_After="1")

    assert "too busy" in await why(reader)


async def test_a_missing_permission_is_named(directory: Directory, reader: GroupReader) -> None:
    directory.reply = lambda _number: refusal(403, "Authorization_RequestDenied")

    said = await why(reader)

    assert "GroupMember.Read.All" in said
    assert "a word that is not shown" not in said


async def test_ids_without_addresses_are_a_missing_permission_too(
    directory: Directory, reader: GroupReader
) -> None:
    nothing = {"mail": None, "userPrincipalName": None, "displayName": None}
    directory.groups[GROUP] = [user("ann", **nothing), user("bob", **nothing)]

    assert "User.Read.All" in await why(reader)


async def test_a_group_that_is_gone_is_said_to_be(reader: GroupReader) -> None:
    assert GROUP in await why(reader)


async def test_a_token_that_was_refused_is_fetched_anew_once(
    directory: Directory, reader: GroupReader
) -> None:
    directory.groups[GROUP] = [user("ann")]

    def refused() -> web.Response:
        return refusal(401, "InvalidAuthenticationToken")

    directory.reply = lambda number: refused() if number == 1 else None

    assert len((await reader.read(SOURCE)).members) == 1
    tokens = [request.headers["Authorization"] for request in directory.requests]
    assert tokens == ["Bearer token-1", "Bearer token-2"]
    directory.reply = lambda _number: refused()
    assert "401" in await why(reader)


async def test_the_token_goes_to_no_other_host(directory: Directory, reader: GroupReader) -> None:
    directory.groups[GROUP] = [user(name) for name in ("ann", "bob", "cy")]
    directory.elsewhere = "http://graph.evil.example"

    assert "another host" in await why(reader)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b"{}", b'{"value": [1]}'])
async def test_what_is_no_answer_of_graph_is_no_empty_group(
    directory: Directory, reader: GroupReader, body: bytes
) -> None:
    directory.reply = lambda _number: web.Response(body=body)
    assert "cannot be read" in await why(reader)

    directory.reply = lambda _number: web.Response(status=502, body=body)
    assert "Graph answers 502" in await why(reader)


async def test_an_app_without_an_identity_says_so(directory: Directory, clock: HeldClock) -> None:
    def none() -> Token:
        raise Invalid("Set SITREP_BOT_APP_ID.")

    async with ClientSession() as session:
        reader = GroupReader(url=directory.url, session=session, tokens=none, clock=clock)

        assert "SITREP_BOT_APP_ID" in await why(reader)
