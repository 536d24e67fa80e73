"""Killed with -9 at any moment: nobody is left out, few get a letter again, and the same one."""

from __future__ import annotations

import threading
from contextlib import suppress
from time import sleep

from bot.cli.client import Refused
from comms.errors import Unavailable
from tests.chaos.conftest import Form, Report, on_each_database, on_each_size_at_length
from tests.chaos.fleet import Fleet
from tests.chaos.installation import App, Drafted, Installation
from tests.chaos.tally import Record, record
from tests.chaos.victim import until


def test_killed_at_random_moments(fleet: Fleet, form: Form, report: Report) -> None:
    count = form.either(15_000 if fleet.workers else 6_000, 800)
    app = fleet.ready()
    update = app.draft(count)
    fleet.installation.sink.pause(0.005)
    app.approve(update)
    for kill in range(form.either(30, 3)):
        if kill % 5:
            fleet.sends_again()
            sleep(form.dice.uniform(0, 0.4))
        else:  # also while it starts, and has sent nothing yet
            sleep(form.dice.uniform(0, 1))
        fleet.kill_any(form.dice)
    fleet.installation.sink.pause(0)
    fleet.ready().settled(update)

    report(**fleet.proven(count).figures)


@on_each_size_at_length
def test_killed_around_the_approval(fleet: Fleet, form: Form, report: Report) -> None:
    """Before its commit, between the commit and the job, before and after the answer."""
    count, updates, answers = 30, form.either(25, 3), 0
    fleet.ready().fill(count)
    for _ in range(updates):
        app = fleet.ready()
        update = app.draft_again()
        asked = Asked(app, update)
        asked.start()
        sleep(form.dice.uniform(0, 0.25))
        fleet.kill_app()
        asked.join()
        answers += asked.is_answered
        if not asked.is_answered and not is_approved(fleet.ready(), update):
            fleet.app.approve(update)
        fleet.app.ready().settled(update)

    report(**fleet.proven(count, updates=updates).figures, answered=answers)


class Asked(threading.Thread):
    """An approval on its way while its server is killed."""

    def __init__(self, app: App, update: Drafted) -> None:
        super().__init__()
        self.is_answered = False
        self._app = app
        self._update = update

    def run(self) -> None:
        """Ask."""
        with suppress(Unavailable, Refused):
            self._app.approve(self._update)
            self.is_answered = True


def is_approved(app: App, update: Drafted) -> bool:
    """True where the approval was kept: what anybody would look at who got no answer."""
    told = app.api.get(f"/incidents/{update.incident}/updates/{update.number}")
    return bool(told["state"] == "approved")


@on_each_database
def test_killed_between_the_approval_and_the_first_letter(
    fleet: Fleet, form: Form, report: Report
) -> None:
    app = fleet.ready()
    update = app.draft(500)
    fleet.installation.sink.pause(3600)
    app.approve(update)
    fleet.kill_app()
    for number in range(len(fleet.workers)):
        fleet.kill_worker(number)
    fleet.installation.sink.pause(0)

    fleet.ready().settled(update)

    report(**fleet.proven(500).figures)


def test_killed_while_a_large_audience_is_planned(
    embedded: Installation, form: Form, report: Report
) -> None:
    count = form.either(40_000, 10_000)  # more than is planned with the approval
    fleet = Fleet(embedded)
    update = fleet.ready().draft(count)
    embedded.sink.pause(3600)
    fleet.app.approve(update)
    fleet.kill_app()
    kept = sum(record(embedded.database_url).counted.values())
    assert 0 < kept < count, "it was killed too late"
    for _ in range(form.either(3, 1)):  # a page takes some milliseconds, a start a second
        fleet.ready()
        fleet.kill_app()

    fleet.ready()
    ledger = until(lambda: whole(embedded, count))
    assert sum(ledger.counted.values()) == len(ledger.outcomes) == count
    if form.is_long:
        embedded.sink.pause(0)
        fleet.app.settled(update)
        report(**fleet.proven(count).figures)


def whole(installation: Installation, count: int) -> Record | None:
    """The ledger, once it has as many rows as there are people."""
    ledger = record(installation.database_url)
    return ledger if sum(ledger.counted.values()) >= count else None


@on_each_database
def test_the_last_that_sends_is_killed_and_nobody_is_there_for_a_while(
    fleet: Fleet, report: Report
) -> None:
    sink = fleet.installation.sink
    app = fleet.ready()
    update = app.draft(300)
    sink.pause(0.02)
    app.approve(update)
    fleet.sends_again()
    for sender in fleet.workers or [app.victim]:
        sender.kill()
    sleep(1)
    left = len(sink.letters())
    sleep(0.5)
    assert len(sink.letters()) == left < 300
    sink.pause(0)

    Fleet(fleet.installation, workers=1 if fleet.workers else 0).ready().settled(update)

    report(**fleet.proven(300).figures)
