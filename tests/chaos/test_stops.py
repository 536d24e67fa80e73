"""Asked to stop: what is under way is finished and recorded, within ten seconds."""

from __future__ import annotations

from time import monotonic

from tests.chaos.conftest import Form
from tests.chaos.installation import SLOTS, Installation, people
from tests.chaos.tally import record, tally
from tests.chaos.victim import until

LIMIT = 10.0
"""Seconds that a service manager may have to wait."""
MACHINE = 5.0
"""Seconds for a busy machine to end a process."""


def test_a_stop_in_the_middle_repeats_nothing(embedded: Installation) -> None:
    app = embedded.serve().ready()
    update = app.draft(600)
    embedded.sink.pause(0.005)
    app.approve(update)
    until(lambda: len(embedded.sink.letters()) > 50)

    assert app.victim.stop() == 0

    left = record(embedded.database_url).counted
    assert left["planned"] > 0
    assert left.get("sending", 0) == 0
    embedded.sink.pause(0)
    assert embedded.serve().ready().settled(update) == {"accepted": 600}
    counted = tally(people(600), embedded.sink.letters(), embedded.victims)
    assert (counted.lost, counted.letters) == ((), 600)


def test_a_relay_that_says_nothing_does_not_hold_up_the_end(
    embedded: Installation, form: Form
) -> None:
    app = embedded.serve().ready()
    update = app.draft(600)
    embedded.sink.pause(3600)
    app.approve(update)
    until(embedded.sink.letters)

    asked = monotonic()
    code = app.victim.stop()

    assert (code, monotonic() - asked <= LIMIT + MACHINE) == (0, True)
    left = record(embedded.database_url)
    assert left.sums == left.counted == {"planned": 600}
    if not form.is_long:  # what nobody knows of waits a minute
        return
    embedded.sink.pause(0)
    embedded.serve().ready().settled(update)
    counted = tally(people(600), embedded.sink.letters(), embedded.victims)
    assert counted.lost == ()
    assert counted.most_repeated <= SLOTS
    assert counted.changed_ids == ()
