"""Two versions on one database: the new one goes on with the old one's rows, side by side too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import Connection, MetaData, Table, func, select, text

from storage.schema import current
from tests.chaos.conftest import Form, Report, on_each_database
from tests.chaos.fleet import Fleet
from tests.chaos.installation import Installation, people
from tests.chaos.next_version import next_version
from tests.chaos.tally import record, tally
from tests.chaos.victim import until

KEPT = ("rejected", "unknown", "cancelled", "suppressed")


@on_each_database
def test_a_start_over_rows_in_every_state_sends_what_is_left_and_keeps_the_rest(
    fleet: Fleet, report: Report
) -> None:
    left_behind(fleet)
    with fleet.installation.changing() as rows:
        settled = "state = 'accepted'"
        ids = rows.execute(text(f"SELECT id FROM delivery WHERE {settled} LIMIT 4")).scalars()
        for number, state in zip(ids.all(), KEPT, strict=True):
            given = {"state": state, "id": number}
            rows.execute(text("UPDATE delivery SET state = :state WHERE id = :id"), given)
            moved = f"UPDATE shard SET accepted = accepted - 1, {state} = {state} + 1"
            moved += " WHERE id = (SELECT shard_id FROM delivery WHERE id = :id)"
            rows.execute(text(moved), given)
        rows.execute(text("UPDATE shard SET owner = 'a machine that is gone'"))

    Fleet(fleet.installation, workers=len(fleet.workers)).ready()
    until(lambda: not record(fleet.installation.database_url).counted.keys() & OPEN)

    ledger = record(fleet.installation.database_url)
    report(**ledger.counted)
    assert ledger.sums == ledger.counted == {"accepted": 296, **dict.fromkeys(KEPT, 1)}


@on_each_database
def test_what_a_newer_version_wrote_is_left_to_it_and_holds_nothing_up(fleet: Fleet) -> None:
    incident = left_behind(fleet)
    with fleet.installation.changing() as rows:
        written_by_newer(rows)

    again = Fleet(fleet.installation, workers=len(fleet.workers))
    app = again.ready()
    until(lambda: record(fleet.installation.database_url).counted["accepted"] == 300)

    assert "channel" in app.victim.says("database.newer")
    rows_told = app.api.get(f"/incidents/{incident}/updates/1/deliveries")["deliveries"]
    assert "newer" in {row["reason"] for row in rows_told}
    other = app.draft_again()
    app.approve(other)
    assert app.settled(other) == {"accepted": 300}
    with fleet.installation.changing() as rows:
        for query in UNTOUCHED:
            assert rows.execute(text(query)).scalar() == 1, query
    assert again.stop() == [0] * (1 + len(fleet.workers))


OPEN = {"planned", "sending"}


def written_by_newer(rows: Connection) -> None:
    """Write a channel, a reason, an effect and a timer that only a newer version knows."""
    fanout = copied(rows, "fanout", channel="sms", state="planning")
    nothing = dict.fromkeys(("sending", "accepted", *KEPT), 0)
    copied(rows, "shard", fanout_id=fanout, channel="sms", owner="", planned=1, **nothing)
    copied(rows, "statement", channel="sms", position=9)
    copied(rows, "outbox", key="pager", lane="INC-1:pager", kind="pager.call")
    copied(rows, "timer", key="digest", kind="digest.due")
    since = "(SELECT opened_at FROM fanout WHERE channel = 'sms')"
    rows.execute(text(f"UPDATE timer SET due_at = {since} WHERE key = 'digest'"))
    accepted = "(SELECT min(id) FROM delivery WHERE state = 'accepted')"
    rows.execute(text(f"UPDATE delivery SET reason = 'too_cheerful' WHERE id = {accepted}"))


def copied(rows: Connection, name: str, **changes: object) -> int:
    """Write a row like one that is there (and due, where it may be); return its number."""
    table = Table(name, MetaData(), autoload_with=rows)
    wanted = select(table)
    if "due_at" in table.c:
        wanted = wanted.where(table.c.due_at.is_not(None))
    row = dict(rows.execute(wanted.limit(1)).one()._mapping)
    row.pop("id", None)
    rows.execute(table.insert(), {**row, **changes})
    return int(rows.execute(select(func.max(table.c.id))).scalar_one()) if "id" in table.c else 0


UNTOUCHED = (
    "SELECT count(*) FROM fanout WHERE channel = 'sms' AND state = 'planning'",
    "SELECT count(*) FROM shard WHERE channel = 'sms' AND planned = 1 AND owner = ''",
    "SELECT count(*) FROM outbox WHERE kind = 'pager.call' AND due_at IS NOT NULL",
    "SELECT count(*) FROM timer WHERE kind = 'digest.due'",
)


def test_the_next_version_goes_on_where_this_one_stopped_on_one_machine(
    embedded: Installation, tmp_path: Path
) -> None:
    fleet = Fleet(embedded)
    update = fleet.ready().draft(600)
    embedded.sink.pause(0.01)
    fleet.app.approve(update)
    fleet.sends_again()
    assert fleet.stop() == [0]
    embedded.sink.pause(0)

    new = embedded.serve(**next_one(embedded, tmp_path)).ready()

    assert new.settled(update) == {"accepted": 600}
    assert new.victim.stop() == 0
    assert len(embedded.sink.letters()) == 600
    old = embedded.serve().victim
    assert old.ended() == 1
    assert len(old.said().splitlines()) == 1
    assert "newer (9002) than this program" in old.said()


def test_two_versions_send_side_by_side_during_a_rollout(
    shared_to_change: Installation, tmp_path: Path, form: Form, report: Report
) -> None:
    shared = shared_to_change
    began, lasts, count = monotonic(), form.either(60, 5), form.either(3_000, 1_200)
    old = Fleet(shared, workers=2)
    app = old.ready()
    app.fill(count)
    shared.sink.pause(0.02)
    updates = [app.draft_again()]
    app.approve(updates[0])
    old.sends_again()
    new = next_one(shared, tmp_path)

    assert shared.start("db", "upgrade", **new).ended() == 0
    refused = shared.worker()
    assert refused.ended() == 1
    assert "newer (9002) than this program" in refused.said()
    fresh = shared.worker(**new)
    fresh.says("The worker sends")
    replica = shared.serve(**new).ready()
    assert old.workers[0].stop() == 0
    for one in (app, replica):
        updates.append(one.draft_again())
        one.approve(updates[-1])
    while monotonic() - began < lasts:
        sleep(0.1)
    shared.sink.pause(0)
    for update in updates:
        replica.settled(update)
    assert [old.workers[1].stop(), app.victim.stop()] == [0, 0]

    counted = tally(people(count), shared.sink.letters(), [], updates=3)
    by = {letter.by for letter in shared.sink.letters()}
    report(seconds=round(monotonic() - began), **counted.figures, senders=len(by))
    assert counted.lost == counted.changed_ids == counted.unexplained == ()
    assert {old.workers[1].name, fresh.name} <= by


def left_behind(fleet: Fleet) -> str:
    """Kill everything in the middle of an update to 300 people; return its incident's key."""
    app = fleet.ready()
    update = app.draft(300)
    fleet.installation.sink.pause(0.02)
    app.approve(update)
    until(lambda: record(fleet.installation.database_url).counted["accepted"] >= 4)
    fleet.installation.clear()
    fleet.installation.sink.pause(0)
    counted = record(fleet.installation.database_url).counted
    assert counted["sending"] > 0
    assert update.number == 1
    return update.incident


def next_one(installation: Installation, folder: Path) -> Mapping[str, str]:
    """The environment of the next version."""
    with installation.changing() as rows:
        head = current(rows)
    assert head
    return next_version(folder / "next", head=head)
