"""`POST /api/messages`: bad bodies are 4xx and run no turn; turns are answered as they should."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.schema import (
    Activity,
    Attachment,
    ConversationAccount,
    ConversationParameters,
    ConversationReference,
    DeliveryModes,
)
from botbuilder.schema.teams import TaskModuleContinueResponse, TaskModuleResponse
from structlog.testing import capture_logs

from bot.edge.adapter import RAW
from bot.edge.messages import LIMIT, SORRY, Edge
from comms.errors import Forbidden
from tests.bot.channel import Channel, open_edge


class Door:
    """The edge with a bot behind it whose turn each test chooses."""

    def __init__(self) -> None:
        self.turns: list[TurnContext] = []
        self.fails: Exception | None = None
        self.answers: Any = None
        self.says = ""
        self.channel: Channel
        self.edge: Edge
        self.client: aiohttp.ClientSession

    async def on_turn(self, turn: TurnContext) -> None:
        self.turns.append(turn)
        if self.says:
            await turn.send_activity(self.says)
        if self.fails:
            raise self.fails
        if self.answers is not None:
            response = InvokeResponse(status=200, body=self.answers)
            await turn.send_activity(Activity(type="invokeResponse", value=response))

    async def on_error(self, turn: TurnContext, failed: Exception) -> None:
        await turn.send_activity(f"sorry: {type(failed).__name__}")

    async def post(self, body: bytes, **headers: str) -> tuple[int, str, Any]:
        """Post the body; return status, content type and the parsed answer."""
        async with self.client.post("/api/messages", data=body, headers=headers) as answer:
            text = await answer.text()
            return answer.status, answer.content_type, json.loads(text) if text else None

    async def send(self, **changes: Any) -> tuple[int, str, Any]:
        return await self.post(json.dumps(self.channel.activity(**changes)).encode())

    async def invoke(self, name: Any, value: Any) -> tuple[int, str, Any]:
        return await self.send(type="invoke", name=name, value=value)


@pytest_asyncio.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    async with open_edge(door.on_turn, on_error=door.on_error) as opened:
        door.channel, door.edge, door.client = opened
        yield door


EXECUTE = {"action": {"type": "Action.Execute", "verb": "take", "data": {"ask": 7}}}

GARBAGE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{'type': 'message'}",
    "cut off": b'{"type": "mess',
    "not UTF-8": b'{"type": "\xff\xfe"}',
    "half a surrogate pair": b'{"type": "message", "text": "\\ud83d"}',
    "nested without end": b"[" * 100_000,
    "a number of 5,000 digits": b"1" * 5000,
    "a list": b"[]",
    "a text": b'"message"',
    "null": b"null",
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage_is_a_400_that_says_so(door: Door, body: bytes) -> None:
    status, kind, problem = await door.post(body)
    assert (status, kind) == (400, "application/problem+json")
    assert problem["title"] == "Not a Bot Framework activity"
    assert not door.turns


async def test_an_unknown_activity_type_is_a_400_with_its_pointer(door: Door) -> None:
    for kind in ("selfDestruct", "", None, 7, ["message"], {"a": 1}):
        status, _, problem = await door.send(type=kind)
        assert (status, problem["pointer"]) == (400, "/type")
    assert not door.turns


async def test_two_megabytes_are_a_413(door: Door) -> None:
    status, _, problem = await door.send(text="x" * 2 * LIMIT)
    assert (status, problem["status"]) == (413, 413)
    assert not door.turns


async def test_two_megabytes_without_a_length_are_a_413(door: Door) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 50_000

    async with door.client.post("/api/messages", data=pieces()) as answer:
        assert answer.status == 413
    assert not door.turns


async def test_a_small_body_that_unpacks_to_a_large_one_is_refused(door: Door) -> None:
    packed = gzip.compress(b" " * 50_000_000)
    status, _, _ = await door.post(packed, **{"Content-Encoding": "gzip"})
    assert 400 <= status < 500
    assert not door.turns


MALFORMED: dict[str, tuple[Any, Any, str]] = {
    "no name": (None, EXECUTE, "/name"),
    "a name that is no text": (["task/fetch"], {}, "/name"),
    "no value": ("adaptiveCard/action", None, "/value"),
    "a value that is a text": ("adaptiveCard/action", "take", "/value"),
    "no action": ("adaptiveCard/action", {}, "/value/action"),
    "an action that is a text": ("adaptiveCard/action", {"action": "take"}, "/value/action"),
    "Action.Submit": (
        "adaptiveCard/action",
        {"action": {"type": "Action.Submit"}},
        "/value/action/type",
    ),
    "a verb that is a list": (
        "adaptiveCard/action",
        {"action": {"type": "Action.Execute", "verb": []}},
        "/value/action/verb",
    ),
    "data that is a text": (
        "adaptiveCard/action",
        {"action": {"type": "Action.Execute", "data": "x"}},
        "/value/action/data",
    ),
    "task/fetch without a value": ("task/fetch", None, "/value"),
    "task/submit with a list": ("task/submit", [], "/value"),
    "a query that is a text": ("composeExtension/query", "INC-41", "/value"),
}


@pytest.mark.parametrize(("name", "value", "where"), MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_invoke_is_a_400(door: Door, name: Any, value: Any, where: str) -> None:
    with capture_logs() as logs:
        status, _, body = await door.invoke(name, value)
    assert status == 400
    assert [entry["pointer"] for entry in logs] == [where]
    if name == "adaptiveCard/action":
        assert body["type"] == "application/vnd.microsoft.error"
        assert body["statusCode"] == 400
    else:
        assert body["pointer"] == where
    assert not door.turns


async def test_an_invoke_that_the_bot_does_not_answer_is_a_400(door: Door) -> None:
    status, _, body = await door.invoke("somebody/elses", {})
    assert (status, body["value"]["code"]) == (400, "NotSupported")


async def test_only_posting_is_offered(door: Door) -> None:
    async with door.client.get("/api/messages") as answer:
        assert answer.status == 405


async def test_a_message_becomes_a_turn_and_its_reply_goes_to_the_thread(door: Door) -> None:
    door.says = "noted"
    assert await door.send() == (200, "application/octet-stream", None)
    ((method, path, posted),) = door.channel.calls
    assert (method, path.rsplit("/", 2)[-2:]) == ("POST", ["activities", "1700000000000"])
    assert posted == {
        "type": "message",
        "text": "noted",
        "inputHint": "acceptingInput",
        "channelId": "msteams",
        "serviceUrl": door.channel.service_url,
        "locale": "en-GB",
        "from": door.channel.activity()["recipient"],
        "recipient": door.channel.activity()["from"],
        "conversation": door.channel.activity()["conversation"],
        "replyToId": "1700000000000",
    }


async def test_sending_an_activity_twice_leaves_it_as_it_was(door: Door) -> None:
    card = Activity(attachments=[Attachment(content={"type": "AdaptiveCard"})])

    async def twice(turn: TurnContext) -> None:
        await turn.send_activity(card)
        await turn.send_activity(card)
        assert turn.responded

    async with open_edge(twice) as (channel, _, client):
        await client.post("/api/messages", json=channel.activity())
        assert len(channel.calls) == 2
    assert (card.type, card.conversation, card.reply_to_id) == (None, None, None)


async def test_the_bot_sees_what_the_sdk_drops(door: Door) -> None:
    door.answers = {"statusCode": 200}
    await door.invoke("adaptiveCard/action", EXECUTE | {"trigger": "automatic"})
    raw: Any = door.turns[0].turn_state[RAW]
    assert raw["value"]["trigger"] == "automatic"


async def test_an_invoke_is_answered_with_a_plain_body(door: Door) -> None:
    door.answers = {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive"}
    assert await door.invoke("adaptiveCard/action", EXECUTE) == (
        200,
        "application/json",
        door.answers,
    )


async def test_an_invoke_is_answered_with_a_model_of_the_sdk(door: Door) -> None:
    door.answers = TaskModuleResponse(task=TaskModuleContinueResponse(value={"title": "CAN"}))
    _, _, body = await door.invoke("task/fetch", {})
    assert body == {"task": {"type": "continue", "value": {"title": "CAN"}}}


async def test_an_invoke_may_be_answered_without_a_body(door: Door) -> None:
    async def nothing(turn: TurnContext) -> None:
        response = InvokeResponse(status=200)
        await turn.send_activity(Activity(type="invokeResponse", value=response))

    async with open_edge(nothing) as (channel, _, client):
        activity = channel.activity(type="invoke", name="task/submit", value={})
        async with client.post("/api/messages", json=activity) as answer:
            assert (answer.status, await answer.read()) == (200, b"")


async def test_an_answer_that_is_no_json_is_an_apology(door: Door) -> None:
    for answer in ({"card": object()}, {"text": "\ud83d"}):
        door.answers = answer
        status, _, body = await door.invoke("adaptiveCard/action", EXECUTE)
        assert (status, body["value"]["message"]) == (200, SORRY)


async def test_expected_replies_come_back_in_the_answer(door: Door) -> None:
    door.says = "noted"
    _, _, body = await door.send(deliveryMode=DeliveryModes.expect_replies)
    assert [activity["text"] for activity in body["activities"]] == ["noted"]
    assert not door.channel.calls


async def test_what_the_bot_refuses_is_shown_where_the_person_is(door: Door) -> None:
    door.fails = Forbidden("Only the incident commander approves.")
    _, _, card = await door.invoke("adaptiveCard/action", EXECUTE)
    assert card == {
        "statusCode": 403,
        "type": "application/vnd.microsoft.error",
        "value": {"code": "Forbidden", "message": "Only the incident commander approves."},
    }
    _, _, dialog = await door.invoke("task/submit", {})
    assert dialog["task"] == {"type": "message", "value": "Only the incident commander approves."}
    _, _, extension = await door.invoke("composeExtension/query", {})
    assert extension["composeExtension"]["text"] == "Only the incident commander approves."


async def test_a_broken_turn_is_an_apology_without_its_inside(door: Door) -> None:
    door.fails = RuntimeError("password=hunter2")
    with capture_logs() as logs:
        status, _, body = await door.invoke("adaptiveCard/action", EXECUTE)
    assert (status, body["statusCode"]) == (200, 500)
    assert body["value"] == {"code": "InternalError", "message": SORRY}
    assert [(entry["event"], entry["error"]) for entry in logs] == [("turn_failed", "RuntimeError")]


async def test_a_broken_message_turn_says_sorry_in_the_conversation(door: Door) -> None:
    door.fails = RuntimeError("broken")
    status, _, body = await door.send()
    assert (status, body) == (200, None)
    assert [posted["text"] for _, _, posted in door.channel.calls] == ["sorry: RuntimeError"]


async def test_an_apology_that_cannot_be_sent_is_still_a_200(door: Door) -> None:
    async def broken(turn: TurnContext, failed: Exception) -> None:
        raise RuntimeError("worse")

    async with open_edge(door.on_turn, on_error=broken) as (channel, _, client):
        door.fails = RuntimeError("bad")
        with capture_logs() as logs:
            async with client.post("/api/messages", json=channel.activity()) as answer:
                assert answer.status == 200
    assert [entry["event"] for entry in logs] == ["turn_failed", "apology_failed"]


async def test_an_activity_is_updated_and_deleted_through_the_turn() -> None:
    async def change(turn: TurnContext) -> None:
        await turn.update_activity(Activity(id="17", type="message", text="new"))
        await turn.delete_activity("18")

    async with open_edge(change) as (channel, _, client):
        await client.post("/api/messages", json=channel.activity())
        called = [(method, path.rsplit("/", 1)[-1]) for method, path, _ in channel.calls]
        assert called == [("PUT", "17"), ("DELETE", "18")]
        assert channel.calls[0][2]["text"] == "new"


async def test_a_proactive_message_is_no_reply(door: Door) -> None:
    reference = ConversationReference(
        conversation=ConversationAccount(id="19:room"),
        service_url=door.channel.service_url,
        channel_id="msteams",
    )

    async def speak(turn: TurnContext) -> None:
        await turn.send_activity("five minutes left")

    await door.edge.adapter.continue_conversation(reference, speak, "app")
    ((_, path, posted),) = door.channel.calls
    assert path.endswith("/v3/conversations/19%3Aroom/activities")
    assert "replyToId" not in posted


async def test_a_conversation_begins_with_a_turn_of_its_own(door: Door) -> None:
    seen: list[str] = []

    async def begin(turn: TurnContext) -> None:
        seen.append(turn.activity.conversation.id)

    await door.edge.adapter.create_conversation(
        "app",
        begin,
        ConversationParameters(is_group=True, channel_data={"channel": {"id": "19:c"}}),
        "msteams",
        door.channel.service_url,
    )
    assert seen == ["posted-1"]
    assert door.channel.calls[0][2] == {
        "isGroup": True,
        "channelData": {"channel": {"id": "19:c"}},
    }
