"""What every ledger does for an act: the same cases for the fake, SQLite and Postgres."""

from __future__ import annotations

from datetime import timedelta

from comms.delivery import DeliveryState, Reason
from comms.ledger import SHARD, Fanout, FanoutState, Filter, Line
from comms.plan.model import ChannelName
from comms.recipient import Listed, Recipient
from tests.contracts.ledgers import LEASE, LedgerBench, addresses, outcomes

PLANNED, SENDING = DeliveryState.PLANNED, DeliveryState.SENDING
ACCEPTED, REJECTED = DeliveryState.ACCEPTED, DeliveryState.REJECTED
UNKNOWN, CANCELLED = DeliveryState.UNKNOWN, DeliveryState.CANCELLED
SUPPRESSED = DeliveryState.SUPPRESSED
MINUTE = timedelta(minutes=1)


# Planning


async def test_a_fan_out_opened_again_is_the_same(bench: LedgerBench) -> None:
    fanout = await bench.opened(priority=7)
    statement = await bench.ledger.statement(fanout)
    row = await bench.planned("a@x.org")
    claim = await bench.claimed()

    assert statement.subject == "Card payments"
    assert (fanout.state, fanout.written, fanout.priority) == (FanoutState.PLANNING, 0, 7)
    assert claim.fanout.id == row.id
    assert claim.fanout.state is FanoutState.READY


async def test_a_repeated_address_is_written_once_and_the_first_line_counts(
    bench: LedgerBench,
) -> None:
    fanout = await bench.opened()
    lines = (
        Line(address="A@x.org", name="First"),
        Line(address="b@x.org", name="Between"),
        Line(address="a@x.org", name="Second", suppressed=Reason.DUPLICATE),
        Line(address="A@x.org", name="Third"),
    )

    assert await bench.written(fanout, *lines) == 2
    assert [row.name for row in await bench.rows()] == ["First", "Between"]
    assert await bench.totals(fanout) == {PLANNED: 2}


async def test_writing_the_same_rows_again_adds_none(bench: LedgerBench) -> None:
    fanout = await bench.opened()

    assert await bench.written(fanout, "a@x.org", "b@x.org") == 2
    assert await bench.written(fanout, "b@x.org", "c@x.org") == 1
    assert await bench.totals(fanout) == {PLANNED: 3}


async def test_rows_written_in_pages_fill_one_shard_before_the_next(bench: LedgerBench) -> None:
    fanout = await bench.opened()
    pages = [[f"p{page}-{n}@x.org" for n in range(SHARD - 100)] for page in range(2)]

    for page in pages:
        assert await bench.written(fanout, *page) == len(page)
    await bench.ready(fanout)

    sizes = []
    while claim := await bench.claim():
        sizes.append(len((await bench.advance(claim, take=9999)).deliveries))
    assert sizes == [SHARD, SHARD - 200]


async def test_people_of_the_audience_are_written_as_they_are_listed(bench: LedgerBench) -> None:
    fanout = await bench.opened()
    people = await bench.shelf.invited(
        "executives",
        [
            Recipient(email="Ann@x.org", name="Ann", language="de", time_zone="Asia/Tokyo"),
            Recipient(email="bob@x.org", name="Bob", language="en"),
        ],
    )

    assert await bench.enlisted(fanout, people) == 2
    await bench.ready(fanout)

    _, step = await bench.begun()
    assert [(d.address, d.name, d.language, d.time_zone) for d in step.deliveries] == [
        ("Ann@x.org", "Ann", "de", "Asia/Tokyo"),
        ("bob@x.org", "Bob", "en", ""),
    ]


async def test_whose_line_is_another_is_written_by_that(bench: LedgerBench) -> None:
    fanout = await bench.opened()
    people = await bench.shelf.invited(
        "executives", [Recipient(email=f"p{number}@x.org") for number in range(3)]
    )
    off = Line(address="p0@x.org", suppressed=Reason.UNSUBSCRIBED)
    zone = Line(address="p2@x.org", name="Max", time_zone="Asia/Tokyo")

    assert await bench.enlisted(fanout, people, off, zone) == 3

    rows = {row.address: row for row in await bench.rows()}
    assert (rows["p0@x.org"].state, rows["p0@x.org"].reason) == (SUPPRESSED, Reason.UNSUBSCRIBED)
    assert (rows["p1@x.org"].state, rows["p2@x.org"].name) == (PLANNED, "Max")
    assert await bench.totals(fanout) == {PLANNED: 2, SUPPRESSED: 1}


async def test_people_who_are_listed_anew_meanwhile_are_written_once(bench: LedgerBench) -> None:
    fanout = await bench.opened()
    everybody = [Recipient(email=f"p{number}@x.org") for number in range(SHARD + 100)]
    before = await bench.shelf.invited("executives", everybody[: SHARD - 1])
    await bench.enlisted(fanout, before)

    after = await bench.shelf.invited("executives", everybody)

    assert await bench.enlisted(fanout, after) == 101
    assert await bench.totals(fanout) == {PLANNED: SHARD + 100}
    [going] = await bench.planning()
    assert going.written == after[-1].number


async def test_planning_lists_what_is_not_all_written_most_urgent_first(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    bulk = await bench.opened(priority=300)
    urgent = await bench.opened(priority=100)
    assert [fanout.id for fanout in await bench.planning()] == [urgent.id, bulk.id]

    await bench.ready(urgent)

    assert [fanout.id for fanout in await bench.planning()] == [bulk.id]


async def test_planning_goes_on_behind_the_last_page_that_was_kept(bench: LedgerBench) -> None:
    fanout = await bench.opened()

    await bench.written(fanout, "a@x.org", "b@x.org", up_to=42)

    [going] = await bench.planning()
    assert (going.id, going.written) == (fanout.id, 42)


async def test_the_audiences_beside_are_the_others_whose_people_get_their_own_message(
    bench: LedgerBench,
) -> None:
    first = await bench.opened(priority=101, audience="executives")
    number = first.update
    second = await bench.opened(priority=102, audience="stakeholders", number=number)
    page, teams = ChannelName.PAGE, ChannelName.TEAMS
    await bench.opened(priority=100, audience="responders", number=number, channel=teams)
    third = await bench.opened(priority=103, audience="customers", number=number)
    fourth = await bench.opened(priority=103, audience="customers", number=number, channel=page)
    await bench.opened(priority=100, audience="regulator")

    async def beside(fanout: Fanout) -> list[str]:
        return sorted(await bench.shelf.act(lambda fanouts: fanouts.beside(fanout)))

    assert await beside(first) == ["customers", "stakeholders"]
    assert await beside(second) == ["customers", "executives"]
    assert await beside(third) == ["executives", "stakeholders"]
    assert await beside(fourth) == ["executives", "stakeholders"]


async def test_a_correction_finds_those_whom_the_wrong_update_reached_or_may_have(
    bench: LedgerBench,
) -> None:
    off = Line(address="off@x.org", suppressed=Reason.UNSUBSCRIBED)
    unsure = Line(address="maybe@x.org", name="Max", language="de", time_zone="Asia/Tokyo")
    wrong = await bench.planned("ok@x.org", unsure, "no@x.org", off)
    await bench.planned("other@x.org", audience="stakeholders")
    claim, step = await bench.begun()
    ok, maybe, no = step.deliveries
    await bench.advance(
        claim,
        *outcomes([ok], ACCEPTED),
        *outcomes([maybe], UNKNOWN),
        *outcomes([no], REJECTED),
    )
    correction = await bench.opened(corrects=wrong.update)

    async def told(after: int = 0) -> list[Listed]:
        return list(await bench.shelf.act(lambda f: f.told(correction, after=after, limit=1)))

    [first] = await told()
    [second] = await told(after=first.number)
    assert correction.corrects == wrong.update
    assert first == Listed(ok.id, "ok@x.org", "", "", "")
    assert second == Listed(maybe.id, "maybe@x.org", "Max", "de", "", "Asia/Tokyo")
    assert await told(after=second.number) == []


async def test_ready_again_does_not_hurry_what_waits(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    await bench.delivered(REJECTED, due_at=bench.clock.now() + MINUTE)

    await bench.ready(fanout)

    assert await bench.claim() is None


# Retry


async def test_a_retry_plans_what_failed_and_nothing_else(bench: LedgerBench) -> None:
    fanout = await bench.planned(
        "ok@x.org",
        "no@x.org",
        "maybe@x.org",
        Line(address="off@x.org", suppressed=Reason.DUPLICATE),
    )
    claim, step = await bench.begun()
    ok, no, maybe = step.deliveries
    await bench.advance(
        claim,
        *outcomes([ok], ACCEPTED),
        *outcomes([no], REJECTED, reason=Reason.MAILBOX_UNKNOWN),
        *outcomes([maybe], UNKNOWN, reason=Reason.NO_REPLY),
    )
    assert await bench.claim() is None

    assert await bench.retry(fanout) == 2

    assert await bench.states(fanout) == {
        "ok@x.org": ACCEPTED,
        "no@x.org": PLANNED,
        "maybe@x.org": PLANNED,
        "off@x.org": DeliveryState.SUPPRESSED,
    }
    assert await bench.totals(fanout) == {ACCEPTED: 1, PLANNED: 2, DeliveryState.SUPPRESSED: 1}
    again = await bench.delivered()
    assert addresses(again) == ["no@x.org", "maybe@x.org"]
    assert [(delivery.key, delivery.attempt) for delivery in again] == [(no.key, 1), (maybe.key, 1)]


async def test_a_retry_where_nothing_failed_plans_nothing(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    await bench.delivered()

    assert await bench.retry(fanout) == 0
    assert await bench.claim() is None


async def test_a_retry_of_one_update_leaves_the_others_alone(bench: LedgerBench) -> None:
    first, second = await bench.planned("a@x.org"), await bench.planned("b@x.org")
    await bench.delivered(REJECTED)

    assert await bench.retry(second) == 1

    assert await bench.totals(first) == {REJECTED: 1}
    assert addresses(await bench.delivered()) == ["b@x.org"]


async def test_a_retry_while_the_rest_is_under_way_is_taken_by_the_same_claim(
    bench: LedgerBench,
) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    claim, first = await bench.begun(take=1)
    second = await bench.advance(claim, *outcomes(first.deliveries, REJECTED), take=1)

    assert await bench.retry(fanout) == 1

    third = await bench.advance(claim, *outcomes(second.deliveries, ACCEPTED), take=1)
    assert addresses(third.deliveries) == ["a@x.org"]
    assert await bench.totals(fanout) == {ACCEPTED: 1, SENDING: 1}


# Cancel


async def test_what_is_cancelled_is_never_sent_and_what_is_being_sent_goes_on(
    bench: LedgerBench,
) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    claim, step = await bench.begun(take=1)

    assert await bench.cancel(fanout) == 1
    assert await bench.totals(fanout) == {SENDING: 1, CANCELLED: 1}

    end = await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED))
    assert (end.kept, end.deliveries) == (1, ())
    assert await bench.delivered() == []
    assert await bench.totals(fanout) == {ACCEPTED: 1, CANCELLED: 1}


async def test_what_was_being_sent_when_cancelled_is_still_found_when_its_worker_is_lost(
    bench: LedgerBench,
) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    _, step = await bench.begun(take=1)
    await bench.cancel(fanout)
    bench.clock.advance(LEASE)

    assert (await bench.claimed()).lost == step.deliveries


async def test_a_cancelled_retry_is_not_sent(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    await bench.delivered(REJECTED, due_at=bench.clock.now() + MINUTE)

    assert await bench.cancel(fanout) == 1

    assert await bench.next_due() is None
    row = await bench.one_row()
    assert (row.state, row.due_at, row.finished_at) == (CANCELLED, None, bench.clock.now())


async def test_cancelling_while_rows_are_being_written_ends_the_writing(bench: LedgerBench) -> None:
    fanout = await bench.opened()
    await bench.written(fanout, "a@x.org")

    assert await bench.cancel(fanout) == 1

    assert await bench.planning() == ()
    await bench.ready(fanout)
    assert await bench.claim() is None
    assert await bench.totals(fanout) == {CANCELLED: 1}


async def test_cancelling_one_update_leaves_the_others_alone(bench: LedgerBench) -> None:
    first = await bench.planned("a@x.org")
    await bench.planned("b@x.org")

    await bench.cancel(first)

    assert addresses(await bench.delivered()) == ["b@x.org"]


# Reading


async def test_totals_are_told_by_audience_and_channel(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    empty = await bench.opened()

    told = await bench.shelf.act(lambda f: f.totals("INC-1", fanout.update))
    nothing = await bench.shelf.act(lambda f: f.totals("INC-1", empty.update))

    assert told == {
        ("executives", ChannelName.MAIL): {s: 2 if s is PLANNED else 0 for s in DeliveryState}
    }
    assert nothing == {("executives", ChannelName.MAIL): dict.fromkeys(DeliveryState, 0)}


async def test_rows_are_read_by_update_audience_state_and_page(bench: LedgerBench) -> None:
    first = await bench.planned("a@x.org", "b@x.org", audience="executives")
    await bench.planned("c@x.org", audience="stakeholders")
    claim, step = await bench.begun(take=1)
    await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED), take=0)

    async def found(**wanted: object) -> list[str]:
        return [row.address for row in await bench.rows(**wanted)]

    assert await found(update=first.update) == ["a@x.org", "b@x.org"]
    assert await found(audience="stakeholders") == ["c@x.org"]
    assert await found(state=ACCEPTED) == ["a@x.org"]
    assert await found(limit=2) == ["a@x.org", "b@x.org"]
    last = (await bench.rows(limit=2))[-1]
    assert await found(after=last.id) == ["c@x.org"]


async def test_rows_of_another_incident_are_not_shown(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")

    assert await bench.shelf.act(lambda fanouts: fanouts.rows("INC-2", Filter())) == ()


async def test_an_acknowledgement_is_kept_once(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    row = await bench.one_row()
    seen_at = bench.clock.now()
    await bench.shelf.act(lambda fanouts: fanouts.acknowledge(row.id, now=seen_at))
    later = bench.clock.advance(MINUTE)

    again = await bench.shelf.act(lambda fanouts: fanouts.acknowledge(row.id, now=later))
    nothing = await bench.shelf.act(lambda fanouts: fanouts.acknowledge(10**7, now=later))

    assert again is not None
    assert again.acknowledged_at == seen_at
    assert nothing is None


async def test_what_waits_on_a_channel_is_listed_by_its_fan_outs(bench: LedgerBench) -> None:
    bulk = await bench.planned("a@x.org", "b@x.org", priority=300)
    urgent = await bench.planned("c@x.org", priority=100)
    await bench.planned("room:INC-1", channel=ChannelName.TEAMS)
    still_written = await bench.opened(priority=50)
    await bench.written(still_written, "d@x.org")
    await bench.begun(take=1)

    waiting = await bench.shelf.act(lambda fanouts: fanouts.waiting(ChannelName.MAIL))

    assert [(one.fanout.id, one.deliveries) for one in waiting] == [(urgent.id, 1), (bulk.id, 2)]


async def test_what_another_channel_takes_over_is_cancelled_with_the_reason(
    bench: LedgerBench,
) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org", "c@x.org")
    other = await bench.planned("d@x.org")
    claim, step = await bench.begun(take=1)

    for expected in (2, 0):
        moved = await bench.shelf.act(lambda f: f.supersede(fanout, now=bench.clock.now()))
        assert moved == expected

    await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED))
    assert await bench.totals(fanout) == {ACCEPTED: 1, CANCELLED: 2}
    assert await bench.totals(other) == {PLANNED: 1}
    gone = await bench.rows(update=fanout.update, state=CANCELLED)
    assert {row.reason for row in gone} == {Reason.SUPERSEDED}
    assert await bench.retry(fanout) == 0
