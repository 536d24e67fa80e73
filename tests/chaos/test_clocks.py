"""Clocks that are set or differ: nothing waits for an hour, or comes twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.conftest import IS_LONG, Report
from tests.chaos.installation import SLOTS, Installation, people
from tests.chaos.tally import record, tally
from tests.chaos.victim import until

PRELOADED = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))

PEOPLE = 300

pytestmark = pytest.mark.skipif(
    not PRELOADED, reason="libfaketime is not installed: apt-get install libfaketime"
)


class MachineClock:
    """The wall clock of a machine, which the test may set while processes run on it."""

    def __init__(self, folder: Path, name: str = "clock") -> None:
        self._file = folder / name
        self.set(hours=0)
        self.environ = {
            "LD_PRELOAD": str(PRELOADED[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, *, hours: int) -> None:
        """Set it to so many hours ahead of the real time."""
        self._file.write_text(f"{hours:+}h")


@pytest.fixture
def clock(tmp_path: Path) -> MachineClock:
    """A machine's clock."""
    return MachineClock(tmp_path)


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_clock_is_set_while_an_update_goes_out(
    embedded: Installation, clock: MachineClock, hours: int, report: Report
) -> None:
    app = embedded.serve(**clock.environ).ready()
    update = app.draft(PEOPLE)
    embedded.sink.pause(0.01)
    app.approve(update)
    until(lambda: len(embedded.sink.letters()) > 50)

    clock.set(hours=hours)
    app.settled(update)

    counted = proven(embedded, PEOPLE)
    report(hours=hours, people=PEOPLE, lost=0, duplicates=counted - PEOPLE)
    assert counted - PEOPLE <= SLOTS


@pytest.mark.parametrize("hours", [-1, 1] if IS_LONG else [-1])
def test_the_clock_is_set_between_a_kill_and_the_next_start(
    embedded: Installation, clock: MachineClock, hours: int
) -> None:
    app = embedded.serve(**clock.environ).ready()
    update = app.draft(PEOPLE)
    embedded.sink.pause(0.01)
    app.approve(update)
    until(embedded.sink.letters)
    app.victim.kill()

    clock.set(hours=hours)
    embedded.serve(**clock.environ).ready().settled(update)

    assert proven(embedded, PEOPLE) - PEOPLE <= SLOTS


def test_machines_whose_clocks_differ_by_an_hour_take_nothing_from_each_other(
    shared: Installation, tmp_path: Path, report: Report
) -> None:
    ahead, behind = MachineClock(tmp_path, "ahead"), MachineClock(tmp_path, "behind")
    ahead.set(hours=1)
    behind.set(hours=-1)
    app = shared.serve(**behind.environ)
    shared.worker(**ahead.environ).says("The worker sends")
    shared.worker(**behind.environ).says("The worker sends")
    update = app.ready().draft(600)
    shared.sink.pause(0.005)
    app.approve(update)

    app.settled(update)

    assert proven(shared, 600) == 600
    report(people=600, lost=0, duplicates=0)


def proven(installation: Installation, count: int) -> int:
    """Nobody was left out, and the ledger is right; return how many letters that took."""
    letters = installation.sink.letters()
    counted = tally(people(count), letters, installation.victims)
    ledger = record(installation.database_url)
    assert counted.lost == counted.changed_ids == ()
    assert ledger.sums == ledger.counted == {"accepted": count}
    return counted.letters
