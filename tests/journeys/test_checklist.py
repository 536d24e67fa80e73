"""A role is taken: its checklist is there, is ticked off with a tap, steps back when passed on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.cards import verbs
from bot.demo.cast import CALEB, INES
from tests.journeys.team import Team, a_team, shown, words_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def team() -> AsyncIterator[Team]:
    """One team."""
    async with a_team() as one:
        yield one


async def test_a_checklist_is_gone_through_in_the_war_room(team: Team) -> None:
    key = await team.declare("Card payments failing")
    await team.press(INES, verbs.ROLE_TAKE, incident=key, role="scribe")

    card = await team.see("House rules")
    assert "0 of 4 done" in shown(card)
    message, _, action = await team.actor.button(
        INES, verbs.CHECKLIST_TICK, {"incident": key, "role": "scribe"}
    )
    assert message is card
    first = await team.stage.teams.execute(INES, message, action, action["data"])
    again = await team.stage.teams.execute(CALEB, message, action, action["data"])
    for answer in (first, again):
        assert "1 of 4 done" in words_of(answer.card or {})
        assert "☑ Write down when it began" in words_of(answer.card or {})
    told = [entry.text for entry in await team.timeline(key) if entry.kind == "checklist.ticked"]
    assert len(told) == 1
    assert "on the scribe's checklist: Write down when it began" in told[0]

    await team.press(CALEB, verbs.ROLE_TAKE, incident=key, role="scribe")
    moved = await team.see("shown anew further down")
    assert moved is card
    newer = await team.see("1 of 4 done")
    assert newer is not card
