"""The drain: messages through a limit take as long as the estimate says, the urgent ones first."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from comms.drain import Job, drain
from comms.testing.clock import MONDAY
from comms.throttle import Limit, seconds

HALF_A_MINUTE = Limit(key="mail", rate=0.5)

jobs = st.lists(
    st.builds(
        Job,
        at=st.integers(0, 7200).map(lambda second: MONDAY + timedelta(seconds=second)),
        priority=st.integers(0, 3),
        messages=st.integers(0, 5000),
    ),
    min_size=1,
    max_size=12,
).map(lambda found: sorted(found, key=lambda job: job.at))

limits = st.builds(
    Limit, key=st.just("mail"), rate=st.floats(0.01, 100), burst=st.integers(0, 10_000)
)


def at(seconds: float) -> datetime:
    return MONDAY + timedelta(seconds=seconds)


def job(messages: int, *, after: float = 0, priority: int = 1) -> Job:
    return Job(at=at(after), priority=priority, messages=messages)


@given(messages=st.integers(0, 100_000), limit=limits)
def test_one_job_takes_as_long_as_the_estimate_says(messages: int, limit: Limit) -> None:
    [done] = drain([job(messages)], limit)

    took = (done - MONDAY).total_seconds()
    assert abs(took - seconds([limit], messages)) < 0.001


def test_without_a_rate_everything_leaves_at_once() -> None:
    assert drain([job(5), job(7, after=3)], Limit(key="x")) == (at(0), at(3))


def test_what_is_more_urgent_overtakes_what_has_begun() -> None:
    assert drain([job(100), job(10, after=20, priority=0)], HALF_A_MINUTE) == (at(220), at(40))


def test_what_is_as_urgent_waits_for_what_came_first() -> None:
    assert drain([job(10), job(10), job(10, after=5)], HALF_A_MINUTE) == (at(20), at(40), at(60))


def test_permits_are_saved_up_while_nothing_waits() -> None:
    quota = Limit(key="x", rate=1, burst=10)

    assert drain([job(10), job(10, after=4), job(10, after=100)], quota) == (
        at(0),
        at(10),
        at(100),
    )


@given(found=jobs, limit=limits)
def test_none_leaves_before_it_is_ready_nor_faster_than_the_limit(
    found: list[Job], limit: Limit
) -> None:
    done = drain(found, limit)

    assert all(through >= one.at for one, through in zip(found, done, strict=True))
    span = (max(done) - found[0].at).total_seconds()
    total = sum(one.messages for one in found)
    assert total <= limit.burst + span * limit.rate + 0.01 * limit.rate + 1e-6 * total


@given(found=jobs)
def test_the_most_urgent_never_wait_for_the_others(found: list[Job]) -> None:
    urgent = [one for one in found if one.priority == 0]

    among_all = drain(found, HALF_A_MINUTE)
    alone = drain(urgent, HALF_A_MINUTE)

    mixed = [through for one, through in zip(found, among_all, strict=True) if one.priority == 0]
    assert all(
        abs((one - other).total_seconds()) < 0.001 for one, other in zip(mixed, alone, strict=True)
    )
