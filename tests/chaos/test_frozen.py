"""A worker that is frozen for longer than its lease: when it wakes, it may not write any more."""

from __future__ import annotations

from tests.chaos.conftest import Report
from tests.chaos.fleet import Fleet
from tests.chaos.installation import Installation
from tests.chaos.tally import record
from tests.chaos.victim import until

PEOPLE = 1_500
"""Three shards for two workers: there is one left for whoever is not frozen."""


def test_a_worker_frozen_past_its_lease_overwrites_nothing_when_it_wakes(
    shared: Installation, report: Report
) -> None:
    fleet = Fleet(shared, workers=2)
    app, (frozen, _other) = fleet.ready(), fleet.workers
    update = app.draft(PEOPLE)
    shared.sink.pause(0.02)
    app.approve(update)
    until(lambda: any(letter.by == frozen.name for letter in shared.sink.letters()))

    frozen.freeze()
    app.settled(update)
    kept = record(shared.database_url)
    by_it = [letter for letter in shared.sink.letters() if letter.by == frozen.name]
    frozen.wake()

    assert "lost=" in frozen.says("fanout.fenced")
    assert frozen.stop() == 0
    assert record(shared.database_url) == kept
    after = [letter for letter in shared.sink.letters() if letter.by == frozen.name]
    report(**fleet.proven(PEOPLE).figures, sent_after_waking=len(after) - len(by_it))
