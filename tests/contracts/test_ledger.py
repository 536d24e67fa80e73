"""What every ledger does: the same cases for the fake, for SQLite and for Postgres."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from comms.delivery import DeliveryState, LedgerRow, Outcome, Reason
from comms.ledger import Claim, FanoutState, Filter, Line
from comms.plan.model import ChannelName
from tests.contracts.ledgers import LEASE, LedgerBench, addresses, outcomes

ACCEPTED, REJECTED, UNKNOWN = (
    DeliveryState.ACCEPTED,
    DeliveryState.REJECTED,
    DeliveryState.UNKNOWN,
)
MINUTE = timedelta(minutes=1)


async def test_a_claim_takes_what_is_planned_and_marks_it_as_being_sent(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")

    claim = await bench.claimed(owner="worker-1")

    assert addresses(claim) == ["a@x.org", "b@x.org"]
    assert claim.fanout.id == fanout.id
    assert claim.lease_until == bench.clock.now() + LEASE
    assert [delivery.attempt for delivery in claim.deliveries] == [1, 1]
    assert await bench.totals(fanout) == {DeliveryState.SENDING: 2}


async def test_a_claim_is_never_larger_than_asked(bench: LedgerBench) -> None:
    await bench.planned("a@x.org", "b@x.org", "c@x.org")

    assert len(addresses(await bench.claim(limit=2))) == 2
    assert len(addresses(await bench.claim(limit=2))) == 1
    assert await bench.claim(limit=2) is None


async def test_nothing_is_claimed_before_all_rows_are_written(bench: LedgerBench) -> None:
    fanout = await bench.opened()
    await bench.written(fanout, "a@x.org")

    assert await bench.claim() is None
    assert await bench.ledger.next_due(ChannelName.MAIL) is None


async def test_each_channel_claims_its_own(bench: LedgerBench) -> None:
    await bench.planned("room:INC-1", channel=ChannelName.TEAMS, audience="responders")

    assert await bench.claim(channel=ChannelName.MAIL) is None
    assert addresses(await bench.claim(channel=ChannelName.TEAMS)) == ["room:INC-1"]


async def test_the_most_urgent_fan_out_is_claimed_first(bench: LedgerBench) -> None:
    await bench.planned("sev3@x.org", priority=300)
    await bench.planned("sev1@x.org", priority=100)
    await bench.planned("sev2@x.org", priority=200)

    order = [addresses(await bench.claim()) for _ in range(3)]

    assert order == [["sev1@x.org"], ["sev2@x.org"], ["sev3@x.org"]]


async def test_equally_urgent_fan_outs_go_in_the_order_of_their_opening(bench: LedgerBench) -> None:
    await bench.planned("first@x.org")
    await bench.planned("second@x.org")

    assert addresses(await bench.claim()) == ["first@x.org"]


async def test_a_retry_that_is_not_due_yet_lets_others_pass(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    first = await bench.claimed(limit=1)
    await bench.record(first, *outcomes(first, REJECTED, reason=Reason.THROTTLED), again=MINUTE)

    assert addresses(await bench.claim()) == ["b@x.org"]
    assert (await bench.totals(fanout))[DeliveryState.PLANNED] == 1


async def test_what_is_due_longest_is_claimed_first(bench: LedgerBench) -> None:
    await bench.planned("a@x.org", "b@x.org")
    both = await bench.claimed()
    a, b = outcomes(both, REJECTED, reason=Reason.TEMPORARY)
    await bench.record(both, a, again=2 * MINUTE)
    await bench.record(both, b, again=MINUTE)
    bench.clock.advance(3 * MINUTE)

    assert addresses(await bench.claim(limit=1)) == ["b@x.org"]


async def test_an_accepted_delivery_is_finished_with_its_receipt(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    claim = await bench.claimed()

    counted = await bench.record(claim, *outcomes(claim, ACCEPTED, provider_id="queue-7"))

    row = await one_row(bench)
    assert counted == 1
    assert (row.state, row.provider_id, row.attempts) == (ACCEPTED, "queue-7", 1)
    assert row.finished_at == bench.clock.now()
    assert row.due_at is None
    assert await bench.totals(fanout) == {ACCEPTED: 1}


async def test_a_refusal_keeps_its_reason_and_the_platforms_words(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    claim = await bench.claimed()
    refused = outcomes(claim, REJECTED, reason=Reason.MAILBOX_UNKNOWN, detail="550 5.1.1 no such")

    await bench.record(claim, *refused)

    row = await one_row(bench)
    assert (row.state, row.reason, row.detail) == (
        REJECTED,
        Reason.MAILBOX_UNKNOWN,
        "550 5.1.1 no such",
    )


async def test_a_long_answer_is_kept_to_300_characters(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    claim = await bench.claimed()

    await bench.record(claim, *outcomes(claim, REJECTED, detail="x" * 1000))

    assert len((await one_row(bench)).detail) == 300


async def test_a_failure_that_may_pass_is_planned_again(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    claim = await bench.claimed()

    await bench.record(claim, *outcomes(claim, REJECTED, reason=Reason.THROTTLED), again=MINUTE)

    row = await one_row(bench)
    assert (row.state, row.due_at) == (DeliveryState.PLANNED, bench.clock.now() + MINUTE)
    assert row.finished_at is None
    assert row.reason is Reason.THROTTLED
    assert await bench.totals(fanout) == {DeliveryState.PLANNED: 1}
    assert await bench.claim() is None

    bench.clock.advance(MINUTE)
    assert (await bench.claimed()).deliveries[0].attempt == 2


async def test_an_attempt_is_told_its_number_when_asked_about_the_next(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    asked: list[int] = []
    for _ in range(3):
        claim = await bench.claimed()
        await bench.ledger.record(
            claim,
            outcomes(claim, UNKNOWN),
            now=bench.clock.now(),
            again=lambda _outcome, attempt, now: asked.append(attempt) or now,  # type: ignore[func-returns-value]
        )

    assert asked == [1, 2, 3]


async def test_the_key_of_a_delivery_is_the_same_in_every_attempt(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    first = await bench.claimed()
    await bench.record(first, *outcomes(first, UNKNOWN), again=MINUTE)
    bench.clock.advance(MINUTE)

    second = await bench.claimed()

    assert second.deliveries[0].key == first.deliveries[0].key


async def test_a_suppressed_recipient_is_recorded_not_sent(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", Line(address="b@x.org", suppressed=Reason.UNSUBSCRIBED))

    assert addresses(await bench.claim()) == ["a@x.org"]
    assert await bench.totals(fanout) == {DeliveryState.SENDING: 1, DeliveryState.SUPPRESSED: 1}
    bench.clock.advance(timedelta(days=1))
    assert addresses(await bench.claim()) == ["a@x.org"]


async def test_a_repeated_address_is_written_once_and_the_first_line_counts(
    bench: LedgerBench,
) -> None:
    fanout = await bench.opened()
    lines = (
        Line(address="A@x.org", name="First"),
        Line(address="a@x.org", name="Second", suppressed=Reason.DUPLICATE),
        Line(address="A@x.org", name="Third"),
    )

    assert await bench.written(fanout, *lines) == 1
    assert (await one_row(bench)).name == "First"
    assert await bench.totals(fanout) == {DeliveryState.PLANNED: 1}


async def test_writing_the_same_rows_again_adds_none(bench: LedgerBench) -> None:
    fanout = await bench.opened()

    assert await bench.written(fanout, "a@x.org", "b@x.org") == 2
    assert await bench.written(fanout, "b@x.org", "c@x.org") == 1
    assert await bench.totals(fanout) == {DeliveryState.PLANNED: 3}


async def test_a_fan_out_opened_again_is_the_same(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    claim = await bench.claimed()

    assert claim.fanout.id == fanout.id
    assert claim.fanout.state is FanoutState.READY
    assert (await bench.ledger.statement(fanout)).subject == "Card payments"


@pytest.mark.parametrize("count", [499, 1203])
async def test_every_one_of_many_rows_is_claimed_once(bench: LedgerBench, count: int) -> None:
    fanout = await bench.planned(*(f"p{n}@x.org" for n in range(count)))
    taken: list[str] = []
    while claim := await bench.claim(limit=100):
        taken += addresses(claim)
        await bench.record(claim, *outcomes(claim, ACCEPTED))

    assert sorted(taken) == sorted(f"p{n}@x.org" for n in range(count))
    assert await bench.totals(fanout) == {ACCEPTED: count}


async def test_a_lease_that_has_not_run_out_protects_its_claim(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    await bench.claim(owner="worker-1")
    bench.clock.advance(LEASE - timedelta(microseconds=1))

    assert await bench.claim(owner="worker-2") is None


async def test_what_a_lost_worker_left_behind_is_claimed_again(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    await bench.claim(owner="worker-1")
    bench.clock.advance(LEASE)

    again = await bench.claimed(owner="worker-2")

    assert again.deliveries[0].attempt == 2
    assert await bench.totals(fanout) == {DeliveryState.SENDING: 1}


async def test_the_outcome_of_a_late_owner_is_dropped(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    late = await bench.claimed(owner="worker-1")
    bench.clock.advance(LEASE)
    second = await bench.claimed(owner="worker-2")

    assert await bench.record(late, *outcomes(late, REJECTED)) == 0
    assert await bench.totals(fanout) == {DeliveryState.SENDING: 1}
    assert await bench.record(second, *outcomes(second, ACCEPTED)) == 1
    assert await bench.record(late, *outcomes(late, REJECTED)) == 0
    assert await bench.totals(fanout) == {ACCEPTED: 1}


async def test_another_claim_of_the_same_owner_is_fenced_too(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    late = await bench.claimed(owner="worker-1")
    bench.clock.advance(LEASE)
    second = await bench.claimed(owner="worker-1")

    assert await bench.record(late, *outcomes(late, REJECTED), again=MINUTE) == 0
    assert await bench.totals(fanout) == {DeliveryState.SENDING: 1}
    assert await bench.record(second, *outcomes(second, ACCEPTED)) == 1


async def test_a_late_owner_may_still_record_what_nobody_else_has_claimed(
    bench: LedgerBench,
) -> None:
    fanout = await bench.planned("a@x.org")
    claim = await bench.claimed()
    bench.clock.advance(LEASE * 3)

    assert await bench.record(claim, *outcomes(claim, ACCEPTED)) == 1
    assert await bench.totals(fanout) == {ACCEPTED: 1}


async def test_recording_an_outcome_twice_counts_once(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    claim = await bench.claimed()

    assert await bench.record(claim, *outcomes(claim, ACCEPTED)) == 1
    assert await bench.record(claim, *outcomes(claim, REJECTED)) == 0
    assert await bench.totals(fanout) == {ACCEPTED: 1}


async def test_of_two_outcomes_for_one_delivery_the_first_counts(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    claim = await bench.claimed(limit=1)

    both = (*outcomes(claim, ACCEPTED), *outcomes(claim, REJECTED))

    assert await bench.record(claim, *both) == 1
    assert await bench.totals(fanout) == {ACCEPTED: 1, DeliveryState.PLANNED: 1}


async def test_an_outcome_of_a_delivery_that_was_not_claimed_is_dropped(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    claim = await bench.claimed(limit=1)
    others = {row.id for row in await rows(bench)} - {claim.deliveries[0].id}

    stray = [Outcome(delivery=other, state=ACCEPTED) for other in (*others, 10_000_000)]

    assert await bench.record(claim, *stray) == 0
    assert await bench.totals(fanout) == {DeliveryState.SENDING: 1, DeliveryState.PLANNED: 1}


async def test_part_of_a_claim_can_be_recorded_and_the_rest_later(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    claim = await bench.claimed()
    first, second = outcomes(claim, ACCEPTED)

    await bench.record(claim, first)
    assert await bench.totals(fanout) == {ACCEPTED: 1, DeliveryState.SENDING: 1}
    await bench.record(claim, second)
    assert await bench.totals(fanout) == {ACCEPTED: 2}


async def test_a_retry_plans_what_failed_and_nothing_else(bench: LedgerBench) -> None:
    fanout = await bench.planned(
        "ok@x.org",
        "no@x.org",
        "maybe@x.org",
        Line(address="off@x.org", suppressed=Reason.DUPLICATE),
    )
    claim = await bench.claimed()
    ok, no, maybe = (delivery.id for delivery in claim.deliveries)
    await bench.record(
        claim,
        Outcome(delivery=ok, state=ACCEPTED),
        Outcome(delivery=no, state=REJECTED, reason=Reason.MAILBOX_UNKNOWN),
        Outcome(delivery=maybe, state=UNKNOWN, reason=Reason.NO_REPLY),
    )

    again = await bench.shelf.act(
        lambda fanouts: fanouts.retry("INC-1", fanout.update, now=bench.clock.now())
    )

    assert again == 2
    assert await bench.states(fanout) == {
        "ok@x.org": ACCEPTED,
        "no@x.org": DeliveryState.PLANNED,
        "maybe@x.org": DeliveryState.PLANNED,
        "off@x.org": DeliveryState.SUPPRESSED,
    }
    await bench.totals(fanout)
    retried = await bench.claimed()
    assert sorted(addresses(retried)) == ["maybe@x.org", "no@x.org"]
    assert {delivery.attempt for delivery in retried.deliveries} == {1}


async def test_a_retry_where_nothing_failed_plans_nothing(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    claim = await bench.claimed()
    await bench.record(claim, *outcomes(claim, ACCEPTED))

    again = await bench.shelf.act(
        lambda fanouts: fanouts.retry("INC-1", fanout.update, now=bench.clock.now())
    )

    assert again == 0
    assert await bench.claim() is None


async def test_a_retry_of_one_update_leaves_the_others_alone(bench: LedgerBench) -> None:
    fanouts = [await bench.planned("a@x.org"), await bench.planned("b@x.org")]
    while claim := await bench.claim():
        await bench.record(claim, *outcomes(claim, REJECTED))

    await bench.shelf.act(lambda f: f.retry("INC-1", fanouts[1].update, now=bench.clock.now()))

    assert await bench.totals(fanouts[0]) == {REJECTED: 1}
    assert addresses(await bench.claim()) == ["b@x.org"]


async def test_a_fan_out_with_nothing_left_is_done(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    claim = await bench.claimed()
    assert await bench.ledger.next_due(ChannelName.MAIL) is not None

    await bench.record(claim, *outcomes(claim, ACCEPTED))

    assert await bench.ledger.next_due(ChannelName.MAIL) is None
    assert await bench.claim() is None


async def test_a_fan_out_that_reaches_nobody_is_done_at_once(bench: LedgerBench) -> None:
    nobody = await bench.planned()
    only = await bench.planned(Line(address="a@x.org", suppressed=Reason.UNSUBSCRIBED))

    assert await bench.ledger.next_due(ChannelName.MAIL) is None
    assert await bench.totals(nobody) == {}
    assert await bench.totals(only) == {DeliveryState.SUPPRESSED: 1}


async def test_the_next_due_moment_is_the_earliest_retry_or_end_of_a_lease(
    bench: LedgerBench,
) -> None:
    await bench.planned("a@x.org", "b@x.org")
    assert await bench.ledger.next_due(ChannelName.MAIL) == bench.clock.now()

    both = await bench.claimed()
    assert await bench.ledger.next_due(ChannelName.MAIL) == bench.clock.now() + LEASE

    await bench.record(both, outcomes(both, REJECTED)[0], again=MINUTE)
    assert await bench.ledger.next_due(ChannelName.MAIL) == bench.clock.now() + MINUTE
    assert await bench.ledger.next_due(ChannelName.PAGE) is None


async def test_two_workers_are_never_given_the_same_row(bench: LedgerBench) -> None:
    fanout = await bench.planned(*(f"p{n}@x.org" for n in range(300)))

    async def work(owner: str) -> list[str]:
        mine: list[str] = []
        while claim := await bench.claim(limit=7, owner=owner):
            mine += addresses(claim)
            await bench.record(claim, *outcomes(claim, ACCEPTED))
        return mine

    shares = await asyncio.gather(*(work(f"worker-{n}") for n in range(4)))

    taken = [address for share in shares for address in share]
    assert len(taken) == len(set(taken)) == 300
    assert await bench.totals(fanout) == {ACCEPTED: 300}


async def test_claims_at_the_same_time_share_the_rows_out(bench: LedgerBench) -> None:
    await bench.planned(*(f"p{n}@x.org" for n in range(40)))

    claims = await asyncio.gather(*(bench.claim(limit=10, owner=f"w{n}") for n in range(6)))

    taken = [address for claim in claims for address in addresses(claim)]
    assert len(taken) == len(set(taken))
    assert set(taken) <= {f"p{n}@x.org" for n in range(40)}


async def test_rows_are_read_by_update_audience_state_and_page(bench: LedgerBench) -> None:
    first = await bench.planned("a@x.org", "b@x.org", audience="executives")
    await bench.planned("c@x.org", audience="stakeholders")
    claim = await bench.claimed(limit=1)
    await bench.record(claim, *outcomes(claim, ACCEPTED))

    assert [r.address for r in await rows(bench, update=first.update)] == ["a@x.org", "b@x.org"]
    assert [r.address for r in await rows(bench, audience="stakeholders")] == ["c@x.org"]
    assert [r.address for r in await rows(bench, state=ACCEPTED)] == ["a@x.org"]
    page = await rows(bench, limit=2)
    assert [r.address for r in page] == ["a@x.org", "b@x.org"]
    assert [r.address for r in await rows(bench, after=page[-1].id)] == ["c@x.org"]


async def test_rows_of_another_incident_are_not_shown(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")

    found = await bench.shelf.act(lambda fanouts: fanouts.rows("INC-2", Filter()))

    assert found == ()


async def test_an_acknowledgement_is_kept_once(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    row = await one_row(bench)
    seen_at = bench.clock.now()
    await bench.shelf.act(lambda fanouts: fanouts.acknowledge(row.id, now=seen_at))
    bench.clock.advance(MINUTE)

    later = bench.clock.now()
    again = await bench.shelf.act(lambda fanouts: fanouts.acknowledge(row.id, now=later))
    nothing = await bench.shelf.act(lambda fanouts: fanouts.acknowledge(10**7, now=later))

    assert again is not None
    assert again.acknowledged_at == seen_at
    assert nothing is None


async def test_after_a_crash_between_sending_and_recording_the_same_key_is_sent_again(
    bench: LedgerBench,
) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    before: Claim = await bench.claimed(limit=1, owner="before the crash")
    bench.clock.advance(LEASE)

    after: list[str] = []
    while claim := await bench.claim(owner="after the crash"):
        after += [delivery.key for delivery in claim.deliveries]
        await bench.record(claim, *outcomes(claim, ACCEPTED))

    assert before.deliveries[0].key in after
    assert len(after) == len(set(after)) == 2
    assert await bench.totals(fanout) == {ACCEPTED: 2}


async def rows(bench: LedgerBench, **wanted: object) -> tuple[LedgerRow, ...]:
    return await bench.shelf.act(
        lambda fanouts: fanouts.rows("INC-1", Filter(**wanted))  # type: ignore[arg-type]
    )


async def one_row(bench: LedgerBench) -> LedgerRow:
    [row] = await rows(bench)
    return row
