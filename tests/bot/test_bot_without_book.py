"""The bot where the book can be neither read nor written: people are told, and keep their words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import aiohttp
import pytest

from bot.cards import verbs
from bot.channels import WRITERS
from bot.demo.teams.cards import card_of, elements, filled, find_action
from bot.edge.connector import Connector, open_session
from bot.edge.hosts import LOOPBACK, ServiceHosts
from bot.edge.tokens import NoTokens
from bot.turns.bot import Bot
from bot.turns.door import Door
from bot.turns.sender import Directory
from comms.book import Book
from comms.desk import Desk, House
from comms.errors import Unavailable
from comms.lull import Lull
from comms.plan.model import Plan
from comms.testing import HeldClock
from tests.bot.channel import Channel, open_edge

TYPED = {
    "verb": verbs.CAN_SUBMIT,
    "incident": "INC-1",
    "form": "f1",
    "basis": "measured",
    "status": "identified",
    "conditions": "4 in 10 payments **fail**.\nSince 09:12.",
    "needs": "A database engineer | Payments team",
    "symptom": "",
}


class Gone:
    """A store whose database is down; or worse, one with a bug."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    async def read(self, work: Callable[[Book], object]) -> NoReturn:
        raise self._failure

    async def write(self, work: Callable[[Book], object], *, behind: bool = False) -> NoReturn:
        raise self._failure


@asynccontextmanager
async def bot(plan: Plan, failure: Exception) -> AsyncIterator[tuple[Channel, Bot, Any]]:
    """A bot without a book, its channel, and a client that posts activities."""
    async with open_session() as session:
        connector = Connector(session, NoTokens(), ServiceHosts(LOOPBACK))
        house = House(plan=plan, writers=WRITERS)
        desk = Desk(store=Gone(failure), house=house, clock=HeldClock())
        made = Bot(
            door=Door(desk=desk, directory=Directory(connector)), connector=connector, lull=Lull()
        )
        async with open_edge(made.on_turn, on_error=made.apologise) as (channel, _, client):
            yield channel, made, client


DOWN = Unavailable("The database does not answer (connection refused).")


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (DOWN, "The database does not answer (connection refused)."),
        (RuntimeError("secret"), "Something went wrong on our side."),
    ],
)
async def test_a_typed_message_is_answered_with_what_is_wrong(
    plan: Plan, failure: Exception, told: str
) -> None:
    async with bot(plan, failure) as (channel, made, client):
        said = await post(client, channel.activity(text="declare Payments fail sev1"))
        await made.finish()

    assert said == {}
    [(_, _, answer)] = channel.calls
    words = " ".join(str(one.get("text")) for one in elements(card_of(answer) or {}))
    assert told in words
    assert "try again" in words
    assert "secret" not in words


async def test_a_button_is_answered_with_what_is_wrong(plan: Plan) -> None:
    action = {"type": "Action.Execute", "verb": verbs.ROLE_TAKE}
    value = {"action": action | {"data": {"incident": "INC-1", "role": "scribe"}}}
    async with bot(plan, DOWN) as (channel, _, client):
        answer = await post(client, invoke(channel, "adaptiveCard/action", value))

    assert answer["statusCode"] == 503
    assert "does not answer" in answer["value"]["message"]
    assert "Please try again in a minute" in answer["value"]["message"]


async def test_a_form_stays_open_with_all_that_was_typed_and_can_be_sent_again(plan: Plan) -> None:
    async with bot(plan, DOWN) as (channel, _, client):
        answer = await post(client, invoke(channel, "task/submit", {"data": TYPED}))

    assert answer["task"]["type"] == "continue"
    card = answer["task"]["value"]["card"]["content"]
    assert "does not answer" in str(card["body"])
    button = find_action(card, verbs.CAN_SUBMIT)
    assert button is not None
    assert {"symptom": "", **filled(card, button, {})} == TYPED


def invoke(channel: Channel, name: str, value: dict[str, Any]) -> dict[str, Any]:
    return channel.activity(type="invoke", name=name, value=value)


async def post(client: aiohttp.ClientSession, activity: dict[str, Any]) -> dict[str, Any]:
    async with client.post("/api/messages", json=activity) as answer:
        assert answer.status == 200
        return (await answer.json(content_type=None)) or {}
