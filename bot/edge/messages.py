"""`POST /api/messages`: an activity comes in, is checked, and becomes one turn of the bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog
from aiohttp import web
from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.schema import Activity

from bot.edge import invokes
from bot.edge.activity import NotAnActivity, dump, read
from bot.edge.adapter import Adapter, Logic
from bot.edge.auth import Gate, Unauthorized
from bot.edge.connector import Connector
from comms.errors import SitrepError

log = structlog.get_logger(__name__)

LIMIT = 1024 * 1024
"""Bytes of a request body; ten times what a message may have."""
SORRY = "Something went wrong on our side. Nothing was lost; please try again."

OnError = Callable[[TurnContext, Exception], Awaitable[None]]


class TooLarge(SitrepError):
    """A request body that no channel sends."""

    title = "The activity is too large"
    status = 413


class Edge:
    """The bot's end of the channel.

    `on_turn` runs for every admitted activity; the turn's state holds the activity as it came
    under `bot.edge.adapter.RAW`. What `on_turn` raises ends here: an invoke is answered with the
    error (a SitrepError's own words, else a general apology), anything else is left to
    `on_error`, which may say something in the conversation.
    """

    def __init__(
        self, *, gate: Gate, connector: Connector, on_turn: Logic, on_error: OnError | None = None
    ) -> None:
        self.adapter = Adapter(connector)
        self._gate = gate
        self._on_turn = on_turn
        self._on_error = on_error

    async def receive(self, request: web.Request) -> web.Response:
        """Answer one request: 200 and an invoke's answer, or a 4xx and nothing processed.

        1. size and JSON
        2. the gate: who sent it
        3. the activity's own shape
        4. the turn
        """
        raw: dict[str, Any] = {}
        try:
            raw = _object(await _body(request))
            claims = await self._gate.admit(request.headers.get("Authorization"), raw)
            activity = read(raw)
            if activity.type == "invoke":
                invokes.check(raw)
        except SitrepError as refused:
            return _refused(refused, raw)
        return _answered(await self.adapter.run(activity, raw, claims, self._guarded))

    async def _guarded(self, turn: TurnContext) -> None:
        try:
            await self._on_turn(turn)
        except Exception as failed:  # noqa: BLE001 - the last line before the channel
            await self._fail(turn, failed)

    async def _fail(self, turn: TurnContext, failed: Exception) -> None:
        told = log.bind(
            kind=turn.activity.type, name=turn.activity.name, error=type(failed).__name__
        )
        if isinstance(failed, SitrepError):
            told.info("turn_refused")
        else:
            told.error("turn_failed", exc_info=failed)
        if turn.activity.type == "invoke":
            answer = _apology(turn.activity.name, failed)
            await turn.send_activity(Activity(type="invokeResponse", value=answer))
        elif self._on_error is not None:
            try:
                await self._on_error(turn, failed)
            except Exception as again:  # noqa: BLE001 - the apology itself could not be sent
                log.warning("apology_failed", error=type(again).__name__)


def routes(edge: Edge) -> list[web.RouteDef]:
    """Return the one route of the edge."""
    return [web.post("/api/messages", edge.receive)]


async def _body(request: web.Request) -> bytearray:
    if (request.content_length or 0) > LIMIT:
        raise TooLarge(f"A request may have {LIMIT} bytes.")
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LIMIT:
            raise TooLarge(f"A request may have {LIMIT} bytes.")
    return body


def _object(body: bytearray) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except ValueError:
        raise NotAnActivity("The request body is not JSON in UTF-8.") from None
    if not isinstance(parsed, dict):
        raise NotAnActivity("An activity is a JSON object.", pointer="")
    return parsed


def _apology(name: str, failed: Exception) -> InvokeResponse:
    if isinstance(failed, SitrepError):
        return invokes.refusal(
            name, status=failed.status, code=type(failed).__name__, text=failed.told
        )
    return invokes.refusal(name, status=500, code="InternalError", text=SORRY)


def _refused(refused: SitrepError, raw: dict[str, Any]) -> web.Response:
    event = refused.event if isinstance(refused, Unauthorized) else type(refused).__name__
    log.warning("activity_refused", reason=event, pointer=refused.pointer)
    if isinstance(refused, NotAnActivity) and raw.get("name") == "adaptiveCard/action":
        code = "BadRequest"
        body = invokes.envelope(status=refused.status, code=code, text=refused.detail)
        return web.json_response(body, status=refused.status)
    problem = {"title": refused.title, "status": refused.status, "detail": refused.detail}
    if refused.pointer is not None:
        problem["pointer"] = refused.pointer
    return web.json_response(
        problem, status=refused.status, content_type="application/problem+json"
    )


def _answered(answer: InvokeResponse | None) -> web.Response:
    if answer is None:
        return web.Response()
    if answer.status == 501:
        # What the SDK says where the bot has no answer: a caller's mistake, not a server's.
        code, text = "NotSupported", "The bot does not know this invoke."
        return web.json_response(invokes.envelope(status=400, code=code, text=text), status=400)
    if answer.body is None:
        return web.Response(status=int(answer.status))
    status = int(answer.status)
    try:
        body = dump(answer.body)
    except (TypeError, ValueError) as failed:
        log.error("invoke_answer_not_json", error=str(failed))
        status, body = 200, dump(invokes.envelope(status=500, code="InternalError", text=SORRY))
    return web.Response(status=status, body=body, content_type="application/json")
