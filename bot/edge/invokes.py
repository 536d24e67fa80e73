"""Invokes: activities that wait for an answer, and what they get when they cannot have it."""

from __future__ import annotations

from typing import Any

from botbuilder.core import InvokeResponse

from bot.edge.activity import NotAnActivity

ERROR = "application/vnd.microsoft.error"
NEEDS_VALUE = ("adaptiveCard/", "task/", "composeExtension/", "tab/", "config/")


def check(raw: dict[str, Any]) -> None:
    """Raise NotAnActivity, with the pointer of the field, where an invoke cannot be understood.

    The SDK answers a malformed Action.Execute with a server error, so it never gets to see one.
    """
    name, value = raw.get("name"), raw.get("value")
    if not isinstance(name, str) or not name:
        raise NotAnActivity("An invoke has a name.", pointer="/name")
    if name.startswith(NEEDS_VALUE) and not isinstance(value, dict):
        raise NotAnActivity("The value of this invoke is a JSON object.", pointer="/value")
    if name == "adaptiveCard/action":
        _check_action(value)


def _check_action(value: Any) -> None:
    action = value.get("action")
    if not isinstance(action, dict):
        raise NotAnActivity("The invoke has no action.", pointer="/value/action")
    if action.get("type") != "Action.Execute":
        raise NotAnActivity("Only Action.Execute is supported.", pointer="/value/action/type")
    if not isinstance(action.get("verb", ""), str):
        raise NotAnActivity("The action's verb is a text.", pointer="/value/action/verb")
    if not isinstance(action.get("data", {}), dict):
        raise NotAnActivity("The action's data is a JSON object.", pointer="/value/action/data")


def refusal(name: str, *, status: int, code: str, text: str) -> InvokeResponse:
    """Return the answer that shows `text` to the person where this invoke came from.

    An Action.Execute gets the error envelope (adaptive-cards/authoring-cards/
    universal-action-model#response-format), a dialog and a message extension their message.
    """
    if name.startswith("task/"):
        return InvokeResponse(status=200, body={"task": {"type": "message", "value": text}})
    if name.startswith("composeExtension/"):
        body = {"composeExtension": {"type": "message", "text": text}}
        return InvokeResponse(status=200, body=body)
    return InvokeResponse(status=200, body=envelope(status=status, code=code, text=text))


def envelope(*, status: int, code: str, text: str) -> dict[str, Any]:
    """Return the error body of an Action.Execute."""
    return {"statusCode": status, "type": ERROR, "value": {"code": code, "message": text}}
