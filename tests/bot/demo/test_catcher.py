"""The mail catcher keeps what it gets and counts what arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.demo.catcher import Catcher
from bot.demo.tag import Tag
from comms.clock import SystemClock
from tests.bot.demo.small_bot import send_mail


@pytest.fixture
async def catcher() -> AsyncIterator[Catcher]:
    catcher = Catcher(clock=SystemClock())
    await catcher.start()
    yield catcher
    await catcher.stop()


async def test_a_mail_is_kept_with_its_parts_headers_and_source(catcher: Catcher) -> None:
    subject = "Zahlungen gestört: ñ 🚑"
    await asyncio.to_thread(send_mail, catcher.port, subject=subject, html="<p>bäd</p>")

    (mail,) = catcher.mails
    assert (mail.subject, mail.html.strip()) == (subject, "<p>bäd</p>")
    assert mail.text.strip() == "A third of card payments fails."
    assert ("X-Sitrep-Audience", "executives") in mail.headers
    assert mail.source.startswith("From: Sitrep")


async def test_mails_are_counted_by_update_and_audience_and_duplicates_show(
    catcher: Catcher,
) -> None:
    await asyncio.to_thread(send_mail, catcher.port, update=1, message_id="<a@x>")
    await asyncio.to_thread(send_mail, catcher.port, update=2, message_id="<b@x>")
    await asyncio.to_thread(send_mail, catcher.port, update=2, message_id="<b@x>")

    assert catcher.received == {
        Tag("INC-1", 1, "executives"): 1,
        Tag("INC-1", 2, "executives"): 2,
    }
    assert catcher.message_ids["<b@x>"] == 2


async def test_commands_may_be_pipelined_as_it_says(catcher: Catcher) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", catcher.port)
    await reader.readline()
    writer.write(b"EHLO test\r\n")
    offered = b""
    while b"250 " not in offered:
        offered += await reader.readline()
    assert b"250-PIPELINING\r\n" in offered
    assert b"8BITMIME" in offered
    assert b"SMTPUTF8" in offered

    one = b"MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n"
    body = b"Subject: hi\r\n\r\nhi\r\n.\r\n"
    writer.write(one + body + one + body + b"QUIT\r\n")
    replies = (await reader.read()).split(b"\r\n")

    assert [reply[:3] for reply in replies if reply] == [
        b"250", b"250", b"354", b"250", b"250", b"250", b"354", b"250", b"221",
    ]  # fmt: skip
    assert len(catcher.mails) == 2
    writer.close()
