"""No sequence of acts reaches a forbidden state, sends an unapproved text or loses count.

Random people do random things to a few incidents, in a random order, while the clock moves, the
fan-out meets random outcomes, workers are lost and the program restarts. After every step the
whole of what is kept is compared with what must be true.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session

from comms.acts.approve import approve, discard
from comms.acts.asks import meet, take
from comms.acts.declare import confirm, declare
from comms.acts.deliveries import retry
from comms.acts.draft import draft, open_draft
from comms.acts.incident import assign, change_severity, change_status, note, resolve
from comms.ask import AskState
from comms.bell import Bell
from comms.book import Book
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.desk import Desk, Scene
from comms.errors import NotFound, SitrepError, StaleDraft
from comms.fanout import Runner, Slots
from comms.incident import MOVES, OPEN, Incident, Severity, Status
from comms.people import SITREP, Person, Role
from comms.plan.model import ChannelName
from comms.promise import PromiseState
from comms.recipient import Recipient
from comms.report import Actions, CanReport, CustomerText, Need
from comms.routes import only
from comms.testing import FakeTransport, HeldClock
from comms.timekeeper import Timekeeper
from comms.update import UpdateState
from storage.book import SqlBook, SqlStore
from storage.database import Database
from storage.ledger import SqlLedger
from tests.comms import laws
from tests.comms.laws import HOUSE, Kept, keep
from tests.house import ADA, BEN, CAS, REPORT

P = ParamSpec("P")
T = TypeVar("T")

MEMORY = Path("/dev/shm")
PEOPLE = (ADA, BEN, CAS)
READERS = {
    "executives": (Recipient(email="eve@x.org"), Recipient(email="both@x.org")),
    "stakeholders": (
        Recipient(email="Both@x.org"),
        Recipient(email="teams@x.org", channels=("teams",)),
        Recipient(email="sam@x.org"),
    ),
    "customers": (Recipient(email="teams@x.org"), Recipient(email="cus@x.org")),
}
ANSWERS = {
    "accepted": Outcome(delivery=0, state=DeliveryState.ACCEPTED, provider_id="r"),
    "later": Outcome(delivery=0, state=DeliveryState.REJECTED, reason=Reason.THROTTLED),
    "never": Outcome(delivery=0, state=DeliveryState.REJECTED, reason=Reason.MAILBOX_UNKNOWN),
    "unknown": Outcome(delivery=0, state=DeliveryState.UNKNOWN, reason=Reason.NO_REPLY),
}

reports = st.builds(
    CanReport,
    conditions=st.sampled_from(["Payments fail.", "Payments recover."]),
    actions=st.just(Actions(doing=("Rolling back",))),
    needs=st.lists(st.sampled_from([Need(text="A contact"), Need(text="A decision")])).map(
        lambda needs: tuple(dict.fromkeys(needs))
    ),
    customer=st.sampled_from(
        [
            None,
            CustomerText(symptom="Some payments fail.", scope="One in three."),
            CustomerText(symptom="Some payments fail."),
            CustomerText(symptom="Payments fail on db1.internal."),
        ]
    ),
)
people = st.sampled_from(PEOPLE)
reasons = st.sampled_from(["", "", "", "Nobody else is up"])
statuses = st.sampled_from([None, None, None, *Status])
audiences = st.sampled_from(
    [None, None, ["responders", "executives"], ["customers"], ["regulator"], []]
)


class LifeCycle(RuleBasedStateMachine):
    """One installation with a few incidents."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        where = MEMORY if MEMORY.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="sitrep-life-", dir=where))
        shutil.copy(self.template, self.folder / "sitrep.db")
        self.clock = HeldClock()
        self.transports = {name: FakeTransport() for name in ChannelName}
        self.outcomes: defaultdict[str, list[DeliveryState]] = defaultdict(list)
        self.checked: Counter[ChannelName] = Counter()
        self.hashes: defaultdict[str, list[str]] = defaultdict(list)
        self.before: dict[str, Kept] = {}
        self.keys: list[str] = []
        self.lost = itertools.count(1)
        self.open()

    def open(self) -> None:
        """Start the program on what is kept."""
        self.database = Database(f"sqlite:///{self.folder}/sitrep.db", durable=False)
        self.store = SqlStore(self.database)
        self.desk = Desk(store=self.store, house=HOUSE, clock=self.clock)
        self.ledger = SqlLedger(self.database)
        self.timekeeper = Timekeeper(desk=self.desk, clock=self.clock, bell=Bell())
        self.watch = sqlite3.connect(self.folder / "sitrep.db")
        self.seen: dict[str, tuple[int, Kept]] = {}

    def close(self) -> None:
        """Stop the program."""
        self.watch.close()
        self.database.close()

    def teardown(self) -> None:
        self.close()
        self.loop.close()
        shutil.rmtree(self.folder)

    def do(
        self,
        act: Callable[Concatenate[Scene, P], T],
        by: Person,
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T | SitrepError:
        """Act; what is refused must have left nothing behind."""
        try:
            return self.loop.run_until_complete(self.desk.do(act, by, "api", *args, **kwargs))
        except SitrepError as refused:
            for key in self.keys:
                assert self.kept(key) == self.before[key]
            return refused

    def look(
        self, look: Callable[Concatenate[Scene, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Look without a change of thread: there are thousands of looks."""
        with Session(self.database.reader) as session:
            book = SqlBook(session)
            scene = Scene(book=book, house=HOUSE, now=self.clock.now(), by=SITREP, via="api")
            return look(scene, *args, **kwargs)

    def kept(self, key: str) -> Kept:
        """All that is kept of an incident; read again only where something has been committed."""
        version: int = self.watch.execute("PRAGMA data_version").fetchone()[0]
        known = self.seen.get(key)
        if known is None or known[0] != version:
            self.seen[key] = known = (version, self.look(keep, key))
        return known[1]

    def _key(self, data: st.DataObject) -> str:
        """An incident: mostly the first, so that something comes of it."""
        return data.draw(st.sampled_from([*self.keys[:1] * 3, *self.keys[1:]]))

    def told(self, key: str, result: object, *, unless: bool = False) -> None:
        """An act that was done and changed something is in the timeline and in the audit."""
        if isinstance(result, SitrepError) or unless:
            return
        assert len(self.kept(key).audit) > len(self.before[key].audit)

    @initialize(severity=st.sampled_from(Severity), led=st.sampled_from([True, True, False]))
    def begins_with_an_incident(self, severity: Severity, led: bool) -> None:
        def fill(book: Book) -> None:
            for audience, readers in READERS.items():
                book.recipients.replace(audience, readers)

        self.loop.run_until_complete(self.store.write(fill))
        self.declares(severity, False, CAS)
        if led:
            [key] = self.keys
            self.do(assign, CAS, key, role=Role.INCIDENT_COMMANDER, person=ADA)
            self.do(assign, CAS, key, role=Role.COMMS_LEAD, person=BEN)

    # What people do

    @precondition(lambda self: len(self.keys) < 2)
    @rule(severity=st.sampled_from(Severity), suspected=st.booleans(), by=people)
    def declares(self, severity: Severity, suspected: bool, by: Person) -> None:
        made = self.do(
            declare,
            by,
            title="Card payments failing",
            severity=severity,
            nonce=f"form-{len(self.keys)}",
            suspected=suspected,
        )
        assert isinstance(made, Incident)
        self.keys.append(made.key)

    @rule(data=st.data(), by=people)
    def does_something_small(self, data: st.DataObject, by: Person) -> None:
        small = (self._declares_again, self._confirms, self._notes, self._takes, self._meets)
        key = self._key(data)
        data.draw(st.sampled_from(small))(key, by)

    def _declares_again(self, key: str, by: Person) -> None:
        nonce = f"form-{self.keys.index(key)}"
        again = self.do(declare, by, title="Another", severity=Severity.SEV4, nonce=nonce)
        assert again == self.before[key].incident

    def _confirms(self, key: str, by: Person) -> None:
        self.told(key, self.do(confirm, by, key))

    def _notes(self, key: str, by: Person) -> None:
        self.told(key, self.do(note, by, key, "The acquirer confirms."))

    def _takes(self, key: str, by: Person) -> None:
        for ask in self.look(lambda scene: scene.book.asks.of(key))[-1:]:
            self.told(key, self.do(take, by, ask.id), unless=ask.state is not AskState.OPEN)

    def _meets(self, key: str, by: Person) -> None:
        for ask in self.look(lambda scene: scene.book.asks.of(key))[-1:]:
            self.told(key, self.do(meet, by, ask.id), unless=not ask.is_live)

    @rule(data=st.data(), by=people, role=st.sampled_from(Role), person=people)
    def assigns(self, data: st.DataObject, by: Person, role: Role, person: Person) -> None:
        key = self._key(data)
        holder = self.before[key].incident.holder(role)
        result = self.do(assign, by, key, role=role, person=person)
        self.told(key, result, unless=holder == person)

    @rule(
        data=st.data(),
        by=people,
        report=reports,
        status=statuses,
        to=audiences,
    )
    def drafts(
        self,
        data: st.DataObject,
        by: Person,
        report: CanReport,
        status: Status | None,
        to: list[str] | None,
    ) -> None:
        key = self._key(data)
        self.do(draft, by, key, report=report, status=status, audiences=to)

    @rule(
        data=st.data(),
        approvers=st.permutations(PEOPLE),
        severity=st.sampled_from([None, None, *Severity]),
        lead=st.sampled_from([None, None, *PEOPLE]),
    )
    def drafts_and_all_approve_whatever_happens_between(
        self,
        data: st.DataObject,
        approvers: Sequence[Person],
        severity: Severity | None,
        lead: Person | None,
    ) -> None:
        key = self._key(data)
        incident = self.kept(key).incident
        status = data.draw(st.sampled_from([None, *sorted(MOVES[incident.status] & OPEN)]))
        drafted = self.do(draft, BEN, key, report=REPORT, status=status)
        if isinstance(drafted, SitrepError):
            return
        for person in approvers:
            self.all_is_in_order()
            self.do(approve, person, key, drafted.update.number, hash=drafted.update.hash)
            self.all_is_in_order()
            if severity:
                self.do(change_severity, person, key, severity)
                self.all_is_in_order()
            if lead:
                self.do(assign, person, key, role=Role.COMMS_LEAD, person=lead)

    @rule(data=st.data(), by=people, broken=st.booleans(), corrects=st.integers(1, 3))
    def corrects(self, data: st.DataObject, by: Person, broken: bool, corrects: int) -> None:
        key = self._key(data)
        report = CanReport(conditions=" " if broken else "It was two in three.")
        self.do(draft, by, key, report=report, corrects=corrects)

    @rule(data=st.data(), anybody=people, glass=reasons)
    def approves_what_it_says_now(self, data: st.DataObject, anybody: Person, glass: str) -> None:
        key = self._key(data)
        if self.look(open_draft, key) is None:
            self.do(draft, BEN, key, report=REPORT)
            self.all_is_in_order()
        current = self.look(open_draft, key)
        if current is None:
            return
        leads = self.before[key].incident.roles.values()
        by = data.draw(st.sampled_from([anybody, *leads]))
        result = self.do(approve, by, key, current.number, hash=current.hash, break_glass=glass)
        said = any(approval.by == by for approval in current.approvals)
        self.told(key, result, unless=said)

    @rule(data=st.data(), by=people)
    def approves_what_it_said_before(self, data: st.DataObject, by: Person) -> None:
        key = self._key(data)
        hash_ = data.draw(st.sampled_from([*self.hashes[key], "0" * 64, ""]))
        number = data.draw(st.integers(1, 4))
        update = next((u for u in self.before[key].updates if u.number == number), None)
        result = self.do(approve, by, key, number, hash=hash_, break_glass="An old card")
        if update is None:
            assert isinstance(result, NotFound)
        elif hash_ != update.hash:
            assert isinstance(result, StaleDraft)

    @rule(data=st.data(), by=people)
    def discards(self, data: st.DataObject, by: Person) -> None:
        key = self._key(data)
        current = self.look(open_draft, key)
        if current is not None:
            self.told(key, self.do(discard, by, key, current.number))

    @rule(data=st.data(), by=people, severity=st.sampled_from(Severity))
    def changes_the_severity(self, data: st.DataObject, by: Person, severity: Severity) -> None:
        key = self._key(data)
        before = self.before[key].incident.severity
        self.told(key, self.do(change_severity, by, key, severity), unless=before is severity)

    @rule(data=st.data(), by=people, status=st.sampled_from(Status))
    def changes_the_status(self, data: st.DataObject, by: Person, status: Status) -> None:
        key = self._key(data)
        before = self.before[key].incident.status
        self.told(key, self.do(change_status, by, key, status), unless=before is status)

    @rule(data=st.data(), by=people)
    def resolves(self, data: st.DataObject, by: Person) -> None:
        key = self._key(data)
        result = self.do(resolve, by, key)
        if not isinstance(result, SitrepError):
            assert self.kept(key).incident.status is Status.RESOLVED
            assert not result.update.status.is_open

    @rule(data=st.data(), by=people, number=st.integers(1, 3))
    def retries(self, data: st.DataObject, by: Person, number: int) -> None:
        key = self._key(data)
        self.do(retry, by, key, number)

    # What the program and the world do

    @rule(answers=st.lists(st.sampled_from(sorted(ANSWERS)), min_size=1, max_size=4))
    def the_fan_out_runs(self, answers: list[str]) -> None:
        script = itertools.cycle(answers)

        def answer(delivery: Delivery) -> Outcome:
            outcome = ANSWERS[next(script)]._replace(delivery=delivery.id)
            self.outcomes[delivery.key].append(outcome.state)
            return outcome

        for channel, transport in self.transports.items():
            transport.rule = answer
            runner = Runner(
                channel=channel,
                routes=only(transport),
                ledger=self.ledger,
                clock=self.clock,
                bell=Bell(),
                owner="runner",
                slots=Slots(batch=2),
            )
            self.loop.run_until_complete(runner.run_until_idle())

    @rule(channel=st.sampled_from(ChannelName), reached=st.booleans())
    def a_worker_is_lost_with_its_claim(self, channel: ChannelName, reached: bool) -> None:
        for delivery in self.loop.run_until_complete(self._take(channel)):
            if reached:  # It was sent, perhaps taken; nobody can say.
                self.outcomes[delivery.key].append(DeliveryState.UNKNOWN)

    async def _take(self, channel: ChannelName) -> tuple[Delivery, ...]:
        now, lease = self.clock.now(), Slots().lease
        owner = f"lost-{next(self.lost)}"
        claim = await self.ledger.claim(channel=channel, owner=owner, now=now, lease=lease)
        if claim is None:
            return ()
        step = await self.ledger.advance(claim, (), take=2, now=now, lease=lease)
        return step.deliveries

    @rule(minutes=st.sampled_from([1, 4, 5, 10, 16, 45, 300]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

        async def fire() -> None:
            while await self.timekeeper.fire():
                pass

        self.loop.run_until_complete(fire())
        for key in self.keys:
            for promise in self.kept(key).promises:
                if promise.state is PromiseState.OPEN and promise.is_owed:
                    assert promise.due_at > self.clock.now()

    @rule(minutes=st.sampled_from([1, 20]))
    def time_passes_while_the_program_is_stopped(self, minutes: int) -> None:
        self.close()
        self.clock.advance(timedelta(minutes=minutes, seconds=13))
        self.open()

    # What must be true whatever they do

    @invariant()
    def all_is_in_order(self) -> None:
        for key in self.keys:
            kept = self.kept(key)
            before = self.before.get(key, kept)
            laws.moves_are_allowed(before, kept)
            laws.numbers_have_no_gaps(kept)
            laws.an_open_draft_says_what_is_so(kept)
            laws.approvals_are_sound(before, kept)
            laws.promises_are_as_printed(before, kept)
            laws.promises_end_once(before, kept, self.clock.now())
            laws.totals_are_a_recount(kept)
            laws.the_record_only_grows(before, kept)
            if kept.updates and kept.updates[-1].hash not in self.hashes[key]:
                self.hashes[key].append(kept.updates[-1].hash)
            self.before[key] = kept
        self.only_approved_text_was_sent()
        self.nobody_got_it_twice()

    def only_approved_text_was_sent(self) -> None:
        for channel, transport in self.transports.items():
            for statement, _ in transport.sent[self.checked[channel] :]:
                kept = self.before[statement.incident]
                update = kept.updates[statement.update - 1]
                assert update.state is UpdateState.APPROVED
                assert statement in kept.statements[update.number]
            self.checked[channel] = len(transport.sent)

    def nobody_got_it_twice(self) -> None:
        for states in self.outcomes.values():
            assert DeliveryState.ACCEPTED not in states[:-1]


def test_no_sequence_of_acts_does_what_must_not_be(migrated: Path) -> None:
    class Here(LifeCycle):
        template = migrated

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=settings().max_examples // 5,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
