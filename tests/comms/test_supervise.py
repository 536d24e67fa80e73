"""Loops are begun again when they break, and end when they are told to."""

from __future__ import annotations

import asyncio

from comms.supervise import running


async def test_a_loop_that_breaks_is_begun_again() -> None:
    begun = asyncio.Semaphore(0)

    async def breaks() -> None:
        begun.release()
        raise RuntimeError("a bug")

    async with asyncio.timeout(60), running({"breaks": breaks}):
        for _ in range(2):
            await begun.acquire()


async def test_a_loop_that_breaks_as_it_is_told_to_end_is_not_begun_again() -> None:
    begun = 0

    async def breaks_at_its_end() -> None:
        nonlocal begun
        begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("what it needs to end is gone")

    async with running({"breaks": breaks_at_its_end}):
        await asyncio.sleep(0)

    assert begun == 1
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "breaks"]
