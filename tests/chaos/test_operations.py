"""What an operator does while updates go out, and is told in time."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from tests.chaos.fleet import Fleet
from tests.chaos.installation import App, Installation, free_port
from tests.chaos.tally import record

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
    with shared.changing() as rows:
        rows.exec_driver_sql("UPDATE shard SET accepted = accepted + 1 WHERE id = 1")
    bad = shared.start("db", "check")

    assert bad.ended() == 1
    assert "shard 1 of the ledger does not add up" in bad.said()


def warnings(app: App) -> list[str]:
    """What /readyz says somebody should do."""
    told: list[str] = json.loads(ask(f"{app.api.base}/readyz"))["warnings"]
    return told


def ask(url: str) -> str:
    """Return what is there."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        text: str = answer.read().decode()
        return text
