"""The database is locked or read-only: people in Teams are told, and it goes on afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing

import pytest
from sqlalchemy import event, make_url

from bot.cards import verbs
from bot.demo.actor import StepFailed
from bot.demo.cast import CALEB, INES, RAVI
from bot.demo.teams.answers import AnswerKind
from tests.journeys.reading import of_card, value_of
from tests.journeys.team import REPORT, Team, a_team

Trouble = Callable[[Team], AbstractAsyncContextManager[str]]


@asynccontextmanager
async def locked(team: Team) -> AsyncIterator[str]:
    """Another program holds the database's lock; yield what people are to be told."""
    database = team.stage.product.database
    database.patience = 0.2
    with closing(sqlite3.connect(make_url(database.url).database or "")) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        yield "Nothing was changed"
        other.execute("ROLLBACK")


@asynccontextmanager
async def read_only(team: Team) -> AsyncIterator[str]:
    """The database takes no writes; yield what people are to be told."""
    mode = ["ON"]

    def turn(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.execute(f"PRAGMA query_only = {mode[0]}")

    event.listen(team.stage.product.database.engine, "checkout", turn)
    yield "The database is read-only"
    mode[0] = "OFF"


@pytest.mark.parametrize("trouble", [locked, read_only])
async def test_people_are_told_what_is_wrong_and_nothing_is_lost(trouble: Trouble) -> None:
    async with a_team() as team:
        async with trouble(team) as told:
            # The first word from a channel, whose address cannot be kept.
            answer = await team.say(RAVI, "declare Card payments failing sev1")
            assert told in answer
            assert "try again" in answer
        await team.say(RAVI, "declare Card payments failing sev1")
        await team.press(INES, verbs.ROLE_TAKE, role="incident_commander")

        async with trouble(team) as told:
            with pytest.raises(StepFailed, match=told):
                await team.press(CALEB, verbs.ROLE_TAKE, role="comms_lead")
            assert "INC-1" in await team.say(RAVI, "status INC-1")
            message, form = await team.actor.open(CALEB, verbs.CAN_OPEN)
            again = await team.actor.send(CALEB, message, form, verbs.CAN_SUBMIT, REPORT)
            assert again.kind is AnswerKind.DIALOG
            assert told in of_card(again.card or {})
            assert {name: value_of(again.card or {}, name) for name in REPORT} == REPORT

        # The same button, and the very form that came back.
        await team.press(CALEB, verbs.ROLE_TAKE, role="comms_lead")
        await team.actor.send(CALEB, message, again.card or {}, verbs.CAN_SUBMIT, {})
        await team.approved(1)
        assert team.mails(1, "executives")
        assert len(await team.read(lambda scene: scene.book.incidents.find(limit=9))) == 1
