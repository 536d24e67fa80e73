"""What a person sees after a click: the bot's answer, or Teams' own words when there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.demo.teams.cards import ADAPTIVE, card_of
from bot.demo.teams.rooms import Json
from bot.demo.teams.wire import Reply

SILENT = "Unable to reach app. Please try again."
BROKEN = "Something went wrong. Please try again."


class AnswerKind(StrEnum):
    """What the client does with it."""

    NONE = "none"
    CARD = "card"
    DIALOG = "dialog"
    MESSAGE = "message"
    ERROR = "error"
    RESULTS = "results"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer as the client shows it; what does not belong to its kind is empty."""

    kind: AnswerKind
    text: str = ""
    title: str = ""
    card: Json | None = None
    width: Any = None
    height: Any = None
    results: tuple[Json, ...] = field(default=())

    @property
    def is_error(self) -> bool:
        """True where the person is told that it did not work."""
        return self.kind is AnswerKind.ERROR


def error(text: str) -> Answer:
    """Return an error in these words."""
    return Answer(kind=AnswerKind.ERROR, text=text)


def action_answer(reply: Reply) -> Answer:
    """Read the answer to `adaptiveCard/action`."""
    if (failed := _failed(reply)) is not None:
        return failed
    body = reply.body if isinstance(reply.body, dict) else {}
    value, kind = body.get("value"), body.get("type")
    if kind == ADAPTIVE and isinstance(value, dict):
        return Answer(kind=AnswerKind.CARD, card=value)
    if kind == "application/vnd.microsoft.activity.message":
        return Answer(kind=AnswerKind.MESSAGE, text=str(value))
    if kind == "application/vnd.microsoft.error" and isinstance(value, dict):
        return error(str(value.get("message") or BROKEN))
    return error(BROKEN)


def task_answer(reply: Reply) -> Answer:
    """Read the answer to `task/fetch`, `task/submit` and a message extension's dialog."""
    if (failed := _failed(reply)) is not None:
        return failed
    body = reply.body if isinstance(reply.body, dict) else {}
    task = body.get("task")
    if not isinstance(task, dict):
        return _results(body)
    value: Any = task.get("value")
    if task.get("type") == "message":
        return Answer(kind=AnswerKind.MESSAGE, text=str(value))
    card = card_of({"attachments": [value["card"]]}) if _has_card(value) else None
    if task.get("type") != "continue" or card is None:
        return error(BROKEN)
    return Answer(
        kind=AnswerKind.DIALOG,
        title=str(value.get("title", "")),
        card=card,
        width=value.get("width"),
        height=value.get("height"),
    )


def _results(body: Json) -> Answer:
    extension = body.get("composeExtension")
    if not isinstance(extension, dict):
        return Answer(kind=AnswerKind.NONE)
    if extension.get("type") == "message":
        return Answer(kind=AnswerKind.MESSAGE, text=str(extension.get("text", "")))
    return Answer(kind=AnswerKind.RESULTS, results=tuple(extension.get("attachments") or ()))


def _failed(reply: Reply) -> Answer | None:
    if reply.status == 0:
        return error(SILENT)
    return None if reply.is_success else error(BROKEN)


def _has_card(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("card"), dict)
