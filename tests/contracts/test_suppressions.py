"""The suppression list keeps its promises on SQLite and on Postgres."""

from __future__ import annotations

from datetime import timedelta

import pytest

from comms.delivery import Reason
from comms.suppression import Suppression
from comms.testing.clock import MONDAY as NOW
from storage.book import SqlBook
from storage.database import Database
from storage.mail_tables import SuppressionRow

DAY = timedelta(days=1)

HARD = Suppression(address="hard@x.org", reason=Reason.BOUNCED, since=NOW, evidence="5.1.1 unknown")
PAUSED = Suppression(
    address="paused@x.org",
    reason=Reason.BOUNCING,
    since=NOW,
    until=NOW + DAY,
    strikes=5,
    strikes_since=NOW,
)
COUNTED = Suppression(address="counted@x.org", reason=None, since=NOW, strikes=1, strikes_since=NOW)
ALL = [HARD.address, PAUSED.address, COUNTED.address, "nobody@x.org"]


@pytest.fixture(params=["sqlite", "postgres"])
def kept_in(request: pytest.FixtureRequest) -> Database:
    """A database of each kind in turn."""
    found: Database = request.getfixturevalue(
        "database" if request.param == "sqlite" else "postgres"
    )
    return found


@pytest.fixture
async def filled(kept_in: Database) -> Database:
    """The same with three addresses on the list."""

    def fill(book: SqlBook) -> None:
        for one in (HARD, PAUSED, COUNTED):
            book.suppressions.save(one)

    await kept_in.write(lambda session: fill(SqlBook(session)))
    return kept_in


async def test_an_empty_list_suppresses_nobody(kept_in: Database) -> None:
    assert not await kept_in.read(lambda s: SqlBook(s).suppressions.among(ALL, now=NOW))


async def test_only_those_to_whom_nothing_is_sent_are_found(filled: Database) -> None:
    found = await filled.read(lambda s: SqlBook(s).suppressions.among(ALL, now=NOW))

    assert found == {HARD.address: Reason.BOUNCED, PAUSED.address: Reason.BOUNCING}


async def test_a_pause_that_is_over_suppresses_nobody(filled: Database) -> None:
    found = await filled.read(lambda s: SqlBook(s).suppressions.among(ALL, now=NOW + DAY))

    assert found == {HARD.address: Reason.BOUNCED}


async def test_what_is_kept_of_an_address_comes_back_whole(filled: Database) -> None:
    assert await filled.read(lambda s: SqlBook(s).suppressions.get("Paused@X.org")) == PAUSED


async def test_what_is_saved_again_takes_the_place_of_what_was_known(filled: Database) -> None:
    later = Suppression(address=COUNTED.address, reason=Reason.COMPLAINED, since=NOW + DAY)

    await filled.write(lambda s: SqlBook(s).suppressions.save(later))

    assert await filled.read(lambda s: SqlBook(s).suppressions.get(COUNTED.address)) == later


async def test_a_forgotten_address_is_free_and_was_known_once(filled: Database) -> None:
    assert await filled.write(lambda s: SqlBook(s).suppressions.forget("Hard@x.org"))
    assert not await filled.write(lambda s: SqlBook(s).suppressions.forget("Hard@x.org"))
    assert not await filled.read(lambda s: SqlBook(s).suppressions.among([HARD.address], now=NOW))


async def test_the_list_is_read_in_pages(filled: Database) -> None:
    first = await filled.read(lambda s: SqlBook(s).suppressions.held(after="", limit=1, now=NOW))
    rest = await filled.read(
        lambda s: SqlBook(s).suppressions.held(after=first[-1].address, limit=9, now=NOW)
    )

    assert (first, rest) == ((HARD,), (PAUSED,))


async def test_a_reason_of_a_newer_version_suppresses_too(kept_in: Database) -> None:
    row = SuppressionRow(address="a@x.org", reason="telepathy", since=NOW)
    await kept_in.write(lambda session: session.add(row))

    found = await kept_in.read(lambda s: SqlBook(s).suppressions.among(["a@x.org"], now=NOW))

    assert found == {"a@x.org": Reason.NEWER}
