"""Asked to stop: what is under way is finished and recorded, within ten seconds."""

from __future__ import annotations

from time import monotonic

from tests.chaos.conftest import Form, on_each_size_at_length
from tests.chaos.fleet import Fleet
from tests.chaos.installation import SLOTS, people
from tests.chaos.tally import record, tally
from tests.chaos.victim import until

LIMIT = 10.0
"""Seconds that a service manager may have to wait."""
MACHINE = 30.0
"""Seconds for a busy machine to end a process."""


def test_a_stop_in_the_middle_repeats_nothing(fleet: Fleet) -> None:
    sink = fleet.installation.sink
    app = fleet.ready()
    update = app.draft(600)
    sink.pause(0.005)
    app.approve(update)
    until(lambda: len(sink.letters()) > 50)

    codes = fleet.stop()

    assert set(codes) == {0}
    left = record(fleet.installation.database_url).counted
    assert left["planned"] > 0
    assert left.get("sending", 0) == 0
    sink.pause(0)
    again = Fleet(fleet.installation, workers=len(fleet.workers))
    assert again.ready().settled(update) == {"accepted": 600}
    assert again.proven(600).letters == 600


@on_each_size_at_length
def test_a_relay_that_says_nothing_does_not_hold_up_the_end(fleet: Fleet, form: Form) -> None:
    sink, senders = fleet.installation.sink, len(fleet.workers) or 1
    app = fleet.ready()
    update = app.draft(600)
    sink.pause(3600)
    app.approve(update)
    until(sink.letters)

    asked = monotonic()
    codes = fleet.stop()

    assert set(codes) == {0}
    assert monotonic() - asked <= LIMIT + MACHINE
    left = record(fleet.installation.database_url)
    assert left.sums == left.counted == {"planned": 600}
    if not form.is_long:  # what nobody knows of waits a minute
        return
    sink.pause(0)
    again = Fleet(fleet.installation, workers=len(fleet.workers))
    again.ready().settled(update)
    counted = tally(people(600), sink.letters(), fleet.installation.victims)
    assert counted.lost == counted.changed_ids == ()
    assert counted.letters - 600 <= SLOTS * senders
