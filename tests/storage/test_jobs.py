"""The writer's queue: people go first, background work is not forgotten."""

from __future__ import annotations

from concurrent.futures import Future

from sqlalchemy import Connection

from storage.jobs import BEHIND, IN_A_ROW, Job, Jobs


def test_people_share_a_commit_and_do_not_wait_for_background_work() -> None:
    jobs = Jobs()
    loop, ada, max_ = job(), job(), job()
    jobs.put(loop, behind=True)
    jobs.put(ada, behind=False)
    jobs.put(max_, behind=False)

    assert jobs.take() == [ada, max_]
    assert jobs.take() == [loop]


def test_background_work_has_its_turn_however_many_people_come() -> None:
    jobs = Jobs()
    loop = job()
    jobs.put(loop, behind=True)

    taken = []
    for _ in range(IN_A_ROW + 1):
        jobs.put(job(), behind=False)
        taken.append(jobs.take())

    assert [loop in group for group in taken] == [False] * IN_A_ROW + [True]


def test_background_work_is_committed_a_few_at_a_time() -> None:
    jobs = Jobs()
    for _ in range(BEHIND + 1):
        jobs.put(job(), behind=True)

    assert [len(jobs.take()), len(jobs.take())] == [BEHIND, 1]


def test_what_was_handed_in_before_the_end_is_still_taken() -> None:
    jobs = Jobs()
    jobs.put(job(), behind=True)
    jobs.close()

    assert len(jobs.take()) == 1
    assert jobs.take() == []


def job() -> Job:
    def work(_connection: Connection) -> None:
        """Nothing is run here."""

    return Job(work, Future())
