"""The letterbox on a real IMAP server: each message is given until it is put away, not after."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from email.message import EmailMessage

import pytest
from aiohttp import web
from imapclient import IMAPClient

from bot.bounces.address import ImapBox, Tls
from bot.bounces.imap import ImapLetterbox
from bot.bounces.letterbox import LetterboxClosed
from comms.channels.mail.returned import LIMIT
from tests.bot.channel import serving
from tests.comms.mail import reports
from tests.comms.mail.tokens import HeldTokens
from tests.dovecot import PASSWORD, Dovecot, dovecot

USER = "bounces@contoso.example"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    """A mail server for the tests of this module."""
    with dovecot() as running:
        yield running


@pytest.fixture
def box(server: Dovecot, request: pytest.FixtureRequest) -> ImapBox:
    """A mailbox that nobody else uses."""
    return ImapBox(
        host="localhost",
        port=server.tls,
        tls=Tls.IMPLICIT,
        user=f"{abs(hash(request.node.name))}@contoso.example",
        password=PASSWORD,
    )


def filled(server: Dovecot, box: ImapBox, *raws: bytes) -> None:
    """Put messages into the mailbox, in this order."""
    with IMAPClient("localhost", server.tls, ssl_context=server.context) as client:
        client.login(box.user, PASSWORD)
        for raw in raws:
            client.append("INBOX", raw)


def folders(server: Dovecot, box: ImapBox) -> dict[str, int]:
    """How many messages are in each folder."""
    with IMAPClient("localhost", server.tls, ssl_context=server.context) as client:
        client.login(box.user, PASSWORD)
        names = [name for _flags, _delimiter, name in client.list_folders()]
        return {name: client.folder_status(name, ["MESSAGES"])[b"MESSAGES"] for name in names}


async def test_messages_come_as_they_arrived_until_they_are_put_away(
    server: Dovecot, box: ImapBox
) -> None:
    raws = [reports.postfix("1.a"), reports.exchange("2.b"), reports.complaint("3.c")]
    filled(server, box, *raws)
    letterbox = ImapLetterbox(box, tls=server.context)

    first = await letterbox.fetch(2)
    again = await letterbox.fetch(2)
    await letterbox.put_away([one.id for one in first])
    rest = await letterbox.fetch(2)

    assert [one.raw for one in first] == raws[:2]
    assert again == first
    assert [one.raw for one in rest] == raws[2:]
    assert folders(server, box) == {"INBOX": 3}


async def test_what_is_put_away_is_moved_where_that_is_said(server: Dovecot, box: ImapBox) -> None:
    filled(server, box, reports.postfix("1.a"), reports.postfix("2.b"))
    letterbox = ImapLetterbox(replace(box, done="Done with"), tls=server.context)

    [first] = await letterbox.fetch(1)
    await letterbox.put_away([first.id])

    assert folders(server, box) == {"INBOX": 1, "Done with": 1}


async def test_an_empty_mailbox_is_empty(server: Dovecot, box: ImapBox) -> None:
    letterbox = ImapLetterbox(box, tls=server.context)

    assert not await letterbox.fetch(10)
    await letterbox.put_away([])


async def test_of_a_huge_message_only_the_beginning_is_read(server: Dovecot, box: ImapBox) -> None:
    huge = EmailMessage()
    huge["Subject"] = "A film"
    huge.set_content(b"x" * (2 * LIMIT), maintype="video", subtype="mp4")
    filled(server, box, huge.as_bytes())

    [one] = await ImapLetterbox(box, tls=server.context).fetch(1)

    assert len(one.raw) == LIMIT


async def test_starttls_encrypts_before_the_password(server: Dovecot, box: ImapBox) -> None:
    filled(server, box, reports.postfix("1.a"))
    opened = replace(box, port=server.plain, tls=Tls.STARTTLS)

    assert len(await ImapLetterbox(opened, tls=server.context).fetch(9)) == 1


async def test_a_certificate_that_nobody_has_signed_gets_no_password(
    server: Dovecot, box: ImapBox
) -> None:
    with pytest.raises(LetterboxClosed, match="CERTIFICATE_VERIFY_FAILED"):
        await ImapLetterbox(box).fetch(1)


async def test_a_wrong_password_is_said_without_the_password(server: Dovecot, box: ImapBox) -> None:
    with pytest.raises(LetterboxClosed, match="does not let") as closed:
        await ImapLetterbox(replace(box, password="hunter2"), tls=server.context).fetch(1)

    assert "hunter2" not in str(closed.value)


async def test_a_folder_that_is_not_there_is_named(server: Dovecot, box: ImapBox) -> None:
    with pytest.raises(LetterboxClosed, match="Nowhere"):
        await ImapLetterbox(replace(box, folder="Nowhere"), tls=server.context).fetch(1)


async def test_a_server_that_is_not_there_is_named(box: ImapBox) -> None:
    with pytest.raises(LetterboxClosed, match=r"localhost:1 cannot be reached"):
        await ImapLetterbox(replace(box, port=1)).fetch(1)


@pytest.fixture
async def introspected() -> AsyncIterator[str]:
    """Where a server asks whose an access token is."""

    async def whose(request: web.Request) -> web.Response:
        token = (await request.post()).get("token")
        return web.json_response({"active": str(token == "token-2").lower(), "username": USER})

    app = web.Application()
    app.router.add_post("/introspect", whose)
    async with serving(app) as url:
        yield f"{url}/introspect"


@pytest.mark.parametrize(("number", "opens"), [(2, True), (1, True), (0, False)])
async def test_an_access_token_opens_it_and_one_that_is_refused_is_fetched_anew_once(
    introspected: str, number: int, opens: bool
) -> None:
    tokens = HeldTokens(number=number)
    with dovecot(introspected) as server:
        box = ImapBox(
            host="localhost", port=server.tls, tls=Tls.IMPLICIT, user=USER, has_token=True
        )
        letterbox = ImapLetterbox(box, tokens=tokens, tls=server.context)
        if opens:
            assert not await letterbox.fetch(1)
        else:
            with pytest.raises(LetterboxClosed, match="does not let"):
                await letterbox.fetch(1)
