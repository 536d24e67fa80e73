"""The reader: each message counts once, whatever breaks between the mailbox and the database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot.bounces.letterbox import Arrived, LetterboxClosed
from bot.bounces.reader import BATCH, BounceReader
from comms.acts.bounces import Taken
from comms.channels.mail.postmark import Postmarks
from comms.delivery import Delivery, DeliveryState
from comms.desk import Desk, House, Scene
from comms.ledger import Filter
from comms.people import SITREP
from comms.recipient import Recipient
from comms.testing import HeldClock
from storage.database import Database
from storage.duty import LEASE, Duty
from tests.acting import declared, seen, sent
from tests.comms.mail import reports
from tests.contracts.ledgers import LedgerBench, SqlShelf

POSTMARKS = Postmarks(b"k" * 32)
MINUTE = timedelta(minutes=1)


@dataclass
class PretendBox:
    """A mailbox in memory. `closed` is why it cannot be read; `loses` what is put away."""

    messages: dict[str, bytes] = field(default_factory=dict)
    closed: LetterboxClosed | None = None
    loses: bool = False
    looks: int = 0
    every: timedelta = MINUTE
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def fetch(self, limit: int) -> Sequence[Arrived]:
        self.looks += 1
        self.looked.set()
        if self.closed:
            raise self.closed
        return [Arrived(id=name, raw=raw) for name, raw in [*self.messages.items()][:limit]]

    async def put_away(self, ids: Sequence[str]) -> None:
        if self.loses:
            raise LetterboxClosed("The connection broke.")
        for one in ids:
            del self.messages[one]


@dataclass
class Counted:
    """What the meter was told, in all."""

    messages: int = 0
    taken: Taken = field(default_factory=Taken)

    opened: list[bool] = field(default_factory=list)

    def looked(self, *, was_open: bool) -> None:
        self.opened.append(was_open)

    def returned(self, source: str, messages: int, taken: Taken) -> None:
        assert source == "mailbox"
        self.messages += messages
        self.taken += taken


@pytest.fixture
def house(house: House) -> House:
    """The house with a key of this test's own."""
    return replace(house, postmarks=POSTMARKS)


@pytest.fixture
async def mails(desk: Desk, database: Database, clock: HeldClock) -> list[Delivery]:
    """What update 1 sent to three people, all accepted by the relay."""

    def fill(scene: Scene) -> None:
        people = [Recipient(email=f"p{number}@x.org") for number in range(3)]
        scene.book.recipients.replace("stakeholders", people)

    await desk.do(fill, SITREP, "api")
    incident = await declared(desk)
    await sent(desk, incident.key, audiences=("stakeholders",))
    return await LedgerBench(SqlShelf(database), clock).delivered()


async def ours(_now: datetime) -> bool:
    return True


def reader(desk: Desk, box: PretendBox, meter: Counted, **differs: object) -> BounceReader:
    how = {"turn": ours, **differs}
    return BounceReader(desk=desk, letterbox=box, clock=desk.clock, meter=meter, **how)  # type: ignore[arg-type]


def bounces(mails: Sequence[Delivery]) -> dict[str, bytes]:
    return {str(at): reports.postfix(POSTMARKS.of(one)) for at, one in enumerate(mails)}


async def rejected(desk: Desk) -> int:
    wanted = Filter(state=DeliveryState.REJECTED)
    return len(await seen(desk, lambda scene: scene.book.fanouts.rows("INC-1", wanted)))


async def test_all_that_has_arrived_is_taken_and_put_away(
    desk: Desk, mails: list[Delivery]
) -> None:
    other = {f"x{number}": reports.out_of_office("1.a") for number in range(BATCH)}
    box, meter = PretendBox(bounces(mails) | other), Counted()

    assert await reader(desk, box, meter).read_all() == 3 + BATCH

    assert not box.messages
    assert await rejected(desk) == 3
    assert (meter.messages, meter.taken) == (3 + BATCH, Taken(matched=3, suppressed=3))


async def test_what_could_not_be_put_away_comes_again_and_counts_for_nothing(
    desk: Desk, mails: list[Delivery]
) -> None:
    box, meter = PretendBox(bounces(mails), loses=True), Counted()
    with pytest.raises(LetterboxClosed):
        await reader(desk, box, meter).read_all()
    box.loses = False

    await reader(desk, box, meter).read_all()

    assert not box.messages
    assert meter.taken == Taken(matched=3, suppressed=3, repeated=3)


async def test_a_mailbox_that_is_closed_is_tried_again_when_it_asks_to_be(
    desk: Desk, clock: HeldClock
) -> None:
    box = PretendBox(closed=LetterboxClosed("Too many requests.", again=5 * MINUTE))
    meter = Counted()
    running = asyncio.create_task(reader(desk, box, meter).run())
    try:
        await again(box.looked)
        assert await asleep(clock) == 5 * MINUTE
        box.closed = None
        clock.advance(5 * MINUTE)
        await again(box.looked)
        assert await asleep(clock) == MINUTE
        assert meter.opened == [False, True]
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_whoever_s_turn_it_is_not_does_not_look(desk: Desk, clock: HeldClock) -> None:
    asked = asyncio.Event()

    async def not_ours(_now: datetime) -> bool:
        asked.set()
        return False

    box = PretendBox()
    running = asyncio.create_task(reader(desk, box, Counted(), turn=not_ours).run())
    try:
        await again(asked)
        clock.advance(await asleep(clock))
        await again(asked)
        assert box.looks == 0
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@pytest.mark.parametrize("kind", ["database", "postgres"])
async def test_one_of_several_has_the_duty_until_it_falls_silent_or_lets_go(
    kind: str, clock: HeldClock, request: pytest.FixtureRequest
) -> None:
    kept_in: Database = request.getfixturevalue(kind)
    one, two = Duty(kept_in, "bounces", me="one"), Duty(kept_in, "bounces", me="two")

    assert await one.is_ours(clock.now())
    assert not await two.is_ours(clock.now())
    assert await one.is_ours(clock.advance(LEASE / 2))
    assert not await two.is_ours(clock.advance(LEASE / 2))
    assert await two.is_ours(clock.advance(LEASE / 2))
    await one.release()
    assert not await one.is_ours(clock.now())
    await two.release()
    assert await one.is_ours(clock.now())


async def again(event: asyncio.Event) -> None:
    """Wait until it happens once more."""
    await asyncio.wait_for(event.wait(), 60)
    event.clear()


async def asleep(clock: HeldClock) -> timedelta:
    """Let the reader come to rest; return for how long it sleeps."""
    for _ in range(20):
        await asyncio.sleep(0)
    [until] = clock.sleepers
    return until - clock.now()


async def test_each_subject_is_heard_by_whoever_unsubscribes_people(
    desk: Desk, mails: list[Delivery]
) -> None:
    heard: list[str] = []

    async def stop(subject: str) -> bool:
        heard.append(subject)
        return True

    letter = b"Subject: =?utf-8?q?unsubscribe_7=2Eabc?=\r\nFrom: ann@x.org\r\n\r\nPlease.\r\n"
    box = PretendBox({"stop": letter})

    await reader(desk, box, Counted(), stop=stop).read_all()

    assert heard == ["unsubscribe 7.abc"]
    assert not box.messages
