"""The page's transport: a receipt for what is published, a clear refusal for what is not."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from filelock import Timeout

from comms.channels.page import folder
from comms.channels.page.transport import PageTransport, why
from comms.delivery import DeliveryState, Reason
from comms.errors import Unavailable
from comms.report import CustomerText
from tests.comms.page.samples import NOW, SITE, delivery, statement, telling


class HeldClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    async def sleep(self, time: timedelta) -> None:
        await self.sleep_until(self.now() + time)

    async def sleep_until(self, moment: datetime) -> None:
        self.at = max(self.at, moment)


def _page(directory: Path) -> PageTransport:
    return PageTransport(directory, SITE, HeldClock(NOW))


async def test_a_notice_is_accepted_with_a_receipt_and_on_the_page(tmp_path: Path) -> None:
    (outcome,) = await _page(tmp_path).send(statement(telling()), [delivery()])

    assert outcome.state is DeliveryState.ACCEPTED
    assert outcome.delivery == 1
    assert len(outcome.provider_id) == 16
    assert "Card payments fail at checkout" in (tmp_path / "index.html").read_text()


async def test_sending_again_changes_nothing_and_gives_the_same_receipt(tmp_path: Path) -> None:
    page = _page(tmp_path)
    first = await page.send(statement(telling()), [delivery()])
    before = (tmp_path / folder.MANIFEST).stat().st_mtime_ns

    again = await _page(tmp_path).send(statement(telling()), [delivery()])

    assert again == first
    assert (tmp_path / folder.MANIFEST).stat().st_mtime_ns == before
    assert len(json.loads((tmp_path / "feed.json").read_bytes())["items"]) == 1


async def test_each_delivery_of_a_batch_gets_an_outcome(tmp_path: Path) -> None:
    outcomes = await _page(tmp_path).send(statement(telling()), [delivery(7), delivery(9)])

    assert [outcome.delivery for outcome in outcomes] == [7, 9]


async def test_other_words_under_the_same_number_are_refused_for_good(tmp_path: Path) -> None:
    page = _page(tmp_path)
    await page.send(statement(telling()), [delivery()])

    other = statement(telling(customer=CustomerText(symptom="Other words.")))
    (outcome,) = await page.send(other, [delivery()])

    assert outcome.state is DeliveryState.REJECTED
    assert outcome.reason is Reason.CONTENT_REFUSED


def _a_file_in_the_way(directory: Path) -> None:
    directory.write_text("not a directory")


def _a_directory_in_the_way(directory: Path) -> None:
    (directory / "index.html").mkdir(parents=True)


async def test_a_directory_that_cannot_be_written_may_be_tried_again(tmp_path: Path) -> None:
    obstacles: list[Callable[[Path], None]] = [_a_file_in_the_way, _a_directory_in_the_way]
    for number, put in enumerate(obstacles):
        directory = tmp_path / str(number)
        put(directory)

        (outcome,) = await _page(directory).send(statement(telling()), [delivery()])

        assert outcome.state is DeliveryState.REJECTED
        assert outcome.reason is Reason.TEMPORARY
        assert outcome.reason.is_transient
        assert f"{directory} cannot be written: " in outcome.detail


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EACCES, "it may not be written by this account"),
        (errno.EROFS, "it is mounted read-only"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_what_is_wrong_with_the_disk_is_said_in_words(code: int, words: str) -> None:
    detail = why(Path("/srv/status"), OSError(code, os.strerror(code)))

    assert detail == f"The status page's directory /srv/status cannot be written: {words}."


def test_a_writer_that_keeps_the_directory_is_named() -> None:
    assert "another writer holds it" in why(Path("status"), Timeout("status/.lock"))


async def test_a_refresh_marks_what_is_late_by_then(tmp_path: Path) -> None:
    page = _page(tmp_path)
    await page.send(statement(telling()), [delivery()])

    await page.refresh(NOW + timedelta(minutes=31))

    assert " hidden>The next update" not in (tmp_path / "index.html").read_text()


async def test_a_refresh_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    _a_file_in_the_way(tmp_path / "page")

    with pytest.raises(Unavailable, match="a file is where the directory should be"):
        await _page(tmp_path / "page").refresh(NOW)


async def test_two_transports_on_one_directory_publish_both(tmp_path: Path) -> None:
    await asyncio.gather(
        _page(tmp_path).send(statement(telling(1)), [delivery(1)]),
        _page(tmp_path).send(statement(telling(2)), [delivery(2)]),
    )

    assert len(json.loads((tmp_path / "feed.json").read_bytes())["items"]) == 2
