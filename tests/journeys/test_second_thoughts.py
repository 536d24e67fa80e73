"""What is taken back: a suspicion that comes to nothing, a draft that is thrown away."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.cards import verbs
from bot.demo.cast import CALEB, INES, RAVI
from bot.demo.scenario import Fill
from bot.demo.teams.cards import card_of, find_action
from comms.incident import Status
from tests.journeys.team import REPORT, Team, a_team, shown, words_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def team() -> AsyncIterator[Team]:
    """One team for all of these; each test has an incident of its own."""
    async with a_team() as one:
        yield one


async def suspected(team: Team) -> str:
    """Somebody suspects an incident; return its key once its war room is open."""
    said = await team.say(RAVI, "suspect Payments look odd")
    assert "is suspected" in said
    key = str(re.findall(r"INC-\d+", said)[0])
    await team.actor.button(INES, verbs.INCIDENT_CONFIRM, {"incident": key})
    return key


async def test_a_suspected_incident_is_declared_with_a_button_and_promises_begin(
    team: Team,
) -> None:
    key = await suspected(team)
    assert not await team.read(lambda scene: scene.book.promises.of(key))

    message, _, action = await team.actor.button(INES, verbs.INCIDENT_CONFIRM, {"incident": key})
    first = await team.stage.teams.execute(INES, message, action, action["data"])
    again = await team.stage.teams.execute(RAVI, message, action, action["data"])

    assert "Next update" in words_of(first.card or {})
    assert "Next update" in words_of(again.card or {})
    assert (await team.incident(key)).status is Status.DECLARED
    assert await team.read(lambda scene: scene.book.promises.of(key))
    told = [entry.kind for entry in await team.timeline(key)]
    assert told.count("incident.confirmed") == 1


async def test_a_false_alarm_is_closed_and_nobody_was_told(team: Team) -> None:
    key = await suspected(team)

    answer = await team.press(INES, verbs.INCIDENT_DISMISS, incident=key)

    assert (await team.incident(key)).status is Status.CLOSED
    for verb in (verbs.INCIDENT_CONFIRM, verbs.CAN_OPEN):
        assert find_action(answer.card or {}, verb) is None
    assert not await team.read(lambda scene: scene.book.promises.of(key))


async def test_the_card_of_a_discarded_draft_says_so_and_can_approve_nothing(team: Team) -> None:
    key = await team.declare("Thought better of")
    await team.actor.fill(CALEB, written(key))
    preview, _, action = await team.actor.button(
        INES, verbs.UPDATE_DISCARD, {"incident": key, "number": 1}
    )

    answer = await team.stage.teams.execute(CALEB, preview, action, action["data"])
    assert "was discarded" in words_of(answer.card or {})
    gone = await team.see("The draft of update 1 was discarded")
    assert gone is preview
    assert "Nothing of it was sent." in shown(gone)
    assert not list((card_of(gone.activity) or {})["actions"])

    again = await team.stage.teams.execute(INES, preview, action, action["data"])
    assert "was discarded" in words_of(again.card or {})

    # The next draft has its number, and stands where the words differ on a card of its own.
    await team.actor.fill(CALEB, written(key, risk="Another one."))
    newer, _, _ = await team.actor.button(
        INES, verbs.UPDATE_APPROVE, {"incident": key, "number": 1}
    )
    assert newer is not gone
    stale = await team.stage.teams.execute(CALEB, preview, action, action["data"])
    assert "the draft has changed" in words_of(stale.card or {})
    assert (await team.read(lambda scene: scene.book.updates.get(key, 1))).state.is_open


def written(key: str, **typed: str) -> Fill:
    """An update of that incident."""
    return Fill(
        verb=verbs.CAN_OPEN,
        submit=verbs.CAN_SUBMIT,
        where={"incident": key},
        typed={**REPORT, **typed},
    )
