"""Errors as `application/problem+json` (RFC 9457), each with a pointer to its field."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from comms.errors import SitrepError
from comms.plan.problem import nearest

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MEDIA = "application/problem+json"
SORRY = "Something went wrong on our side. It is in the log; please try again."


class Flaw(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    detail: str
    pointer: str = Field(description="RFC 6901 pointer of the field; '' is the whole body.")


class Problem(BaseModel):
    """What went wrong, where, and what to do about it (RFC 9457)."""

    # A problem may carry more: an import says which lines were refused.
    model_config = ConfigDict(extra="allow", frozen=True)

    type: str = Field(description="A stable name of the kind of problem.")
    title: str
    status: int
    detail: str
    pointer: str | None = Field(default=None, description="RFC 6901 pointer of the first flaw.")
    errors: list[Flaw] | None = Field(default=None, description="All flaws, where several.")


class NotJson(SitrepError):
    """The body cannot be read at all."""

    title = "The body is not JSON"
    status = 400


class TooLarge(SitrepError):
    """The body is larger than anything that makes sense here."""

    title = "The body is too large"
    status = 413


class WrongMedia(SitrepError):
    """The body is of a kind that this route does not read."""

    title = "The body is of the wrong media type"
    status = 415


class Flawed(SitrepError):
    """The request says something that it cannot say; `flaws` lists all of it."""

    title = "A field is not valid"
    status = 422

    def __init__(self, flaws: list[Flaw]) -> None:
        more = f" ({len(flaws) - 1} more below.)" if len(flaws) > 1 else ""
        super().__init__(flaws[0].detail + more, pointer=flaws[0].pointer)
        self.flaws = flaws


@web.middleware
async def problems_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say what the router refuses (404, 405) as a problem too, under /api/v1."""
    if not request.path.startswith("/api/v1"):
        return await handler(request)
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as refused:
        allowed = ", ".join(sorted(refused.allowed_methods))
        return answer(
            status=405,
            kind="method-not-allowed",
            title="Not possible here",
            detail=f"{request.method} is not possible here. Possible: {allowed}.",
            headers={"Allow": allowed},
        )
    except web.HTTPException as refused:
        if refused.status < 400:
            raise
        return answer(
            status=refused.status,
            kind=_kebab(refused.reason),
            title=refused.reason,
            detail=f"There is nothing at {request.path[:200]}. /api/v1/openapi.json lists what is."
            if refused.status == 404
            else refused.reason,
        )


def problem(error: SitrepError, extra: Mapping[str, Any] | None = None) -> web.Response:
    """Return an error as its response; `extra` members stand beside the standard ones."""
    flaws = error.flaws if isinstance(error, Flawed) else None
    headers = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Sitrep"'
    if error.status == 503:
        headers["Retry-After"] = "5"
    return answer(
        status=error.status,
        kind=_kebab(type(error).__name__),
        title=error.title,
        detail=error.told,
        pointer=error.pointer,
        errors=flaws,
        extra=extra,
        headers=headers,
    )


def apology() -> web.Response:
    """Return the response to a failure of our own."""
    return answer(status=500, kind="internal-error", title="Our fault", detail=SORRY)


def answer(
    *,
    status: int,
    kind: str,
    title: str,
    detail: str,
    pointer: str | None = None,
    errors: list[Flaw] | None = None,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Return a problem document as a response."""
    told = Problem(
        type=f"urn:sitrep:problem:{kind}",
        title=title,
        status=status,
        detail=detail,
        pointer=pointer,
        errors=errors,
        **(extra or {}),
    )
    body = json.dumps(told.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
    return web.Response(status=status, text=body, content_type=MEDIA, headers=headers)


def flawed(error: ValidationError, given: Any, model: type[BaseModel]) -> Flawed:
    """Return what a model refused, each thing with the pointer into what was given."""
    return Flawed(
        [
            Flaw(detail=_said(detail, model), pointer=_pointer(detail, given))
            for detail in error.errors(include_url=False)
        ]
    )


_TIME = "Write a time with its zone, such as 2026-03-01T14:30:00Z."


def _said(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind = detail["type"]
    if kind == "missing":
        return "This field is required."
    if kind == "extra_forbidden":
        name = str(detail["loc"][-1])
        known = _known(model) if len(detail["loc"]) == 1 else []
        listed = f" Known: {', '.join(known)}." if known else ""
        return f"There is no field {name[:80]!r} here.{nearest(name, known)}{listed}"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    if kind.startswith(("datetime", "timezone")):
        return _TIME
    return f"{detail['msg']}."


def _known(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _pointer(detail: ErrorDetails, given: Any) -> str:
    """Return the pointer of what is wrong, no deeper than what was given goes.

    Where a model reads a plain string as an object, its fields exist only in the model.
    """
    steps: list[str] = []
    here = given
    for step in detail["loc"]:
        if not isinstance(here, dict | list):
            break
        steps.append(str(step).replace("~", "~0").replace("/", "~1"))
        here = _step(here, step)
    return "".join(f"/{step}" for step in steps)


def _step(here: Any, step: int | str) -> Any:
    if isinstance(here, dict):
        return here.get(step)
    return here[step] if isinstance(step, int) and step < len(here) else None


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|\s+", "-", name).lower()
