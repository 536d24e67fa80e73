"""Killed with -9 at any moment: nobody is left out, few get a letter again, and the same one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from time import monotonic, sleep

import pytest

from tests.chaos.conftest import Form, Report
from tests.chaos.installation import SLOTS, App, Installation, people
from tests.chaos.tally import Lives, record, tally
from tests.chaos.victim import until


@pytest.fixture
def lives() -> Lives:
    """When each process began."""
    return Lives()


def begun(embedded: Installation, lives: Lives) -> App:
    """Begin a life."""
    lives.begin()
    return embedded.serve()


def sends_again(embedded: Installation) -> None:
    """Wait until one more letter has come."""
    before = len(embedded.sink.letters())
    until(lambda: len(embedded.sink.letters()) > before)


def proven(embedded: Installation, lives: Lives, count: int, report: Report) -> None:
    """Hold the ledger against what the relay took."""
    counted = tally(people(count), embedded.sink.letters(), lives)
    ledger = record(embedded.database_url)
    report(**counted.figures)

    assert counted.lost == ()
    assert max(counted.repeated, default=0) <= SLOTS
    assert counted.repeated_in_one_life == 0
    assert counted.changed_ids == ()
    assert ledger.sums == ledger.counted == {"accepted": count}


def test_killed_at_random_moments(
    embedded: Installation, lives: Lives, form: Form, report: Report
) -> None:
    count = form.either(6_000, 800)
    app = begun(embedded, lives).ready()
    update = app.draft(count)
    embedded.sink.pause(0.005)
    app.approve(update)
    for kill in range(form.either(30, 3)):
        if kill % 5:
            sends_again(embedded)
            sleep(form.dice.uniform(0, 0.4))
        else:  # also while it starts, and has sent nothing yet
            sleep(form.dice.uniform(0, 1))
        app.victim.kill()
        app = begun(embedded, lives)
    embedded.sink.pause(0)
    app.ready().settled(update)

    proven(embedded, lives, count, report)


def test_killed_between_the_approval_and_the_first_letter(
    embedded: Installation, lives: Lives, report: Report
) -> None:
    app = begun(embedded, lives).ready()
    update = app.draft(500)
    embedded.sink.pause(3600)
    app.approve(update)
    app.victim.kill()
    embedded.sink.pause(0)

    begun(embedded, lives).ready().settled(update)

    proven(embedded, lives, 500, report)


def test_killed_while_a_large_audience_is_planned(
    embedded: Installation, lives: Lives, form: Form, report: Report
) -> None:
    count = form.either(20_000, 4_000)
    app = begun(embedded, lives).ready()
    update = app.draft(count)
    app.approve(update)
    app.victim.kill()
    kept = sum(record(embedded.database_url).counted.values())
    assert 0 < kept < count, "it was killed too late"
    for _ in range(form.either(3, 1)):  # a page takes some milliseconds, a start a second
        app = begun(embedded, lives).ready()
        app.victim.kill()

    begun(embedded, lives).ready().settled(update)

    proven(embedded, lives, count, report)


def test_the_last_process_is_killed_and_nobody_is_there_for_a_while(
    embedded: Installation, lives: Lives, report: Report
) -> None:
    app = begun(embedded, lives).ready()
    update = app.draft(600)
    embedded.sink.pause(0.02)
    app.approve(update)
    sends_again(embedded)
    app.victim.kill()
    sleep(1)
    left = len(embedded.sink.letters())
    sleep(0.5)
    assert len(embedded.sink.letters()) == left < 600
    embedded.sink.pause(0)

    begun(embedded, lives).ready().settled(update)

    proven(embedded, lives, 600, report)


def test_killed_during_its_migration(embedded: Installation, form: Form, report: Report) -> None:
    took = _took_to_migrate(embedded)
    kills = form.either(25, 5)
    for _ in range(kills):
        victim = embedded.start("db", "upgrade")
        sleep(form.dice.uniform(0, took))
        victim.kill()

    app = embedded.serve().ready()
    update = app.draft(20)
    app.approve(update)

    assert app.settled(update) == {"accepted": 20}
    assert embedded.start("db", "check").ended() == 0
    report(kills=kills)


def _took_to_migrate(embedded: Installation) -> float:
    """Return how long it takes here, on another file."""
    began = monotonic()
    aside = f"sqlite:///{embedded.folder}/aside.db"
    assert embedded.start("db", "upgrade", SITREP_DATABASE_URL=aside).ended() == 0
    with closing(sqlite3.connect(embedded.folder / "aside.db")) as file:
        assert file.execute("SELECT count(*) FROM delivery").fetchone() == (0,)
    return monotonic() - began
