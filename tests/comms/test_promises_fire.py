"""Whatever the clock does and however often the program starts, a promise fires once, in time."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comms.bell import Bell
from comms.desk import Desk, House
from comms.incident import Severity
from comms.people import Person, Role
from comms.plan.cadence import Cadence
from comms.plan.called import Called, Duty
from comms.plan.escalation import Phase, Step, step_of
from comms.plan.load import load
from comms.plan.model import Plan
from comms.promise import Promise
from comms.testing import HeldClock
from comms.timekeeper import Timekeeper
from comms.timeline import Entry
from storage.book import SqlStore
from storage.database import Database
from storage.outbox import SqlEffects
from tests.acting import declared, seen
from tests.house import plain_writers

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SHIPPED = load(None)
WHOM: tuple[Called, ...] = (
    Role.COMMS_LEAD,
    Role.INCIDENT_COMMANDER,
    Duty.DUTY_MANAGER,
    Person(name="Robin Meier", email="robin@example.org"),
)

# Around where clocks are put forward and back, and a leap day.
begins = st.builds(
    lambda day, span: day + span,
    st.sampled_from(
        [
            datetime(2026, 3, 29, tzinfo=UTC),
            datetime(2026, 10, 25, tzinfo=UTC),
            datetime(2028, 2, 29, tzinfo=UTC),
            datetime(2026, 12, 31, 23, tzinfo=UTC),
        ]
    ),
    st.timedeltas(-3 * HOUR, 3 * HOUR),
)
zones = st.sampled_from(["UTC", "Europe/Zurich", "Australia/Lord_Howe", "Asia/Kathmandu"])
cadences = st.builds(
    Cadence,
    first=st.timedeltas(MINUTE, 4 * HOUR),
    every=st.none() | st.timedeltas(5 * MINUTE, 4 * HOUR),
    snap=st.sampled_from([None, 5 * MINUTE]),
    at=st.sampled_from([(), (time(2, 30), time(8))]),
    zone=zones.map(ZoneInfo),
)
chains = st.lists(
    st.sampled_from([-10, -5, 0, 5, 15, 90]), unique=True, min_size=1, max_size=4
).map(
    lambda offsets: tuple(
        Step(offset=minutes * MINUTE, whom=whom)
        for minutes, whom in zip(
            # One step at the most comes before the promised moment.
            sorted({minutes for minutes in offsets if minutes >= 0 or minutes == min(offsets)}),
            WHOM,
            strict=False,
        )
    )
)
passes = st.lists(
    st.one_of(
        st.timedeltas(timedelta(), 10 * MINUTE),
        st.timedeltas(timedelta(), 6 * HOUR),
        st.timedeltas(-2 * HOUR, timedelta()),
        st.just("restart"),
    ),
    max_size=12,
)


class Life:
    """One program after another on the same database."""

    def __init__(self, plan: Plan, begin: datetime, folder: Path) -> None:
        self.house = House(plan=plan, writers=plain_writers())
        self.clock = HeldClock(begin)
        self.folder = folder
        self.nudged: Counter[tuple[str, str]] = Counter()
        self.open()

    def open(self) -> None:
        self.database = Database(f"sqlite:///{self.folder}/sitrep.db", durable=False)
        self.desk = Desk(store=SqlStore(self.database), house=self.house, clock=self.clock)
        self.timekeeper = Timekeeper(desk=self.desk, clock=self.clock, bell=Bell())

    def restart(self) -> None:
        self.database.close()
        self.open()

    async def go_on(self, span: timedelta) -> None:
        """Let the clock go, or be set back, and do what is due then."""
        if span < timedelta():
            self.clock.turn_back(-span)
        else:
            self.clock.advance(span)
        while await self.timekeeper.fire():
            pass

    async def look(self, key: str) -> tuple[tuple[Promise, ...], list[Entry]]:
        """What is promised and what was missed; what is new of it is not early."""
        promises = await seen(self.desk, lambda scene: scene.book.promises.of(key))
        timeline = await seen(self.desk, lambda scene: scene.book.timeline.of(key))
        effects = await SqlEffects(self.database).waiting(
            self.clock.now() + 1000 * HOUR, limit=1000
        )
        found = Counter(
            (str(effect.payload["step"]), str(effect.payload["due_at"]))
            for effect in effects
            if effect.kind == "room.nudge"
        )
        for step, due in found - self.nudged:
            self.is_not_early(step, [p for p in promises if p.due_at.isoformat() == due])
        self.nudged = found
        return promises, [entry for entry in timeline if entry.kind == "promise.missed"]

    def is_not_early(self, step: str, promises: list[Promise]) -> None:
        chain = step_of(self.house.plan.escalation, step)
        assert any(promise.step_at(chain) <= self.clock.now() for promise in promises)


async def lives(life: Life, spans: list[timedelta | str]) -> None:
    incident = await declared(life.desk, severity=Severity.SEV1)
    for span in spans:
        if isinstance(span, str):
            life.restart()
        else:
            await life.go_on(span)
        promises, missed = await life.look(incident.key)
        assert len(missed) <= len(promises)
        for entry in missed:
            (promise,) = (p for p in promises if p.audience == entry.facts["audience"])
            assert entry.at >= promise.due_at
    await life.go_on(timedelta(days=3))
    promises, missed = await life.look(incident.key)
    assert {str(entry.facts["audience"]) for entry in missed} == {p.audience for p in promises}
    assert len(missed) == len(promises)
    steps = {step.key for step in life.house.plan.escalation} - {Phase.NUDGE.value}
    for promise in promises:
        for step in steps:
            assert life.nudged[step, promise.due_at.isoformat()] == 1
    assert max(life.nudged.values(), default=1) == 1


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cadence=cadences, chain=chains, begin=begins, spans=passes)
def test_a_promise_fires_once_and_never_early_whatever_the_clock_does(
    migrated: Path,
    cadence: Cadence,
    chain: tuple[Step, ...],
    begin: datetime,
    spans: list[timedelta | str],
) -> None:
    rows = dict.fromkeys(Severity, cadence)
    audiences = {
        name: replace(audience, cadence=rows, cases=())
        for name, audience in SHIPPED.audiences.items()
    }
    plan = replace(SHIPPED, audiences=audiences, escalation=chain, approval_timeout=None)
    with tempfile.TemporaryDirectory(prefix="sitrep-promises-") as folder:
        shutil.copy(migrated, Path(folder) / "sitrep.db")
        life = Life(plan, begin, Path(folder))
        try:
            asyncio.run(lives(life, spans))
        finally:
            life.database.close()
