"""Asks: needs that live until they are met."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from bot.api.incident_told import AskTold, ask_told
from bot.api.keys import Key
from bot.api.operation import Call, Table
from bot.api.shapes import Given, PersonGiven
from comms.acts.asks import decline, meet, take
from comms.desk import Scene
from comms.errors import NotFound

table = Table(tag="asks")

AskId = Annotated[int, Field(ge=1, le=2**63 - 1, description="The id of an ask.")]


class Taker(Given):
    """Who says 'I take it'."""

    person: PersonGiven


@table.post("/incidents/{key}/asks/{ask}/take", problems=(409,))
async def take_ask(call: Call, key: Key, ask: AskId, body: Taker) -> AskTold:
    """Take an ask for somebody."""
    person = body.person.person()

    def act(scene: Scene) -> AskTold:
        _belongs(scene, key, ask)
        return ask_told(take(replace(scene, by=person), ask))

    return await call.do(act)


class Decliner(Given):
    """Who says 'I can't', and why."""

    person: PersonGiven
    reason: str = Field(default="", max_length=300)


@table.post("/incidents/{key}/asks/{ask}/decline", problems=(409,))
async def decline_ask(call: Call, key: Key, ask: AskId, body: Decliner) -> AskTold:
    """Give an ask back, or say that somebody cannot take it."""
    person = body.person.person()

    def act(scene: Scene) -> AskTold:
        _belongs(scene, key, ask)
        return ask_told(decline(replace(scene, by=person), ask, reason=body.reason))

    return await call.do(act)


@table.post("/incidents/{key}/asks/{ask}/meet", problems=(409,))
async def meet_ask(call: Call, key: Key, ask: AskId) -> AskTold:
    """Say that a need is met."""

    def act(scene: Scene) -> AskTold:
        _belongs(scene, key, ask)
        return ask_told(meet(scene, ask))

    return await call.do(act)


def _belongs(scene: Scene, key: str, ask: int) -> None:
    scene.book.incidents.get(key)
    if scene.book.asks.get(ask).incident != key:
        raise NotFound(f"{key} has no ask {ask}.")
