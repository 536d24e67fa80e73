"""Migrations that run twice at once, or are killed: the next one finishes what was begun."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import URL

from tests import postgres as pg
from tests.chaos.conftest import Form, Report
from tests.chaos.fleet import Fleet
from tests.chaos.installation import Installation, installation
from tests.chaos.sink import Sink

Empty = Callable[[str], Installation]


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, relay: Sink) -> Iterator[Empty]:
    """Make an installation on a database of this name, without tables."""
    with ExitStack() as stack:

        def make(name: str) -> Installation:
            folder = tmp_path / name
            folder.mkdir()
            url = f"sqlite:///{folder}/sitrep.db"
            if request.param == "postgres":
                server: URL = request.getfixturevalue("postgres_server")
                made = stack.enter_context(pg.created(server, f"sitrep_{name}_{os.getpid()}"))
                url = made.render_as_string(hide_password=False)
            return stack.enter_context(installation(folder, url, relay))

        yield make


def test_of_two_migrations_at_once_one_waits_and_both_succeed(empty: Empty, form: Form) -> None:
    for round_ in range(form.either(5, 1)):
        new = empty(f"both{round_}")
        both = [new.start("db", "upgrade") for _ in range(2)]

        assert {one.ended() for one in both} == {0}, [one.said() for one in both]
        assert new.start("db", "check").ended() == 0


def test_a_migration_that_was_killed_is_finished_by_the_next_one(
    empty: Empty, form: Form, report: Report
) -> None:
    began = monotonic()
    new = empty("whole")
    assert new.start("db", "upgrade").ended() == 0
    took, in_the_middle, kills = monotonic() - began, 0, form.either(25, 3)
    for kill in range(kills):
        new = empty(f"kill{kill}")
        victim = new.start("db", "upgrade")
        form.wait(0, took)
        in_the_middle += victim.is_alive
        victim.kill()

        assert new.start("db", "upgrade").ended() == 0
        assert new.start("db", "check").ended() == 0

    report(kills=kills, before_it_had_ended=in_the_middle)
    fleet = Fleet(new, workers=0 if new.database_url.startswith("sqlite") else 1)
    update = fleet.ready().draft(20)
    fleet.app.approve(update)
    assert fleet.app.settled(update) == {"accepted": 20}
