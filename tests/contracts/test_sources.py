"""Copies of sources, and the recipients that are made of them, as every database keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlmodel import Session

from comms.recipient import Recipient
from comms.source import FeedCopy, Member, Shift, SourceState
from comms.testing import HeldClock
from storage.book import SqlBook
from storage.database import Database

T = TypeVar("T")

NOW = HeldClock().now()
ANN = Member(email="Ann@x.org", name="Ann Berg", language="de")
BOB = Member(email="bob@x.org", name="Bob Okoye")


@pytest.fixture(params=["sqlite", "postgres"])
def kept(request: pytest.FixtureRequest) -> Database:
    """A database of each kind."""
    name = "database" if request.param == "sqlite" else "postgres"
    found: Database = request.getfixturevalue(name)
    return found


async def act(kept: Database, work: Callable[[SqlBook], T]) -> T:
    def opened(session: Session) -> T:
        return work(SqlBook(session))

    return await kept.write(opened)


def people(book: SqlBook) -> set[tuple[str, str, str]]:
    found = book.recipients.of("executives", limit=0)
    return {(one.email, one.name, one.language) for one in found}


async def test_what_is_known_of_a_source_comes_back_as_it_was_kept(kept: Database) -> None:
    state = SourceState(
        key="group:g",
        people=3,
        left_out={"guest": 2},
        fetched_at=NOW,
        tried_at=NOW,
        due_at=NOW + timedelta(hours=1),
        failing_since=NOW,
        why="Graph answers 403.",
        held_since=NOW,
        held=1,
        accepted=True,
    )
    await act(kept, lambda book: book.sources.save(state))
    await act(kept, lambda book: book.sources.save(replace(state, people=4)))

    assert await act(kept, lambda book: book.sources.states()) == {
        "group:g": replace(state, people=4)
    }


async def test_people_of_copies_become_recipients_beside_the_list(kept: Database) -> None:
    def come(book: SqlBook) -> set[tuple[str, str, str]]:
        book.recipients.replace("executives", [Recipient(email="ANN@x.org", name="From the list")])
        book.sources.keep_members("group:g", [ANN, BOB])
        book.sources.keep_members("group:h", [replace(BOB, name=""), Member(email="cy@x.org")])
        book.sources.settle("executives", ["group:g", "group:h"])
        return people(book)

    assert await act(kept, come) == {
        ("ANN@x.org", "From the list", ""),
        ("bob@x.org", "Bob Okoye", ""),
        ("cy@x.org", "", ""),
    }


async def test_who_has_left_a_source_is_no_recipient_any_more(kept: Database) -> None:
    def go(book: SqlBook) -> set[tuple[str, str, str]]:
        book.recipients.replace("executives", [Recipient(email="listed@x.org")])
        book.recipients.subscribe("executives", Recipient(email="own@x.org"))
        book.recipients.replace("stakeholders", [])
        for audience in ("executives", "stakeholders"):
            book.sources.keep_members("group:g", [ANN, BOB])
            book.sources.settle(audience, ["group:g"])
        book.sources.keep_members("group:g", [replace(ANN, name="Ann Berg-Roth", language="")])
        book.sources.settle("executives", ["group:g"])
        return people(book)

    assert await act(kept, go) == {
        ("listed@x.org", "", ""),
        ("own@x.org", "", ""),
        ("Ann@x.org", "Ann Berg-Roth", ""),
    }
    assert await act(kept, lambda book: book.recipients.count("stakeholders")) == 2


async def test_an_audience_that_names_no_source_any_more_keeps_nobody_of_it(
    kept: Database,
) -> None:
    def go(book: SqlBook) -> int:
        book.sources.keep_members("group:g", [ANN, BOB])
        book.sources.settle("executives", ["group:g"])
        book.sources.settle("executives", [])
        return book.recipients.count("executives")

    assert await act(kept, go) == 0


async def test_who_is_on_call_is_told_to_the_minute(kept: Database) -> None:
    hour = timedelta(hours=1)
    shifts = [
        Shift(starts=NOW - hour, ends=NOW + hour, member=BOB),
        Shift(starts=NOW, ends=NOW + 2 * hour, member=replace(ANN, language="")),
    ]

    def on_call(book: SqlBook) -> list[list[str]]:
        book.sources.keep_shifts("rota:r", shifts)
        moments = (NOW - hour, NOW, NOW + hour, NOW + 2 * hour)
        return [[one.email for one in book.sources.on_call("rota:r", at)] for at in moments]

    assert await act(kept, on_call) == [
        ["bob@x.org"],
        ["Ann@x.org", "bob@x.org"],
        ["Ann@x.org"],
        [],
    ]
    changes = [NOW - hour, NOW, NOW + hour, NOW + 2 * hour]
    for before, after in zip(changes, [*changes[1:], None], strict=True):
        found = await act(
            kept,
            lambda book, at=before: book.sources.next_change(["rota:r"], at),  # type: ignore[misc]
        )
        assert found == after


async def test_a_calendar_is_kept_with_what_its_server_named_it_by(kept: Database) -> None:
    copy = FeedCopy(origin="o", body="BEGIN:VCALENDAR é".encode(), etag='"1"', modified="today")
    await act(kept, lambda book: book.sources.keep_feed("rota:r", replace(copy, body=b"before")))
    await act(kept, lambda book: book.sources.keep_feed("rota:r", copy))

    assert await act(kept, lambda book: book.sources.feed("rota:r")) == copy
    assert await act(kept, lambda book: book.sources.feed("rota:s")) is None


async def test_nothing_is_kept_of_a_source_that_no_plan_names(kept: Database) -> None:
    def forget(book: SqlBook) -> tuple[list[str], int, int]:
        for key in ("group:g", "group:gone"):
            book.sources.save(SourceState(key=key))
            book.sources.keep_members(key, [ANN])
        book.sources.keep_only(["group:g"])
        copies = (book.sources.members("group:g"), book.sources.members("group:gone"))
        return [*book.sources.states()], len(copies[0]), len(copies[1])

    assert await act(kept, forget) == (["group:g"], 1, 0)
