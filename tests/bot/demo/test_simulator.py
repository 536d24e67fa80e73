"""What people do in the simulated Teams reaches the bot as the activities that Teams sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.demo.cast import CALEB, INES, RAVI
from bot.demo.commands import find_incident, from_message
from bot.demo.teams.answers import BROKEN, SILENT, AnswerKind
from bot.demo.teams.cards import card_of
from tests.bot.demo.small_bot import ADAPTIVE, card, execute, message, text_block
from tests.bot.demo.stage import Stage, open_stage

ACTION = {"type": "Action.Execute", "verb": "v", "id": "a"}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with open_stage(with_page=False) as opened:
        yield opened


async def test_an_installation_is_told_with_team_channel_and_tenant(stage: Stage) -> None:
    added, installed = stage.bot.heard

    assert added["membersAdded"] == [{"id": stage.teams.place.bot_id}]
    assert (installed["type"], installed["action"]) == ("installationUpdate", "add")
    assert added["channelData"]["team"]["aadGroupId"] == stage.teams.place.group_id
    assert added["channelData"]["tenant"]["id"] == stage.teams.place.tenant_id


async def test_a_message_in_the_channel_mentions_the_bot(stage: Stage) -> None:
    said = await stage.teams.say(RAVI, "@Sitrep status INC-1")

    heard = stage.bot.heard[-1]
    assert heard["text"] == "<at>Sitrep</at> status INC-1"
    assert heard["entities"][0]["mentioned"]["id"] == heard["recipient"]["id"]
    assert heard["conversation"]["id"].endswith(f";messageid={said.id}")
    assert heard["from"]["aadObjectId"] == RAVI.entra_id
    assert heard["id"] == said.id


async def test_the_bot_hears_nothing_that_does_not_mention_it(stage: Stage) -> None:
    before = len(stage.bot.heard)

    await stage.teams.say(RAVI, "is it only me?")

    assert len(stage.bot.heard) == before


async def test_a_chat_needs_no_mention(stage: Stage) -> None:
    await stage.teams.say(INES, "help", room=stage.teams.rooms.chat(INES))

    heard = stage.bot.heard[-1]
    assert (heard["text"], heard["conversation"]["conversationType"]) == ("help", "personal")
    assert [one["type"] for one in heard["entities"]] == ["clientInfo"]


async def test_a_silent_bot_gets_the_same_activity_again() -> None:
    async with open_stage(with_page=False, patience=0.05) as stage:
        stage.bot.delay = 0.2
        said = await stage.teams.say(RAVI, "@Sitrep help")
        await asyncio.sleep(0)

    ids = [one["id"] for one in stage.bot.heard if one["type"] == "message"]
    assert ids == [said.id, said.id]
    assert not said.delivered


async def test_every_message_can_be_delivered_twice(stage: Stage) -> None:
    stage.teams.wire.twice = True

    said = await stage.teams.say(RAVI, "@Sitrep help")

    assert [one["id"] for one in stage.bot.heard[-2:]] == [said.id, said.id]


async def test_the_card_that_comes_back_replaces_the_pressed_one_for_that_person(
    stage: Stage,
) -> None:
    said = await stage.teams.say(RAVI, "@Sitrep declare")
    shown = said.room.messages[-1]
    pressed = card_of(shown.activity) or {}
    data = {"title": "Cards", "severity": "SEV1"}

    answer = await stage.teams.execute(RAVI, shown, pressed["actions"][0], data)

    assert answer.kind is AnswerKind.CARD
    assert shown.views == {"ravi": answer.card}
    heard = stage.bot.heard[-1]
    assert heard["replyToId"] == shown.id
    assert heard["value"]["action"]["data"] == data
    assert heard["value"]["trigger"] == "manual"


async def test_a_new_version_of_a_card_ends_each_persons_own_view(stage: Stage) -> None:
    thread = stage.teams.rooms.start_thread("bot", message("x"), at=stage.clock.now())
    thread.views["ines"] = card(text_block("mine"))

    stage.teams.rooms.edit(thread, message("y"))

    assert thread.views == {}


async def test_an_error_is_told_in_the_bots_words(stage: Stage) -> None:
    thread = stage.teams.rooms.start_thread("bot", message(card()), at=stage.clock.now())
    stage.bot.answers["adaptiveCard/action"] = {
        "statusCode": 403,
        "type": "application/vnd.microsoft.error",
        "value": {"code": "Forbidden", "message": "Only the comms lead approves."},
    }

    answer = await stage.teams.execute(RAVI, thread, ACTION, {})

    assert (answer.kind, answer.text) == (AnswerKind.ERROR, "Only the comms lead approves.")


@pytest.mark.parametrize("reply", [None, {}, {"type": ADAPTIVE, "value": "no card"}, []])
async def test_an_answer_that_is_none_is_told_as_a_failure(stage: Stage, reply: object) -> None:
    thread = stage.teams.rooms.start_thread("bot", message(card()), at=stage.clock.now())
    stage.bot.answers["adaptiveCard/action"] = reply

    assert (await stage.teams.execute(RAVI, thread, ACTION, {})).text == BROKEN


async def test_an_invoke_that_is_not_answered_in_time_is_not_repeated() -> None:
    async with open_stage(with_page=False, patience=0.05) as stage:
        thread = stage.teams.rooms.start_thread("bot", message(card()), at=stage.clock.now())
        stage.bot.delay = 0.2
        answer = await stage.teams.execute(RAVI, thread, ACTION, {})

    assert answer.text == SILENT
    assert sum(one["type"] == "invoke" for one in stage.bot.heard) == 1


async def test_a_dialog_is_fetched_and_submitted(stage: Stage) -> None:
    thread = stage.teams.rooms.start_thread("bot", message(card()), at=stage.clock.now())
    data = {"verb": "can.open", "msteams": {"type": "task/fetch"}}

    opened = await stage.teams.open_dialog(CALEB, thread, data)
    closed = await stage.teams.submit_dialog(CALEB, thread, {"conditions": "bad"})

    fetched, submitted = stage.bot.heard[-2:]
    assert (opened.kind, opened.title) == (AnswerKind.DIALOG, "Update")
    assert closed.kind is AnswerKind.NONE
    assert (fetched["name"], fetched["value"]["data"]) == ("task/fetch", data)
    assert (submitted["name"], submitted["value"]["data"]) == (
        "task/submit",
        {"conditions": "bad"},
    )


async def test_a_dialog_with_an_execute_is_refused_as_teams_would_not_run_it(
    stage: Stage,
) -> None:
    thread = stage.teams.rooms.start_thread("bot", message(card()), at=stage.clock.now())
    wrong = {"contentType": ADAPTIVE, "content": card(actions=(execute("Go", "go"),))}
    stage.bot.answers["task/fetch"] = {"task": {"type": "continue", "value": {"card": wrong}}}

    assert (await stage.teams.open_dialog(CALEB, thread, {})).is_error


async def test_an_incident_can_be_declared_from_a_message(stage: Stage) -> None:
    said = await stage.teams.say(RAVI, "cards <b>fail</b> everywhere")
    stage.bot.answers["composeExtension/fetchTask"] = {"task": {"type": "message", "value": "ok"}}

    await stage.teams.open_from_message(INES, from_message(), said)

    value = stage.bot.heard[-1]["value"]
    assert value["messagePayload"]["from"]["user"]["id"] == RAVI.entra_id
    assert "cards &lt;b&gt;fail&lt;/b&gt; everywhere" in value["messagePayload"]["body"]["content"]
    assert stage.bot.heard[-1]["from"]["aadObjectId"] == INES.entra_id


async def test_a_search_returns_what_the_message_extension_found(stage: Stage) -> None:
    found = {"contentType": ADAPTIVE, "content": card(text_block("INC-1"))}
    stage.bot.answers["composeExtension/query"] = {
        "composeExtension": {"type": "result", "attachments": [found]}
    }

    answer = await stage.teams.search(INES, find_incident(), "card")

    assert answer.results == (found,)
    assert stage.bot.heard[-1]["value"]["parameters"] == [{"name": "query", "value": "card"}]


async def test_a_card_refreshes_once_for_those_it_lists(stage: Stage) -> None:
    refresh = {"action": execute("Refresh", "war.refresh"), "userIds": [INES.teams_id]}
    activity = message(card(text_block("for all"), refresh=refresh))
    thread = stage.teams.rooms.start_thread("bot", activity, at=stage.clock.now())
    own = card(text_block("for the commander"))
    stage.bot.answers["adaptiveCard/action"] = {"statusCode": 200, "type": ADAPTIVE, "value": own}
    before = len(stage.bot.heard)

    for person in (RAVI, INES, INES):
        await stage.teams.look(person, thread)

    assert [one["value"]["trigger"] for one in stage.bot.heard[before:]] == ["automatic"]
    assert thread.views == {"ines": own}


async def test_a_plain_submit_is_a_message_with_a_value(stage: Stage) -> None:
    thread = stage.teams.rooms.start_thread("bot", message(card()), at=stage.clock.now())

    await stage.teams.submit(RAVI, thread, {"verb": "role.take"})

    heard = stage.bot.heard[-1]
    assert (heard["type"], heard["value"], heard["replyToId"]) == (
        "message",
        {"verb": "role.take"},
        thread.id,
    )


async def test_a_message_back_speaks_in_the_persons_name(stage: Stage) -> None:
    thread = stage.teams.rooms.start_thread("bot", message(card()), at=stage.clock.now())
    teams = {"type": "messageBack", "text": "status INC-1", "value": {"incident": "INC-1"}}

    await stage.teams.submit(RAVI, thread, {"msteams": teams})

    heard = stage.bot.heard[-1]
    assert (heard["text"], heard["value"]) == ("status INC-1", {"incident": "INC-1"})
