"""The body of a request, read within limits."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import BadHttpMessage
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from bot.api.problems import NotJson, TooLarge, WrongMedia, flawed
from comms.errors import SitrepError

LIMIT = 1024 * 1024
"""Bytes of a JSON body: some ten times the longest report."""


class Garbled(SitrepError):
    """The body broke off, or its encoding is not what the headers say."""

    title = "The body cannot be read"
    status = 400


async def chunks(request: web.Request, *, limit: int) -> AsyncIterator[bytes]:
    """Yield the body as it comes; TooLarge beyond `limit` bytes, Garbled where it breaks."""
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    size = 0
    try:
        async for chunk in request.content.iter_any():
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            yield chunk
    except (BadHttpMessage, ClientPayloadError, web.RequestPayloadError):
        raise Garbled("The body broke off, or is not encoded as its headers say.") from None


async def read_model(
    request: web.Request, model: type[BaseModel], *, optional: bool
) -> BaseModel | None:
    """Return the JSON body as the model; None where there is none and it is `optional`."""
    raw = b"".join([chunk async for chunk in chunks(request, limit=LIMIT)])
    if not raw and optional:
        return None
    if request.content_type != "application/json":
        raise WrongMedia(
            f"Send JSON as 'Content-Type: application/json', not {request.content_type[:80]}."
        )
    if not raw:
        raise NotJson("The body is empty; it should be a JSON object.", pointer="")
    try:
        parsed = from_json(raw)
    except ValueError as wrong:
        raise NotJson(f"The body is not JSON: {wrong}.", pointer="") from None
    try:
        return model.model_validate(parsed)
    except ValidationError as wrong:
        raise flawed(wrong, parsed, model) from None


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"A body may have {limit // 1024:,} KB here.".replace(",", " "))
