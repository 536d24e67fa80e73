"""Postgres goes away in the middle and comes back: everybody goes on by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest

from storage.schema import upgrade
from tests import postgres as pg
from tests.chaos.conftest import Form, Report
from tests.chaos.fleet import Fleet
from tests.chaos.installation import SLOTS, Installation, installation, people
from tests.chaos.sink import Sink
from tests.chaos.tally import record, tally
from tests.postgres import OwnServer


@pytest.fixture
def server() -> Iterator[OwnServer]:
    """A Postgres that may be stopped."""
    with pg.own_server() as own:
        yield own


@pytest.fixture
def restless(server: OwnServer, tmp_path: Path, relay: Sink) -> Iterator[Installation]:
    """An installation on it."""
    with pg.opened(server.url) as database:
        upgrade(database)
    url = server.url.render_as_string(hide_password=False)
    with installation(tmp_path, url, relay, SITREP_LEASE="30") as made:
        yield made


def test_postgres_restarts_in_the_middle(
    server: OwnServer, restless: Installation, form: Form, report: Report
) -> None:
    count, restarts = form.either(10_000, 1_500), form.either(8, 2)
    fleet = Fleet(restless, workers=2)
    app = fleet.ready()
    update = app.draft(count)
    restless.sink.pause(0.01)
    app.approve(update)

    for restart in range(restarts):
        fleet.sends_again()
        sleep(form.dice.uniform(0, 0.5))
        server.stop("fast" if restart % 2 else "immediate")
        sleep(form.dice.uniform(0, 1.5))
        server.start()
    restless.sink.pause(0)
    app.settled(update)

    assert all(victim.is_alive for victim in restless.victims)
    counted = tally(people(count), restless.sink.letters(), restless.victims)
    ledger = record(restless.database_url)
    report(restarts=restarts, people=count, lost=len(counted.lost), again=counted.letters - count)
    assert counted.lost == counted.changed_ids == ()
    assert counted.letters - count <= restarts * 2 * SLOTS
    assert ledger.sums == ledger.counted == {"accepted": count}
    assert [victim.stop() for victim in restless.victims] == [0, 0, 0]
