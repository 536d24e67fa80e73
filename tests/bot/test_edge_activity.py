"""Our reader and writer of activities agree with the SDK's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botbuilder.core import CardFactory
from botbuilder.core.serializer_helper import deserializer_helper
from botbuilder.schema import Activity, Attachment, CardAction, ChannelAccount, SuggestedActions

from bot.edge.activity import KINDS, NotAnActivity, dump, plain, read
from tests.bot.channel import Channel

MESSAGE = Channel().activity(serviceUrl="https://smba.trafficmanager.net/amer/")
SAMPLES: dict[str, dict[str, Any]] = {
    "message": MESSAGE
    | {
        "localTimestamp": "2026-01-05T10:30:00+01:00",
        "attachments": [{"contentType": "text/html", "content": "<p>hello</p>"}],
        "replyToId": "17",
        "somethingNew": {"from": "Teams"},
    },
    "people joined": MESSAGE
    | {"type": "conversationUpdate", "membersAdded": [{"id": "29:x", "userRole": "user"}]},
    "reaction": MESSAGE
    | {"type": "messageReaction", "reactionsAdded": [{"type": "like"}], "text": None},
    "invoke": MESSAGE
    | {
        "type": "invoke",
        "name": "adaptiveCard/action",
        "value": {"action": {"type": "Action.Execute", "verb": "take"}, "trigger": "manual"},
    },
    "suggestions": MESSAGE
    | {"suggestedActions": {"to": [], "actions": [{"type": "imBack", "title": "Yes"}]}},
    "related": MESSAGE
    | {"relatesTo": {"conversation": {"id": "19:y"}, "channelId": "msteams", "serviceUrl": "x"}},
}


@pytest.mark.parametrize("raw", SAMPLES.values(), ids=SAMPLES.keys())
def test_an_activity_is_read_as_the_sdk_reads_it(raw: dict[str, Any]) -> None:
    assert read(raw) == deserializer_helper(Activity, json.loads(json.dumps(raw)))


def test_what_is_sent_is_what_the_sdk_would_send() -> None:
    outgoing = Activity(
        type="message",
        text="<b>Karten</b> fallen aus – ✓",
        timestamp=datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
        recipient=ChannelAccount(id="29:ada"),
        attachments=[CardFactory.adaptive_card({"type": "AdaptiveCard", "body": []})],
        suggested_actions=SuggestedActions(actions=[CardAction(type="imBack", title="Yes")]),
        channel_data={"onBehalfOf": [{"itemId": 0}]},
    )
    ours = json.loads(dump(plain(outgoing)))
    theirs = outgoing.serialize()
    assert ours.pop("timestamp") == "2026-01-05T09:30:00Z"
    assert theirs.pop("timestamp") == "2026-01-05T09:30:00.000Z"
    assert ours == theirs


def test_fields_that_the_sdk_does_not_know_travel_both_ways() -> None:
    activity = read(MESSAGE | {"somethingNew": 7})
    assert activity.additional_properties == {"somethingNew": 7}
    assert json.loads(dump(plain(activity)))["somethingNew"] == 7


def test_sdk_types_inside_plain_values_are_written() -> None:
    body = {"task": {"value": {"card": Attachment(content_type="x", content={"a": 1})}}}
    assert json.loads(dump(body)) == {
        "task": {"value": {"card": {"contentType": "x", "content": {"a": 1}}}}
    }


WRONG: dict[str, tuple[Any, str]] = {
    "a list": ([], ""),
    "nothing": (None, ""),
    "no type": (MESSAGE | {"type": None}, "/type"),
    "an unknown type": (MESSAGE | {"type": "selfDestruct"}, "/type"),
    "a type that is no text": (MESSAGE | {"type": ["message"]}, "/type"),
    "no conversation": (MESSAGE | {"conversation": None}, "/conversation/id"),
    "a conversation without id": (MESSAGE | {"conversation": {}}, "/conversation/id"),
    "a conversation that is a text": (MESSAGE | {"conversation": "19:x"}, "/conversation"),
    "no service": (MESSAGE | {"serviceUrl": ""}, "/serviceUrl"),
    "no channel": (MESSAGE | {"channelId": None}, "/channelId"),
    "an object as text": (MESSAGE | {"text": {"a": 1}}, "/text"),
    "a sender's name that is a list": (MESSAGE | {"from": {"id": "1", "name": []}}, "/from/name"),
    "a member that is no object": (MESSAGE | {"membersAdded": [{"id": "1"}, 7]}, "/membersAdded/1"),
    "members that are no list": (MESSAGE | {"membersAdded": {}}, "/membersAdded"),
    "an impossible time": (MESSAGE | {"timestamp": "yesterday"}, "/timestamp"),
    "a flag that is a text": (
        MESSAGE | {"conversation": {"id": "x", "isGroup": "maybe"}},
        "/conversation/isGroup",
    ),
}


@pytest.mark.parametrize(("raw", "pointer"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_activity_is_refused_with_the_field(raw: Any, pointer: str) -> None:
    with pytest.raises(NotAnActivity) as refused:
        read(raw)
    assert refused.value.pointer == pointer


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_type_of_the_protocol_is_read(kind: str) -> None:
    assert read(MESSAGE | {"type": kind}).type == kind
