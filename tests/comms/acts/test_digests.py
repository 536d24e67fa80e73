"""Digests: one letter at a reader's own hour, with what was approved since their last, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from comms.acts import bulletins, digests
from comms.acts.choices import choose, unsubscribe
from comms.acts.deliveries import cancel
from comms.bell import Bell
from comms.bulletin import Bulletin, BulletinKind
from comms.channels.mail import writer
from comms.choice import Choice, Wish
from comms.desk import Desk, House, Scene
from comms.fanout import Runner, Slots
from comms.incident import Incident
from comms.ledger import Filter, Line
from comms.people import SITREP, Person
from comms.plan.model import ChannelName, Plan
from comms.recipient import Recipient
from comms.report import CanReport
from comms.routes import only
from comms.slot import Slot, next_at
from comms.statement import HTML, PLAIN, Statement
from comms.testing import FakeTransport, HeldClock
from comms.timekeeper import Timekeeper
from storage.book import SqlStore
from storage.database import Database
from storage.ledger import SqlLedger
from tests.acting import declared, seen, sent
from tests.house import ADA, REPORT, plain_writers

READER = Person(name="Reader")
HOUR = timedelta(hours=1)
DAILY = Choice(wish=Wish.DAILY, hour=8, time_zone="Europe/Zurich")


class Post:
    """The loops that a digest needs, turned by hand."""

    def __init__(self, desk: Desk, database: Database, clock: HeldClock) -> None:
        self.desk = desk
        self.clock = clock
        self.transport = FakeTransport()
        self._timekeeper = Timekeeper(desk=desk, clock=clock, bell=Bell())
        self._runner = Runner(
            channel=ChannelName.MAIL,
            routes=only(self.transport),
            ledger=SqlLedger(database),
            clock=clock,
            bell=Bell(),
            owner="one",
            slots=Slots(),
        )

    async def until(self, moment: datetime) -> None:
        """Let time pass, hour by hour."""
        while self.clock.now() < moment:
            self.clock.advance(min(HOUR, moment - self.clock.now()))
            await self.settle()

    async def settle(self) -> None:
        """Fire and send what is due now."""
        while await self._timekeeper.fire():
            pass
        await self._runner.run_until_idle()

    @property
    def digests(self) -> list[tuple[str, str]]:
        """Whom a digest was sent to, and its text."""
        return [
            (delivery.address, statement.parts[PLAIN])
            for statement, delivery in self.transport.sent
            if not statement.update
        ]


@pytest.fixture
def desk(database: Database, plan: Plan, clock: HeldClock) -> Desk:
    """A desk whose letters are the product's own."""
    writers = {**plain_writers(), ChannelName.MAIL: writer.write}
    house = House(plan=plan, writers=writers)
    return Desk(store=SqlStore(database), house=house, clock=clock)


@pytest.fixture
def post(desk: Desk, database: Database, clock: HeldClock) -> Post:
    return Post(desk, database, clock)


@pytest.fixture
async def incident(desk: Desk) -> Incident:
    return await declared(desk)


async def test_a_reader_gets_one_letter_at_their_hour_and_then_only_what_is_new(
    desk: Desk, post: Post, incident: Incident
) -> None:
    await reading(desk, incident, "ann@x.org", choice=DAILY)
    await sent(desk, incident.key, saying("One in two payments fails."), audiences=["customers"])
    await post.settle()
    assert post.digests == []

    first = next_at(DAILY.slot or Slot("UTC", 0), post.clock.now())
    await post.until(first - timedelta(minutes=1))
    assert post.digests == []
    await post.until(first)

    [(address, text)] = post.digests
    assert address == "ann@x.org"
    assert "One in two payments fails." in text
    assert "Your daily digest" in text
    assert post.clock.now() == first

    await post.until(first + timedelta(days=2))
    assert len(post.digests) == 1  # nothing to tell: nothing is sent

    await sent(desk, incident.key, saying("All payments work."), audiences=["customers"])
    await post.until(first + timedelta(days=3))
    [_, (_, text)] = post.digests
    assert "All payments work." in text
    assert "One in two payments fails." not in text


async def test_of_each_incident_the_last_word_counts_and_says_how_many_there_were(
    desk: Desk, post: Post, incident: Incident
) -> None:
    await reading(desk, incident, "ann@x.org", choice=DAILY)
    for words in ("It begins.", "It goes on.", "It is nearly over."):
        await sent(desk, incident.key, saying(words), audiences=["customers"])

    await post.until(post.clock.now() + timedelta(days=1))

    [(_, text)] = post.digests
    assert "It is nearly over." in text
    assert "It goes on." not in text
    assert "3 updates" in text


async def test_wrong_words_that_were_corrected_or_stopped_are_in_no_digest(
    desk: Desk, post: Post, incident: Incident
) -> None:
    other = await declared(desk)
    await invited(desk, "customers", "ann@x.org", "now@x.org")
    await choosing(desk, incident, "ann@x.org", DAILY)
    await sent(desk, incident.key, saying("Wrong words."), audiences=["customers"])
    await sent(desk, incident.key, saying("Right words."), corrects=1)
    await sent(desk, other.key, saying("Stopped words."), audiences=["customers"])
    await desk.do(cancel, ADA, "api", other.key, 1)

    await post.until(post.clock.now() + timedelta(days=1))

    text = "\n".join(text for _, text in post.digests)
    assert "Wrong words." not in text
    assert "Stopped words." not in text
    assert "Right words." in text


async def test_a_stop_that_was_short_is_made_up_for_once_and_a_long_one_is_left_out(
    desk: Desk, post: Post, incident: Incident
) -> None:
    await reading(desk, incident, "ann@x.org", choice=DAILY)
    await sent(desk, incident.key, saying("News of the day."), audiences=["customers"])
    due = next_at(DAILY.slot or Slot("UTC", 0), post.clock.now())

    post.clock.advance(due - post.clock.now() + timedelta(hours=9))
    await post.settle()
    assert post.digests == []

    await post.until(due + timedelta(days=1))
    assert len(post.digests) == 1
    await sent(desk, incident.key, saying("More news."), audiences=["customers"])
    post.clock.advance(due + timedelta(days=2, hours=2) - post.clock.now())
    for _ in range(3):
        await post.settle()
    assert len(post.digests) == 2


async def test_readers_of_one_hour_read_only_what_is_new_to_each(
    desk: Desk, post: Post, incident: Incident
) -> None:
    await invited(desk, "customers", "ann@x.org", "bob@x.org", "cy@x.org")
    await choosing(desk, incident, "ann@x.org", DAILY)
    await choosing(desk, incident, "cy@x.org", DAILY)
    other = await declared(desk)
    await sent(desk, other.key, saying("Before Bob."), audiences=["customers"])
    await choosing(desk, incident, "bob@x.org", DAILY)
    await sent(desk, incident.key, saying("For both."), audiences=["customers"])

    await post.until(post.clock.now() + timedelta(days=1))

    told = dict(post.digests)
    assert len(post.digests) == 3
    assert "Before Bob." in told["ann@x.org"]
    assert "Before Bob." not in told["bob@x.org"]
    assert "For both." in told["bob@x.org"]
    assert told["cy@x.org"] == told["ann@x.org"]
    keys = {one.key for one in await posted(desk)}
    assert len(keys) == 2


async def test_many_readers_are_written_to_page_by_page_and_each_once(
    desk: Desk, post: Post, incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "PAGE", 3)
    emails = [f"r{number}@x.org" for number in range(8)]
    await invited(desk, "customers", *emails)
    for email in emails:
        await choosing(desk, incident, email, DAILY)
    await sent(desk, incident.key, audiences=["customers"])

    await post.until(post.clock.now() + timedelta(days=1))

    assert sorted(address for address, _ in post.digests) == emails


async def test_who_stops_before_the_hour_gets_none(
    desk: Desk, post: Post, incident: Incident
) -> None:
    row = await reading(desk, incident, "ann@x.org", choice=DAILY)
    await sent(desk, incident.key, audiences=["customers"])
    await desk.do(unsubscribe, READER, "mail", row)

    await post.until(post.clock.now() + timedelta(days=2))

    assert post.digests == []


async def test_employees_read_their_own_fields_and_no_way_to_stop(
    desk: Desk, post: Post, incident: Incident
) -> None:
    await reading(desk, incident, "coo@x.org", audience="stakeholders", choice=DAILY)
    report = replace(REPORT, conditions="Every <second> payment & refund fails.")
    await sent(desk, incident.key, report, audiences=["stakeholders"])

    await post.until(post.clock.now() + timedelta(days=1))

    [(_, text)] = post.digests
    assert "Every <second> payment & refund fails." in text
    [digest] = await posted(desk)
    assert "Every &lt;second&gt; payment &amp; refund fails." in digest.statement.parts[HTML]
    assert "unsubscribe" not in text
    assert "\x7f=manage" in text


def saying(symptom: str) -> CanReport:
    customer = REPORT.customer
    assert customer is not None
    return replace(REPORT, customer=replace(customer, symptom=symptom))


async def reading(
    desk: Desk,
    incident: Incident,
    email: str,
    *,
    choice: Choice,
    audience: str = "customers",
) -> int:
    """Invite somebody who then chooses from a letter; return that letter's delivery."""
    await invited(desk, audience, email)
    return await choosing(desk, incident, email, choice, audience=audience)


async def invited(desk: Desk, audience: str, *emails: str) -> None:
    def replace_all(scene: Scene) -> None:
        scene.book.recipients.replace(audience, [Recipient(email=email) for email in emails])

    await desk.do(replace_all, SITREP, "cli")


async def choosing(
    desk: Desk, incident: Incident, email: str, choice: Choice, *, audience: str = "customers"
) -> int:
    def deliver(scene: Scene) -> int:
        key = f"letter.{email}"
        statement = Statement(
            incident=key,
            update=0,
            audience=audience,
            channel=ChannelName.MAIL,
            subject="A letter",
            parts={PLAIN: "With a link."},
            thread=key,
        )
        bulletin = Bulletin(
            key=key,
            kind=BulletinKind.CONFIRMATION,
            audience=audience,
            at=scene.now,
            statement=statement,
        )
        bulletins.post(scene, bulletin, [Line(email)])
        [row] = scene.book.fanouts.rows(key, Filter())
        scene.book.fanouts.cancel(key, 0, now=scene.now)
        return row.id

    row = await desk.do(deliver, SITREP, "cli")
    await desk.do(choose, READER, "mail", row, choice=choice)
    return row


async def posted(desk: Desk) -> list[Bulletin]:
    return list(await seen(desk, lambda scene: scene.book.bulletins.find(kind=BulletinKind.DIGEST)))
