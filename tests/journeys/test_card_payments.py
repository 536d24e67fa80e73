"""The demo's story on the whole product: what the ledger says is what arrived."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot.demo.cast import CALEB, ELENA, INES, Persona
from bot.demo.headless import report, settled
from bot.demo.replay import Phase
from bot.demo.scenario import Watch
from bot.demo.scenarios import CARD_PAYMENTS
from bot.demo.stage import Stage, stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

REMINDED = (CALEB, INES, ELENA)
"""Who is told before, at and after the promised time: comms lead, commander, duty manager."""


@dataclass(frozen=True)
class Played:
    """The stage after the story, and the report that `--headless` prints."""

    stage: Stage
    told: dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played() -> AsyncIterator[Played]:
    """The story step by step: time stands still between two steps, so nobody is late by chance."""
    async with stage(CARD_PAYMENTS) as set_up:
        reminded = iter(REMINDED)
        for number, step in enumerate(CARD_PAYMENTS.steps, start=1):
            set_up.replay.step()
            async with asyncio.timeout(60):
                await reached(set_up, number)
                if isinstance(step.act, Watch) and step.minute > 50:
                    await told(set_up, next(reminded))
        yield Played(stage=set_up, told=await report(set_up, await settled(set_up)))


async def reached(set_up: Stage, number: int) -> None:
    """Wait for a step to be done."""
    async with set_up.feed.listen() as listener:
        while set_up.replay.progress.step < number:
            assert set_up.replay.progress.phase is not Phase.FAILED, set_up.replay.progress.note
            await listener.topics()


async def told(set_up: Stage, person: Persona) -> None:
    """Wait for the card that reminds a person."""
    async with set_up.feed.listen() as listener:
        while not was_told(set_up, person):
            await listener.topics()


def was_told(set_up: Stage, person: Persona) -> bool:
    reminders = (
        message.activity
        for message in set_up.teams.rooms.newest()
        if message.activity.get("summary") == "INC-1: next update"
    )
    said = (f"<at>{person.name}</at>", f"{person.name} was reminded")
    return any(words in json.dumps(one) for one in reminders for words in said)


async def test_the_ledger_equals_what_the_inbox_teams_and_the_page_received(
    played: Played,
) -> None:
    received = played.told["received"]

    assert [update["number"] for update in played.told["updates"]] == [1, 2, 3, 4]
    for update in played.told["updates"]:
        number, channels = str(update["number"]), update["channels"]
        assert sum(channels["mail"].values()) == received["mail"][number] > 30
        assert sum(channels["teams"].values()) == received["teams"][number] == 1
        assert sum(channels["page"].values()) == received["notices"][number] == 1
        for audience in ("executives", "stakeholders"):
            assert channels["mail"][audience] == received["audiences"][number][audience]


async def test_nobody_gets_the_same_mail_twice(played: Played) -> None:
    assert set(played.stage.mail.message_ids.values()) == {1}


async def test_one_promise_is_missed_and_everyone_concerned_is_told(played: Played) -> None:
    promises = played.told["promises"]

    assert (promises["missed"], promises["kept"]) == (1, promises["made"] - 1)
    assert all(was_told(played.stage, person) for person in REMINDED)


async def test_customers_read_in_the_end_that_it_is_resolved(played: Played) -> None:
    notices = await played.stage.told.notices()

    assert notices[0]["_sitrep"]["update"] == 4
    assert "resolved" in json.dumps(notices[0]).lower()
    last = max(
        (mail for mail in played.stage.mail.mails if mail.tag and mail.tag.audience == "customers"),
        key=lambda mail: mail.tag.update if mail.tag else 0,
    )
    assert "Card payments work again." in last.text
