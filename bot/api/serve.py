"""Serve an operation: admit, check what was sent, run it, say what came of it."""

from __future__ import annotations

import time
from typing import Any

import structlog
from aiohttp import web
from multidict import MultiMapping
from pydantic import BaseModel, ValidationError

from bot.api import problems
from bot.api.access import ANYBODY, Access
from bot.api.body import read_model
from bot.api.meters import Meters
from bot.api.operation import Call, Operation
from bot.api.problems import Flaw, Flawed, Handler
from comms.desk import Desk
from comms.errors import NotFound, SitrepError

log = structlog.get_logger()

TOKEN = "token"  # noqa: S105 (the name of a parameter)
CLI = "sitrep-cli"
"""How the command line names itself in `User-Agent`; the audit log tells the two doors apart."""


def handler(operation: Operation, desk: Desk, access: Access, meters: Meters) -> Handler:
    """Return the aiohttp handler of an operation.

    1. Who calls (401)
    2. What the path, the query and the headers say (404, 422)
    3. What the body says (400, 413, 415, 422)
    4. The act itself, whose SitrepError is the answer; what else it raises is logged and a 500
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        began = time.perf_counter()
        response = await _answer(operation, desk, access, meters, request)
        meters.request(operation.name, response.status, time.perf_counter() - began)
        return response

    return handle


async def _answer(
    operation: Operation, desk: Desk, access: Access, meters: Meters, request: web.Request
) -> web.StreamResponse:
    try:
        return await _run(operation, desk, access, meters, request)
    except SitrepError as refused:
        return problems.problem(refused)
    except web.HTTPException:
        raise
    except ConnectionError:
        raise
    except Exception:
        log.exception("api.failed", operation=operation.name)
        return problems.apology()


async def _run(
    operation: Operation, desk: Desk, access: Access, meters: Meters, request: web.Request
) -> web.StreamResponse:
    caller = ANYBODY
    if not operation.is_public:
        caller = access.admit(_token(operation, request), scope=operation.scope)
    agent = request.headers.get("User-Agent", "")
    via = "cli" if agent.startswith(CLI) else "api"
    given = _path(operation, request)
    if operation.query is not None:
        given["query"] = _fields(operation.query, request.query, "query parameter")
    elif set(request.query) - ({TOKEN} if operation.scope else set()):
        name = next(iter(request.query))
        raise Flawed(
            [Flaw(detail=f"There is no query parameter {name[:80]!r}.", pointer=f"/{name}")]
        )
    if operation.headers is not None:
        given["headers"] = _headers(operation.headers, request)
    if operation.body is not None:
        optional = operation.body_is_optional
        given["body"] = await read_model(request, operation.body, optional=optional)
    call = Call(desk=desk, caller=caller, request=request, via=via, meters=meters)
    told = await operation.run(call, **given)
    if isinstance(told, web.StreamResponse):
        return told
    return _told(operation, told, given)


def _token(operation: Operation, request: web.Request) -> str | None:
    """The `Authorization` header; a service that cannot send one puts its token into the URL."""
    if operation.scope and TOKEN in request.query:
        return f"Bearer {request.query[TOKEN]}"
    return request.headers.get("Authorization")


def _path(operation: Operation, request: web.Request) -> dict[str, Any]:
    """The path's parameters; one that cannot be is a thing that does not exist."""
    try:
        checked = operation.path_model.model_validate(dict(request.match_info))
    except ValidationError as wrong:
        field = wrong.errors()[0]["loc"][0]
        value = request.match_info.get(str(field), "")
        raise NotFound(f"There is no {field} {value[:40]!r}.") from None
    return {name: getattr(checked, name) for name in operation.path_model.model_fields}


def _fields(model: type[BaseModel], given: MultiMapping[str], what: str) -> BaseModel:
    twice = next((name for name in given if len(given.getall(name)) > 1), None)
    if twice is not None:
        detail = f"The {what} {twice[:80]!r} stands here more than once."
        raise Flawed([Flaw(detail=detail, pointer=f"/{twice}")])
    values = dict(given)
    try:
        return model.model_validate(values)
    except ValidationError as wrong:
        raise problems.flawed(wrong, values, model) from None


def _headers(model: type[BaseModel], request: web.Request) -> BaseModel:
    names = [info.alias or name for name, info in model.model_fields.items()]
    values = {name: request.headers[name] for name in names if name in request.headers}
    try:
        return model.model_validate(values)
    except ValidationError as wrong:
        raise problems.flawed(wrong, values, model) from None


def _told(operation: Operation, told: BaseModel, given: dict[str, Any]) -> web.Response:
    headers = {}
    if operation.location:
        headers["Location"] = operation.location.format(**{**given, **dict(told)})
    return web.Response(
        status=operation.status,
        text=told.model_dump_json(by_alias=True),
        content_type="application/json",
        headers=headers,
    )
