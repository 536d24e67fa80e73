"""Choices, bulletins and the timers of digests, as every database keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlmodel import Session

from comms.bulletin import Bulletin, BulletinKind
from comms.choice import Choice, Chosen, Wish
from comms.plan.model import ChannelName
from comms.recipient import Recipient
from comms.slot import Slot
from comms.statement import HTML, PLAIN, Statement
from comms.testing import HeldClock
from comms.timer import Timer
from storage.book import SqlBook
from storage.database import Database

T = TypeVar("T")

NOW = HeldClock().now()
DAILY = Choice(wish=Wish.DAILY, hour=8, time_zone="Europe/Zurich", read_to=4)
SLOT = Slot("Europe/Zurich", 8)


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


async def test_choices_are_kept_by_audience_and_address(kept: Database) -> None:
    chosen = [
        Chosen("customers", "a@x.org", DAILY),
        Chosen("customers", "b@x.org", replace(DAILY, wish=Wish.WEEKLY, weekday=4)),
        Chosen("executives", "a@x.org", Choice(wish=Wish.CHANGES, language="de")),
    ]
    await act(kept, lambda book: book.choices.save(chosen))
    listed = [Recipient(email="A@x.org"), Recipient(email="c@x.org")]
    await act(kept, lambda book: book.recipients.replace("customers", listed))

    found = await act(kept, lambda book: book.choices.among(["customers"], ["a@x.org", "c@x.org"]))
    assert found == {("customers", "a@x.org"): DAILY}
    paged = await act(kept, lambda book: book.choices.of("customers", after="a@x.org"))
    assert [one.address for one in paged] == ["b@x.org"]
    counts = await act(kept, lambda book: book.choices.counts("customers"))
    assert counts == {Wish.DAILY: 1}  # b is on no list any more


async def test_a_list_changes_what_a_list_brought_and_keeps_how_far_they_read(
    kept: Database,
) -> None:
    by_list = Choice(wish=Wish.DAILY, by_import=True, read_to=3, read_at=NOW)
    own = Choice(wish=Wish.NOTHING)
    await act(
        kept,
        lambda book: book.choices.save(
            [Chosen("customers", "list@x.org", by_list), Chosen("customers", "own@x.org", own)]
        ),
    )
    again = replace(by_list, hour=17, read_to=99, read_at=None)
    names = ("list@x.org", "own@x.org", "new@x.org")
    await act(
        kept,
        lambda book: book.choices.imported([Chosen("customers", name, again) for name in names]),
    )

    found = await act(kept, lambda book: book.choices.among(["customers"], names))
    assert found["customers", "list@x.org"] == replace(by_list, hour=17)
    assert found["customers", "own@x.org"] == own
    assert found["customers", "new@x.org"] == again


async def test_readers_of_a_slot_are_due_until_they_have_read(kept: Database) -> None:
    chosen = [
        Chosen("customers", "first@x.org", DAILY),
        Chosen("customers", "read@x.org", replace(DAILY, read_at=NOW)),
        Chosen("customers", "weekly@x.org", replace(DAILY, wish=Wish.WEEKLY)),
        Chosen("customers", "later@x.org", replace(DAILY, hour=9)),
        Chosen("executives", "other@x.org", DAILY),
    ]
    await act(kept, lambda book: book.choices.save(chosen))

    async def due(slot: Slot, **more: object) -> list[str]:
        found = await act(
            kept,
            lambda book: book.choices.due("customers", slot, limit=9, **more),  # type: ignore[arg-type]
        )
        return [one.address for one in found]

    assert await due(SLOT) == ["first@x.org", "read@x.org"]
    assert await due(SLOT, before=NOW) == ["first@x.org"]
    assert await due(SLOT, before=NOW + timedelta(days=1)) == ["first@x.org", "read@x.org"]
    assert await due(Slot("Europe/Zurich", 8, 0)) == ["weekly@x.org"]


async def test_a_bulletin_is_kept_once_and_found_again(kept: Database) -> None:
    statement = Statement(
        incident="digest.x",
        update=0,
        audience="customers",
        channel=ChannelName.MAIL,
        subject="A digest",
        parts={PLAIN: "Ünï", HTML: "<p>", "text/calendar; method=REQUEST": "BEGIN"},
        thread="digest.x",
    )
    bulletin = Bulletin(
        key="digest.x",
        kind=BulletinKind.DIGEST,
        audience="customers",
        at=NOW,
        statement=statement,
        about="INC-1",
        facts={"updates": 2, "uid": "u"},
    )

    assert await act(kept, lambda book: book.bulletins.add(bulletin))
    assert not await act(kept, lambda book: book.bulletins.add(bulletin))
    assert await act(kept, lambda book: book.bulletins.get("digest.x")) == bulletin
    found = await act(
        kept,
        lambda book: book.bulletins.find(
            kind=BulletinKind.DIGEST, audience="customers", about="INC-1"
        ),
    )
    assert list(found) == [bulletin]
    assert list(found[0].statement.parts) == [PLAIN, HTML, "text/calendar; method=REQUEST"]


async def test_a_bulletins_fan_out_is_opened_once_and_is_no_news_for_a_digest(
    kept: Database,
) -> None:
    statement = Statement(
        incident="digest.x",
        update=0,
        audience="customers",
        channel=ChannelName.MAIL,
        subject="A digest",
        parts={PLAIN: "News"},
        thread="digest.x",
    )

    def opened(book: SqlBook) -> tuple[int, ...]:
        twice = [
            book.fanouts.open(update=None, statement=statement, priority=900, now=NOW)
            for _ in range(2)
        ]
        other = replace(statement, incident="digest.y")
        third = book.fanouts.open(update=None, statement=other, priority=900, now=NOW)
        assert not third.is_update
        return (*(fanout.id for fanout in twice), third.id)

    first, again, other = await act(kept, opened)

    assert first == again != other
    news = await act(
        kept, lambda book: book.fanouts.behind(0, audience="customers", channel=ChannelName.MAIL)
    )
    assert news == ()


async def test_a_timer_that_is_set_is_not_started_again(kept: Database) -> None:
    timer = Timer(key="digest:x", due_at=NOW, kind="digest", incident="")
    later = replace(timer, due_at=NOW + timedelta(days=1))

    await act(kept, lambda book: book.timers.start([timer]))
    await act(kept, lambda book: book.timers.start([later, replace(later, key="digest:y")]))

    due = await act(kept, lambda book: book.timers.due(NOW, kinds=("digest",), limit=9))
    assert [(one.key, one.due_at) for one in due] == [("digest:x", NOW)]


async def test_who_has_subscribed_stays_when_the_list_is_replaced(kept: Database) -> None:
    def come(book: SqlBook) -> None:
        book.recipients.replace("customers", [Recipient(email="Listed@x.org")])
        for _ in range(2):
            book.recipients.subscribe("customers", Recipient(email="own@x.org"))
        book.recipients.subscribe("customers", Recipient(email="listed@X.org"))

    await act(kept, come)
    people = [Recipient(email="own@x.org", name="From the list"), Recipient(email="new@x.org")]
    count = await act(kept, lambda book: book.recipients.replace("customers", people))

    assert count == 3
    found = await act(kept, lambda book: book.recipients.of("customers", limit=0))
    assert {(one.email, one.name) for one in found} == {
        ("Listed@x.org", ""),
        ("own@x.org", ""),
        ("new@x.org", ""),
    }
