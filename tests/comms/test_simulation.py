"""A simulated plan: told when the promises say, no later, no earlier, and by as many messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from comms.incident import Severity
from comms.people import Role
from comms.plan.cadence import Cadence
from comms.plan.load import load
from comms.plan.model import ChannelName, Plan
from comms.promise import first_due, next_due
from comms.simulation import Course, Simulation, Why, moments, simulate, supposed
from comms.testing.clock import MONDAY
from comms.throttle import Limit

SHIPPED = load(None)
HOUR = timedelta(hours=1)
PEOPLE = {"executives": 12, "stakeholders": 400, "customers": 5000}

spans = st.none() | st.timedeltas(timedelta(minutes=1), timedelta(days=2))


def unlimited(_audience: str, _channel: ChannelName) -> Sequence[Limit]:
    return ()


def thirty_a_minute(_audience: str, channel: ChannelName) -> Sequence[Limit]:
    return (Limit(key="mail", rate=0.5),) if channel is ChannelName.MAIL else ()


def simulated(plan: Plan = SHIPPED, hours: float = 6, **more: object) -> Simulation:
    given = {"begin": MONDAY, "recipients": PEOPLE, "limits": unlimited, **more}
    severity = given.pop("severity", Severity.SEV1)
    return simulate(plan, severity, length=hours * HOUR, **given)  # type: ignore[arg-type]


@given(
    first=spans,
    every=spans,
    begin=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    length=st.timedeltas(timedelta(0), timedelta(days=3)),
)
def test_each_moment_is_the_one_that_was_promised_at_the_one_before(
    first: timedelta | None, every: timedelta | None, begin: datetime, length: timedelta
) -> None:
    begin = begin.replace(tzinfo=UTC)
    cadence = {severity: Cadence(first=first, every=every) for severity in Severity}
    audience = replace(SHIPPED.audience("customers"), cadence=cadence)

    incident = supposed(Severity.SEV2, begin=begin)

    found = list(moments(SHIPPED, audience, Course(incident=incident), end=begin + length))

    due = first_due(SHIPPED, audience, incident, begin)
    for at, why in found:
        assert at == due
        assert why is (Why.FIRST if at == found[0][0] else Why.EVERY)
        due = next_due(SHIPPED, audience, incident, at)
    # It ends only where nothing more is promised, or it is promised for after the end.
    assert due is None or due >= begin + length


def test_an_update_is_written_once_for_all_who_are_told_at_the_same_moment() -> None:
    at_a_quarter = simulated().updates[2]

    assert at_a_quarter.at == MONDAY + timedelta(minutes=15)
    assert at_a_quarter.audiences == {"executives": Why.FIRST, "stakeholders": Why.FIRST}
    assert set(at_a_quarter.approvals) == {Role.INCIDENT_COMMANDER, Role.COMMS_LEAD}


def test_messages_are_counted_by_channel() -> None:
    found = simulated(hours=1)

    # Responders at 5, 20, 35 and 50; customers at 10 and 40; the others at 15 and 45.
    assert found.messages == {
        ChannelName.TEAMS: 4,
        ChannelName.PAGE: 2,
        ChannelName.MAIL: 2 * 5000 + 2 * 412,
    }
    assert found.approvals == {Role.COMMS_LEAD: 4, Role.INCIDENT_COMMANDER: 4}


def test_on_change_promises_the_first_update_only() -> None:
    found = simulated(severity=Severity.SEV3)

    assert found.on_change == ("executives",)
    told = [update.at for update in found.updates if "executives" in update.audiences]
    assert told == [MONDAY + timedelta(minutes=15)]


def test_an_audience_without_a_first_promise_is_told_nothing_for_sure() -> None:
    severity = Severity.SEV1
    executives = SHIPPED.audience("executives")
    cadence = {**executives.cadence, severity: Cadence(first=None, every=HOUR)}
    silent = replace(executives, cadence=cadence)

    found = simulated(replace(SHIPPED, audiences={**SHIPPED.audiences, "executives": silent}))

    assert found.unpromised == ("executives",)
    assert not [one for one in found.sendings if one.audience == "executives"]


def test_without_a_limit_nothing_is_held_up() -> None:
    assert simulated().held == ()


def test_what_a_limit_holds_up_is_late_once_the_next_is_due() -> None:
    found = simulated(limits=thirty_a_minute, recipients={**PEOPLE, "customers": 600})

    first = next(one for one in found.held if one.audience == "customers")
    # 600 take 20 minutes, and 412 who go first take 14 of them.
    assert first.at == MONDAY + timedelta(minutes=10)
    assert first.done_at == first.at + timedelta(seconds=1200 + 824)
    assert first.is_late
    stakeholders = next(one for one in found.held if one.audience == "stakeholders")
    assert not stakeholders.is_late
    assert stakeholders.held_by == Limit(key="mail", rate=0.5)


def test_a_hold_up_that_is_shorter_than_what_is_printed_is_none() -> None:
    found = simulated(limits=thirty_a_minute, recipients={"executives": 30})

    assert found.held == ()
    assert [one.done_at for one in found.sendings] == [one.at for one in found.sendings]


@given(hours=st.floats(0.25, 48), severity=st.sampled_from(Severity))
def test_everything_lies_within_the_incident_and_in_order(hours: float, severity: Severity) -> None:
    found = simulated(hours=hours, severity=severity)

    times = [update.at for update in found.updates]
    assert times == sorted(set(times))
    assert all(found.begin < at < found.end for at in times)


def test_an_incident_that_is_only_watched_is_told_of_as_the_plan_says_for_it() -> None:
    found = simulated(hours=4, monitored_after=HOUR)

    executives = [
        update.at - MONDAY for update in found.updates if "executives" in update.audiences
    ]
    minutes = [span // timedelta(minutes=1) for span in executives]
    # What was promised before it was watched is kept; the longer times begin after it.
    assert minutes == [15, 45, 75, 135, 195]


def test_a_long_incident_is_told_of_less_often() -> None:
    found = simulated(hours=9)

    told = [update.at - MONDAY for update in found.updates if "customers" in update.audiences]
    gaps = {after - before for before, after in pairwise(told) if before >= 6 * HOUR}
    assert gaps == {HOUR}
