"""The simulator's connector answers a bot as Teams does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from bot.demo.cast import CORA, IN_TEAMS, INES, RAVI
from bot.demo.tag import Tag
from bot.demo.teams.limits import CHANNEL_BYTES, MESSAGE_BYTES, Throttle
from bot.demo.teams.place import Place
from tests.bot.demo.small_bot import card, message, text_block
from tests.bot.demo.stage import Stage, open_stage

PLACE = Place()
TAG = {"sitrep": {"incident": "INC-1", "update": 2, "audience": "responders"}}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with open_stage(with_page=False) as opened:
        yield opened


class Rest:
    """The connector, called as a bot calls it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any, Any]:
        url = f"{self._stage.url}/teams/v3/{path}"
        async with self._stage.http.request(method, url, json=body) as response:
            json = response.content_type == "application/json"
            return response.status, await response.json() if json else None, response.headers

    async def start_thread(self, activity: dict[str, Any]) -> tuple[int, Any, Any]:
        channel = {"channelData": {"channel": {"id": PLACE.channel_id}}, "isGroup": True}
        return await self("POST", "conversations", channel | {"activity": activity})

    async def post(self, room: str, activity: Any) -> tuple[int, Any, Any]:
        return await self("POST", f"conversations/{quote(room)}/activities", activity)


@pytest.fixture
def rest(stage: Stage) -> Rest:
    return Rest(stage)


async def test_a_new_thread_has_the_id_of_its_first_message(rest: Rest) -> None:
    status, body, _ = await rest.start_thread(message("INC-1"))

    assert status == 201
    assert body["id"] == f"{PLACE.channel_id};messageid={body['activityId']}"


async def test_a_reply_stands_in_its_thread(stage: Stage, rest: Rest) -> None:
    _, thread, _ = await rest.start_thread(message("first"))

    status, body, _ = await rest.post(thread["id"], message("second"))

    room = stage.teams.rooms.find(thread["id"])
    assert (status, room and [one.id for one in room.messages]) == (
        201,
        [thread["activityId"], body["id"]],
    )


async def test_a_post_to_the_channel_itself_starts_a_thread(stage: Stage, rest: Rest) -> None:
    await rest.post(PLACE.channel_id, message("hello"))

    assert len(list(stage.teams.rooms)) == 1


async def test_an_edit_replaces_the_message_and_a_delete_takes_it_away(
    stage: Stage, rest: Rest
) -> None:
    _, thread, _ = await rest.start_thread(message("one"))
    at = f"conversations/{quote(thread['id'])}/activities/{thread['activityId']}"

    edited = await rest("PUT", at, message("two"))
    kept = stage.teams.rooms.message(thread["activityId"])
    assert kept is not None
    assert (edited[0], kept.activity["text"], kept.version) == (200, "two", 2)

    assert (await rest("DELETE", at))[0] == 200
    assert (await rest("PUT", at, message("three")))[1]["error"]["code"] == (
        "ActivityNotFoundInConversation"
    )


async def test_a_bot_cannot_change_what_a_person_wrote(stage: Stage, rest: Rest) -> None:
    said = await stage.teams.say(RAVI, "anyone else?")

    status, _, _ = await rest(
        "PUT", f"conversations/{quote(said.room.id)}/activities/{said.id}", message("no")
    )

    assert status == 403


async def test_a_personal_conversation_is_the_same_each_time(rest: Rest) -> None:
    asked = {"members": [{"id": INES.teams_id}], "tenantId": PLACE.tenant_id, "isGroup": False}

    first, second = [await rest("POST", "conversations", asked) for _ in range(2)]

    assert first[0] == 201
    assert first[1] == second[1]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"members": [{"id": "29:stranger"}], "tenantId": PLACE.tenant_id}, 403),
        ({"members": [{"id": CORA.teams_id}], "tenantId": PLACE.tenant_id}, 403),
        ({"members": [{"id": INES.teams_id}], "tenantId": "another"}, 400),
        ({"members": [], "tenantId": PLACE.tenant_id}, 400),
        ({"channelData": {"channel": {"id": "19:other@thread.tacv2"}}, "activity": {}}, 404),
        ({"channelData": {"channel": {"id": PLACE.channel_id}}}, 400),
    ],
)
async def test_a_conversation_that_cannot_be_is_refused(
    rest: Rest, asked: dict[str, Any], status: int
) -> None:
    assert (await rest("POST", "conversations", asked))[0] == status


@pytest.mark.parametrize(
    "activity",
    [
        [],
        {"text": "no type"},
        {"type": "message"},
        {"type": "message", "attachments": "card"},
        {
            "type": "message",
            "attachments": [
                {"contentType": "application/vnd.microsoft.card.adaptive", "content": "{}"}
            ],
        },
        message("hi", entities=[{"type": "mention", "text": "<at>Ines</at>", "mentioned": {}}]),
    ],
)
async def test_a_malformed_activity_is_bad_syntax(rest: Rest, activity: Any) -> None:
    _, thread, _ = await rest.start_thread(message("first"))

    status, body, _ = await rest.post(thread["id"], activity)

    assert (status, body["error"]["code"]) == (400, "BadSyntax")


async def test_an_unknown_conversation_is_not_found(rest: Rest) -> None:
    status, body, _ = await rest.post("19:gone@thread.tacv2;messageid=1", message("hi"))

    assert (status, body["error"]["code"]) == (404, "ConversationNotFound")


async def test_nothing_works_where_the_app_is_not_installed(stage: Stage, rest: Rest) -> None:
    stage.teams.connector.installed = False

    status, body, _ = await rest.start_thread(message("hi"))

    assert (status, body["error"]["code"]) == (403, "BotNotInConversationRoster")


async def test_a_large_post_is_refused_in_the_channel_and_a_larger_one_everywhere(
    rest: Rest,
) -> None:
    asked = {"members": [{"id": INES.teams_id}], "tenantId": PLACE.tenant_id}
    _, chat, _ = await rest("POST", "conversations", asked)
    _, thread, _ = await rest.start_thread(message("first"))
    post = message(card(text_block("x" * CHANNEL_BYTES)))
    large = message("x" * (MESSAGE_BYTES // 2))

    assert (await rest.post(thread["id"], post))[1]["error"]["code"] == "MessageSizeTooBig"
    assert (await rest.post(chat["id"], post))[0] == 201
    assert (await rest.post(chat["id"], large))[0] == 413


async def test_the_eighth_message_within_a_second_waits() -> None:
    now = 0.0
    throttle = Throttle(ticks=lambda: now)
    async with open_stage(with_page=False, throttle=throttle) as stage:
        rest = Rest(stage)
        _, thread, _ = await rest.start_thread(message("first"))
        sent = [await rest.post(thread["id"], message("more")) for _ in range(8)]
        assert [status for status, _, _ in sent] == [201] * 7 + [429]
        assert sent[-1][2]["Retry-After"] == "1"
        now = 1.0
        assert (await rest.post(thread["id"], message("now")))[0] == 201


def test_a_throttle_holds_every_documented_window() -> None:
    now = 0.0
    throttle = Throttle(ticks=lambda: now)
    admitted = []
    for tenth in range(1200):
        now = tenth / 10
        if throttle.admit("thread") is None:
            admitted.append(now)

    for most, span in ((7, 1.0), (8, 2.0), (60, 30.0)):
        windows = [sum(1 for one in admitted if at <= one < at + span) for at in admitted]
        assert max(windows) == most


async def test_members_are_listed_in_pages(rest: Rest) -> None:
    at = f"conversations/{quote(PLACE.team_id)}"
    _, everybody, _ = await rest("GET", f"{at}/members")

    _, first, _ = await rest("GET", f"{at}/pagedmembers?pageSize=3")
    _, last, _ = await rest(
        "GET", f"{at}/pagedmembers?pageSize=3&continuationToken={first['continuationToken']}"
    )

    assert [one["aadObjectId"] for one in everybody] == [one.entra_id for one in IN_TEAMS]
    assert first["members"] + last["members"] == everybody
    assert "continuationToken" not in last
    assert everybody[0]["userPrincipalName"] == INES.email


async def test_the_teams_channels_are_listed(rest: Rest) -> None:
    _, body, _ = await rest("GET", f"teams/{quote(PLACE.team_id)}/conversations")

    assert {"id": PLACE.channel_id, "name": "Incidents"} in body["conversations"]


async def test_tagged_messages_are_counted_as_received_once(stage: Stage, rest: Rest) -> None:
    _, thread, _ = await rest.start_thread(message("war room"))
    _, sent, _ = await rest.post(thread["id"], message("update 2", channelData=TAG))
    at = f"conversations/{quote(thread['id'])}/activities/{sent['id']}"
    await rest("PUT", at, message("update 2, with reach", channelData=TAG))

    assert stage.teams.connector.received == {Tag("INC-1", 2, "responders"): 1}
