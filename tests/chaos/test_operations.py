"""What an operator does while updates go out, and is told in time."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests import postgres as pg
from tests.chaos.conftest import Form
from tests.chaos.fleet import Fleet
from tests.chaos.installation import App, Installation, free_port, installation
from tests.chaos.sink import Sink
from tests.chaos.tally import record
from tests.chaos.test_versions import changing

WAITING = "40 deliveries wait and no worker is alive"


def test_deliveries_that_wait_while_no_worker_is_alive_are_warned_of(shared: Installation) -> None:
    app = shared.serve().ready()
    update = app.draft(40)
    assert warnings(app) == []

    app.approve(update)

    assert WAITING in warnings(app)[0]
    bad = shared.start("doctor")
    assert bad.ended() == 1
    assert f"BAD  workers: {WAITING}. Start `sitrep worker`." in bad.said()
    shared.worker().says("The worker sends")
    assert app.settled(update) == {"accepted": 40}
    assert warnings(app) == []


def test_a_worker_shows_what_it_has_sent(shared: Installation) -> None:
    app, port = shared.serve(), free_port()
    shared.worker(SITREP_METRICS_PORT=str(port)).says("The worker sends")
    update = app.ready().draft(40)
    app.approve(update)
    app.settled(update)

    shown = ask(f"http://127.0.0.1:{port}/metrics")

    sent = 'sitrep_deliveries_total{channel="mail",outcome="accepted",reason=""} 40.0'
    assert sent in shown.splitlines()
    assert 'sitrep_queue_deliveries{channel="mail",state="planned"} 0.0' in shown.splitlines()


def test_a_port_that_is_taken_is_said_in_one_line(shared: Installation) -> None:
    app = shared.serve().ready()
    port = app.api.base.rpartition(":")[2]

    worker = shared.worker(SITREP_METRICS_PORT=port)

    assert worker.ended() == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in worker.said().splitlines()[-1]


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, relay: Sink) -> Iterator[Installation]:
    """An installation on a database without tables."""
    if request.param == "sqlite":
        with installation(tmp_path, f"sqlite:///{tmp_path}/empty.db", relay) as made:
            yield made
        return
    server: URL = request.getfixturevalue("postgres_server")
    with pg.created(server, "sitrep_chaos_empty") as url:
        named = url.render_as_string(hide_password=False)
        with installation(tmp_path, named, relay) as made:
            yield made


def test_of_two_migrations_at_once_one_waits_and_both_succeed(
    empty: Installation, form: Form
) -> None:
    both = [empty.start("db", "upgrade") for _ in range(form.either(6, 2))]

    assert {one.ended() for one in both} == {0}, [one.said() for one in both]
    assert empty.start("db", "check").ended() == 0


def test_killed_during_a_migration_the_next_one_finishes_it(
    empty: Installation, form: Form
) -> None:
    for _ in range(form.either(25, 3)):
        victim = empty.start("db", "upgrade")
        form.wait(0, 1.5)
        victim.kill()

    assert empty.start("db", "upgrade").ended() == 0
    assert empty.start("db", "check").ended() == 0


def test_a_backup_taken_while_an_update_goes_out_is_whole(
    embedded: Installation, tmp_path: Path
) -> None:
    fleet = Fleet(embedded)
    app = fleet.ready()
    update = app.draft(600)
    embedded.sink.pause(0.01)
    app.approve(update)
    fleet.sends_again()

    copy = tmp_path / "copy.db"
    made = embedded.start("db", "backup", str(copy))

    assert made.ended() == 0, made.said()
    restored = f"sqlite:///{copy}"
    checked = embedded.start("db", "check", SITREP_DATABASE_URL=restored)
    assert checked.ended() == 0, checked.said()
    kept = record(restored)
    assert kept.sums == kept.counted
    assert kept.counted["planned"] > 0
    assert app.settled(update) == {"accepted": 600}


def test_a_check_while_an_update_goes_out_finds_nothing_and_a_wrong_total_when_there_is_one(
    shared: Installation,
) -> None:
    fleet = Fleet(shared, workers=1)
    app = fleet.ready()
    update = app.draft(600)
    shared.sink.pause(0.01)
    app.approve(update)
    fleet.sends_again()

    assert shared.start("db", "check").ended() == 0
    with changing(shared) as rows:
        rows.exec_driver_sql("UPDATE shard SET accepted = accepted + 1 WHERE id = 1")
    bad = shared.start("db", "check")

    assert bad.ended() == 1
    assert "shard 1 of the ledger does not add up" in bad.said()


UNREACHABLE = "postgresql://sitrep@127.0.0.1:1/sitrep"


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("worker",), ("db", "upgrade")])
@pytest.mark.parametrize(
    ("url", "told"),
    [
        (UNREACHABLE, "check that it runs, and SITREP_DATABASE_URL"),
        ("mysql://db.example.org/sitrep", "SITREP_DATABASE_URL"),
        ("oracle+oracledb://db.example.org/sitrep", "SITREP_DATABASE_URL"),
        ("sitrep.db", "SITREP_DATABASE_URL"),
    ],
)
def test_a_database_that_cannot_be_worked_with_is_said_in_one_line(
    embedded: Installation, words: tuple[str, ...], url: str, told: str
) -> None:
    refused = embedded.start(*words, SITREP_DATABASE_URL=url)

    assert refused.ended() == 1
    said = refused.said().splitlines()
    assert len(said) == 1, said
    assert told in said[0]


@pytest.mark.parametrize(
    ("name", "value", "bounds"),
    [
        ("SITREP_SLOTS", "3", "4 to 2000"),
        ("SITREP_SLOTS", "2001", "4 to 2000"),
        ("SITREP_LEASE", "4", "5 to 600"),
        ("SITREP_LEASE", "601", "5 to 600"),
        ("SITREP_METRICS_PORT", "65536", "0 to 65535"),
        ("SITREP_SMTP_URL", "smtp://relay.example.org?rate=-1", "rate"),
        ("SITREP_SMTP_URL", "smtp://relay.example.org?connections=0", "connections"),
    ],
)
def test_a_setting_out_of_range_names_its_bounds(
    embedded: Installation, name: str, value: str, bounds: str
) -> None:
    refused = embedded.start("serve", "--port", "0", **{name: value})

    assert refused.ended() == 1
    said = refused.said().splitlines()
    assert len(said) == 1, said
    assert name in said[0]
    assert bounds in said[0]


def warnings(app: App) -> list[str]:
    """What /readyz says somebody should do."""
    told: list[str] = json.loads(ask(f"{app.api.base}/readyz"))["warnings"]
    return told


def ask(url: str) -> str:
    """Return what is there."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        text: str = answer.read().decode()
        return text
