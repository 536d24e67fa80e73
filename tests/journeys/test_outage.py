"""The mail relay goes away in the middle of an incident, and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta

import pytest

from comms.delivery import DeliveryState
from comms.desk import Scene
from comms.plan.model import ChannelName
from tests.journeys.team import Team, a_team, shown


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    """A team on a stage of its own."""
    async with a_team() as one:
        yield one


async def test_the_war_room_hears_that_mail_is_out_and_that_it_works_again(team: Team) -> None:
    key = await team.led()
    await team.stage.mail.stop()
    await team.drafted()
    await team.press_approvals(1)

    await passing(team, lambda: sees(team, "Mail has not got through since"))
    await team.stage.mail.start()
    await passing(team, lambda: sees(team, "Mail gets through again"))
    everybody = await team.read(lambda scene: sum(_mails(scene, key)))
    await passing(team, lambda: len(team.stage.mail.message_ids) == everybody)
    await team.sent()

    kinds = [entry.kind for entry in await team.timeline(key)]
    assert (kinds.count("channel.failed"), kinds.count("channel.works")) == (1, 1)
    states = await team.read(lambda scene: scene.book.fanouts.totals(key, 1))
    assert not any(one[DeliveryState.REJECTED] for one in states.values())
    assert set(team.stage.mail.message_ids.values()) == {1}


async def passing(team: Team, is_so: Callable[[], bool]) -> None:
    """Let time pass until it is so."""
    async with asyncio.timeout(60):
        while not is_so():
            team.stage.clock.step(timedelta(seconds=5))
            await asyncio.sleep(0.1)


def sees(team: Team, words: str) -> bool:
    """True where the war room shows these words."""
    return any(words in shown(one) for one in team.stage.teams.rooms.newest())


def _mails(scene: Scene, key: str) -> Iterator[int]:
    """How many mails of the first update there are to be, by audience."""
    for (_audience, channel), states in scene.book.fanouts.totals(key, 1).items():
        if channel is ChannelName.MAIL:
            left_out = states[DeliveryState.SUPPRESSED] + states[DeliveryState.CANCELLED]
            yield sum(states.values()) - left_out
