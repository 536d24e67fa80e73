"""Planning by choice: what a reader does not want now is a row with its reason, not a gap."""

from __future__ import annotations

from dataclasses import replace

import pytest

from comms.acts.choices import choose, reader, unsubscribe
from comms.acts.deliveries import retry
from comms.acts.incident import resolve
from comms.bell import Bell
from comms.channels.transport import Transport
from comms.choice import Choice, Chosen, Wish
from comms.delivery import Delivery, DeliveryState, LedgerRow, Outcome, Reason
from comms.desk import Desk, Scene
from comms.errors import Forbidden, NotFound
from comms.fanout import Runner, Slots
from comms.incident import Incident
from comms.ledger import Filter
from comms.people import SITREP, Person
from comms.plan.model import ChannelName
from comms.recipient import Recipient
from comms.report import Actions
from comms.routes import only
from comms.testing import FakeTransport, HeldClock
from storage.database import Database
from storage.ledger import SqlLedger
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA, REPORT

PLANNED, SUPPRESSED = DeliveryState.PLANNED, DeliveryState.SUPPRESSED
READER = Person(name="Reader")
SAME = REPORT
NEWS = replace(REPORT, conditions="All card payments fail.")
OTHER_ACTIONS = replace(REPORT, actions=Actions(doing=("Restarting the gateway",)))


@pytest.fixture
async def incident(desk: Desk) -> Incident:
    return await declared(desk)


async def test_a_choice_keeps_updates_back_and_says_why(desk: Desk, incident: Incident) -> None:
    await invited(desk, "stakeholders", "every@x.org", "changes@x.org", "daily@x.org")
    await chose(desk, "stakeholders", changes=Wish.CHANGES, daily=Wish.DAILY)

    await sent(desk, incident.key, audiences=["stakeholders"])
    await sent(desk, incident.key, OTHER_ACTIONS, audiences=["stakeholders"])
    await sent(desk, incident.key, NEWS, audiences=["stakeholders"])

    assert await reasons(desk, incident, 1) == {"every": None, "changes": None, "daily": "digest"}
    assert await reasons(desk, incident, 2) == {
        "every": None,
        "changes": "unchanged",
        "daily": "digest",
    }
    assert await reasons(desk, incident, 3) == {"every": None, "changes": None, "daily": "digest"}


async def test_the_end_reaches_whoever_got_the_first_notice_and_still_reads(
    desk: Desk, database: Database, clock: HeldClock, incident: Incident
) -> None:
    await invited(desk, "customers", "daily@x.org", "new@x.org", "gone@x.org", "changes@x.org")
    await chose(desk, "customers", new=Wish.DAILY)
    await sent(desk, incident.key, audiences=["customers"])
    await delivered(database, clock, FakeTransport())
    await chose(desk, "customers", daily=Wish.DAILY, gone=Wish.NOTHING, changes=Wish.CHANGES)

    await approved(desk, await desk.do(resolve, ADA, "teams", incident.key))

    assert await reasons(desk, incident, 2) == {
        "daily": None,
        "new": "digest",
        "gone": "unsubscribed",
        "changes": None,
    }


async def test_a_correction_follows_the_wrong_words_but_not_to_who_has_unsubscribed(
    desk: Desk, database: Database, clock: HeldClock, incident: Incident
) -> None:
    await invited(desk, "customers", "daily@x.org", "gone@x.org", "stays@x.org")
    await sent(desk, incident.key, audiences=["customers"])
    await delivered(database, clock, FakeTransport())
    await chose(desk, "customers", daily=Wish.DAILY, gone=Wish.NOTHING)

    await sent(desk, incident.key, NEWS, corrects=1)

    assert await reasons(desk, incident, 2) == {
        "daily": None,
        "gone": "unsubscribed",
        "stays": None,
    }


async def test_who_wants_a_digest_in_one_audience_is_told_at_once_by_the_other(
    desk: Desk, incident: Incident
) -> None:
    for audience in ("executives", "stakeholders"):
        await invited(desk, audience, "both@x.org")
    await chose(desk, "executives", both=Wish.DAILY)

    await sent(desk, incident.key, audiences=["executives", "stakeholders"])

    found = [(row.audience, row.reason) for row in await rows(desk, incident, 1)]
    assert found == [("executives", Reason.DIGEST), ("stakeholders", None)]


async def test_what_is_planned_is_not_sent_to_who_unsubscribes_before_it_leaves(
    desk: Desk, database: Database, clock: HeldClock, incident: Incident
) -> None:
    await invited(desk, "customers", "Stays@x.org", "Goes@X.org")
    await sent(desk, incident.key, audiences=["customers"])
    goes = next(row for row in await rows(desk, incident, 1) if row.address == "Goes@X.org")

    for _ in range(2):
        await desk.do(unsubscribe, READER, "mail", goes.id)
    transport = FakeTransport()
    await delivered(database, clock, transport)

    assert [delivery.address for _, delivery in transport.sent] == ["Stays@x.org"]
    assert await reasons(desk, incident, 1) == {"Stays": None, "Goes": "unsubscribed"}
    totals = await seen(desk, lambda scene: scene.book.fanouts.totals(incident.key, 1))
    assert totals["customers", ChannelName.MAIL][SUPPRESSED] == 1


async def test_sending_again_leaves_out_who_has_unsubscribed_since(
    desk: Desk, database: Database, clock: HeldClock, incident: Incident
) -> None:
    await invited(desk, "customers", "Goes@X.org", "stays@x.org")
    await sent(desk, incident.key, audiences=["customers"])
    await delivered(database, clock, FakeTransport(rule=_refuse))
    [goes, _] = await rows(desk, incident, 1)
    await desk.do(unsubscribe, READER, "mail", goes.id)

    assert await desk.do(retry, ADA, "api", incident.key, 1) == 1

    assert await reasons(desk, incident, 1) == {"Goes": "unsubscribed", "stays": None}


async def test_whose_task_it_is_to_read_may_choose_how_often_but_not_nothing(
    desk: Desk, incident: Incident
) -> None:
    await invited(desk, "stakeholders", "must@x.org")
    await sent(desk, incident.key, audiences=["stakeholders"])
    [row] = await rows(desk, incident, 1)

    with pytest.raises(Forbidden):
        await desk.do(unsubscribe, READER, "mail", row.id)
    await desk.do(choose, READER, "mail", row.id, choice=Choice(wish=Wish.WEEKLY, hour=17))

    assert (await seen(desk, reader, row.id)).choice.words == "weekly monday 17"


async def test_a_choice_outlives_a_new_list_and_a_list_does_not_undo_it(
    desk: Desk, incident: Incident
) -> None:
    await invited(desk, "customers", "daily@x.org", "listed@x.org")
    await chose(desk, "customers", daily=Wish.DAILY)
    await invited(desk, "customers", "Daily@X.org", "listed@x.org")

    def imported(scene: Scene) -> None:
        every = Choice(wish=Wish.CHANGES, by_import=True)
        names = ("daily@x.org", "listed@x.org")
        scene.book.choices.imported([Chosen("customers", name, every) for name in names])

    await desk.do(imported, ADA, "api")

    made = await seen(desk, lambda scene: scene.book.choices.of("customers"))
    assert [(one.address, one.choice.wish) for one in made] == [
        ("daily@x.org", Wish.DAILY),
        ("listed@x.org", Wish.CHANGES),
    ]
    assert (await seen(desk, lambda scene: scene.book.choices.counts("customers"))) == {
        Wish.DAILY: 1,
        Wish.CHANGES: 1,
    }


async def test_whom_a_choice_keeps_back_is_not_reckoned_with(
    desk: Desk, incident: Incident
) -> None:
    await invited(desk, "stakeholders", "every@x.org", "changes@x.org", "daily@x.org")
    await chose(desk, "stakeholders", changes=Wish.CHANGES, daily=Wish.DAILY, left=Wish.WEEKLY)

    first = await drafted(desk, incident.key, audiences=["stakeholders"])
    await approved(desk, first)
    same = await drafted(desk, incident.key, OTHER_ACTIONS, audiences=["stakeholders"])

    told = [one.estimates["stakeholders"] for one in (first, same)]
    assert [(one.recipients, one.kept_back) for one in told] == [(2, 1), (1, 2)]
    planned = list((await reasons(desk, incident, 1)).values())
    assert planned.count(None) == told[0].recipients


async def test_a_link_to_no_letter_leads_nowhere(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await seen(desk, reader, 77)


async def invited(desk: Desk, audience: str, *emails: str) -> None:
    def replace_all(scene: Scene) -> None:
        scene.book.recipients.replace(audience, [Recipient(email=email) for email in emails])

    await desk.do(replace_all, SITREP, "cli")


async def chose(desk: Desk, audience: str, **wishes: Wish) -> None:
    def keep(scene: Scene) -> None:
        scene.book.choices.save(
            [
                Chosen(audience, f"{name}@x.org", Choice(wish=wish, time_zone="UTC"))
                for name, wish in wishes.items()
            ]
        )

    await desk.do(keep, SITREP, "cli")


async def delivered(database: Database, clock: HeldClock, transport: Transport) -> None:
    """Send what is due by mail."""
    runner = Runner(
        channel=ChannelName.MAIL,
        routes=only(transport),
        ledger=SqlLedger(database),
        clock=clock,
        bell=Bell(),
        owner="one",
        slots=Slots(),
    )
    await runner.run_until_idle()


async def rows(desk: Desk, incident: Incident, number: int) -> list[LedgerRow]:
    """The mail of an update."""
    found = await seen(
        desk, lambda scene: scene.book.fanouts.rows(incident.key, Filter(update=number))
    )
    return [row for row in found if row.channel is ChannelName.MAIL]


async def reasons(desk: Desk, incident: Incident, number: int) -> dict[str, str | None]:
    """By the name in the address: why it was kept back, or None."""
    kept_back = {
        row.address.partition("@")[0]: row.reason if row.state is SUPPRESSED else None
        for row in await rows(desk, incident, number)
    }
    return {name: reason and reason.value for name, reason in kept_back.items()}


def _refuse(delivery: Delivery) -> Outcome:
    return Outcome(
        delivery=delivery.id, state=DeliveryState.REJECTED, reason=Reason.MAILBOX_UNKNOWN
    )
