"""A role is taken: its checklist is there, is ticked off with a tap, steps back when passed on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.cards import verbs
from bot.demo.cast import CALEB, INES
from comms.incident import IncidentType
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

    assert "is scribe" in await team.say(CALEB, f"take {key} scribe")
    moved = await team.see("shown anew further down")
    assert moved is card
    newer = await team.see("1 of 4 done")
    assert newer is not card


async def test_what_is_hit_and_of_which_kind_is_said_in_the_war_room(team: Team) -> None:
    key = await team.declare("Somebody reads what they should not")

    answer = await team.press(
        INES,
        verbs.INCIDENT_DESCRIBE,
        typed={"services": "Checkout, Ledger", "type": "security"},
        incident=key,
    )

    assert "Ledger" in words_of(answer.card or {})
    incident = await team.incident(key)
    assert incident.services == ("Checkout", "Ledger")
    assert incident.type is IncidentType.SECURITY
    told = [entry.kind for entry in await team.timeline(key)]
    assert told.count("incident.services") == told.count("incident.type") == 1
