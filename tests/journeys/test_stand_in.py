"""The incident commander does not approve: the duty manager is asked, and their yes sends."""

from __future__ import annotations

from bot.cards import verbs
from bot.demo.cast import CALEB, ELENA
from bot.demo.teams.rooms import Message
from tests.journeys.team import a_team, shown


async def test_the_duty_manager_stands_in_for_who_does_not_approve() -> None:
    async with a_team() as team:
        key = await team.led()
        await team.drafted()
        await team.press(CALEB, verbs.UPDATE_APPROVE, number=1)

        await team.until(11)
        request = await team.see("Update 1 still waits for approval")
        assert f"{ELENA.name}" in shown(request)
        assert "It needs the approval of: incident commander." in shown(request)
        await team.press(ELENA, verbs.UPDATE_APPROVE, number=1)
        await team.sent()

        def answered() -> Message | None:
            return request if "Update 1 is approved" in shown(request) else None

        await team.actor.sight(answered, "the request says what became of it")
        assert "Approved by Elena Exner, asked in place of the incident commander" in shown(request)
        kinds = [entry.kind for entry in await team.timeline(key)]
        assert kinds.count("approval.asked") == 1
        assert team.mails(1, "stakeholders")
