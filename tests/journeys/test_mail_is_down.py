"""The mail server is down when an update is approved: it is seen, nobody is missed or doubled."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.cards import verbs
from bot.demo.cast import CALEB, INES
from bot.demo.town import people
from comms.delivery import DeliveryState
from comms.desk import Scene
from comms.plan.model import ChannelName
from tests.journeys.team import Team, a_team


async def test_who_waits_for_mail_is_seen_and_gets_it_once_when_the_server_is_back() -> None:
    async with a_team() as team:
        await team.led()
        await team.stage.mail.stop()
        await team.drafted()
        for who in (CALEB, INES):
            await team.press(who, verbs.UPDATE_APPROVE, number=1)

        # The room and the page have theirs, and the card counts who has not.
        await team.page(shows="Some card payments are declined.")
        await team.becomes(lambda scene: mailed(scene, DeliveryState.ACCEPTED) == 0)
        readers = await team.becomes(waiting)
        await team.see(f"Update 1 reached 2 of {readers + 2}")
        await team.see(f"{readers} under way")
        assert await team.say(CALEB, "status INC-1")

        await team.stage.mail.start()
        await in_time(team)

        assert {a: len(team.mails(1, a)) for a in people()} == {
            "executives": 5,
            "stakeholders": 18,
            "customers": 13,
        }
        assert set(team.stage.mail.message_ids.values()) == {1}
        await team.see(f"Update 1 reached {readers + 2} of {readers + 2}")


async def in_time(team: Team) -> None:
    """Let time pass until nobody waits any more."""
    async with asyncio.timeout(60):
        while await team.read(waiting):
            team.stage.clock.step(timedelta(seconds=15))
            await asyncio.sleep(0.05)


def waiting(scene: Scene) -> int:
    """How many mails have not left."""
    return mailed(scene, DeliveryState.PLANNED) + mailed(scene, DeliveryState.SENDING)


def mailed(scene: Scene, state: DeliveryState) -> int:
    """How many mails of update 1 are in this state."""
    totals = scene.book.fanouts.totals("INC-1", 1).items()
    return sum(states[state] for (_, channel), states in totals if channel is ChannelName.MAIL)
