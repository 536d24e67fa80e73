"""Executives of a SEV1 are asked whether they have seen it, and who does not say so is chased."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from bot.cards import verbs
from bot.demo.cast import ELENA
from bot.demo.stage import demo_plan
from comms.desk import Scene
from comms.incident import Severity
from comms.people import SITREP
from comms.plan.model import Acknowledge, ChannelName, Plan
from comms.recipient import Recipient
from tests.journeys.team import Team, a_team

OTHER = "kay.ross@northwindpay.example"


async def test_one_answers_the_mail_and_the_other_in_the_chat_that_chases_her() -> None:
    async with a_team(plan=asking()) as team:
        await team.say(ELENA, "help", room=team.stage.teams.rooms.chat(ELENA))
        await team.becomes(lambda scene: scene.book.chats.of(ELENA.email))
        await executives(team, ELENA.email, OTHER)
        await team.led()
        await team.drafted()
        await team.approved(1)
        assert {mail.to for mail in team.mails(1, "executives")} == {ELENA.email, OTHER}

        await follows_the_link(team, OTHER)
        team.stage.clock.step(timedelta(minutes=15))
        await team.becomes(is_chased)
        await team.see("Please confirm that you have seen this.")
        answer = await team.press(ELENA, verbs.UPDATE_SEEN, number=1)

        assert "update 1 is marked as seen" in answer.text
        reach = await team.api("get", "/incidents/INC-1/updates/1/reach")
        assert reach["seen"]["executives"] == {"acknowledged": 2, "told": 2, "silent": []}
        team.stage.clock.step(timedelta(seconds=5))
        await team.see("2 of 2 acknowledged")


def asking() -> Plan:
    """The demo's plan, in which executives of a SEV1 are asked by mail, then in a chat."""
    plan = demo_plan()
    asked = Acknowledge(
        severities=frozenset({Severity.SEV1}),
        within=timedelta(minutes=15),
        then=(ChannelName.CHAT,),
    )
    chased = replace(plan.audience("executives"), acknowledge=asked)
    return replace(plan, audiences={**plan.audiences, "executives": chased})


async def executives(team: Team, *addresses: str) -> None:
    def fill(scene: Scene) -> None:
        people = [Recipient(email=address) for address in addresses]
        scene.book.recipients.replace("executives", people)

    await team.stage.product.desk.do(fill, SITREP, "cli")


async def follows_the_link(team: Team, address: str) -> None:
    """Open the link in the mail, which changes nothing, and press the button behind it."""
    [mail] = [mail for mail in team.mails(1, "executives") if mail.to == address]
    [link] = set(re.findall(rf"{team.stage.url}/seen/\S+", mail.text))
    async with team.http.get(link) as page:
        assert page.status == 200
    async with team.http.post(link) as page:
        assert page.status == 200


def is_chased(scene: Scene) -> bool:
    return any(entry.kind == "update.chased" for entry in scene.book.timeline.of("INC-1"))
