"""What comes back of mail, posted by whom it came to; and the list of whom not to write to."""

from __future__ import annotations

import asyncio
from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints
from pydantic_core import from_json

from bot.api.access import INBOUND
from bot.api.body import chunks
from bot.api.operation import Call, Table
from bot.api.problems import NotJson, WrongMedia
from bot.api.shapes import Given, Stamp, Told
from bot.bounces.posted import handshake, reports
from comms.acts.bounces import Taken, lift, take_back
from comms.channels.mail.returned import Returned, read
from comms.delivery import Reason
from comms.desk import Scene
from comms.suppression import Suppression

inbound = Table(tag="mail", root="/inbound")
table = Table(tag="mail")

MESSAGE = "message/rfc822"
JSON = "application/json"
CLOUD_EVENTS = ("application/cloudevents+json", "application/cloudevents-batch+json")

LIMIT = 8 * 1024 * 1024
"""Bytes of a post: a letter with its pictures, or some thousand reports."""

ListedAddress = Annotated[
    str,
    StringConstraints(min_length=3, max_length=254),
    Field(description="A mail address.", examples=["kim@example.org"]),
]


class TakenTold(Told):
    """What came of what was posted."""

    reports: int = Field(description="How many reports it held.")
    matched: int = Field(description="How many of them belong to a delivery.")
    strangers: int = Field(description="How many belong to none of ours.")
    repeated: int = Field(description="How many were known already.")
    suppressed: int = Field(description="To how many addresses nothing is sent any more.")


class Sender(Given):
    """Who asks whether events may be sent here, before any is (CloudEvents: abuse protection)."""

    origin: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,253}$")] = Field(
        alias="WebHook-Request-Origin", description="The name of the system that would send."
    )


class HandshakeTold(Told):
    """What Event Grid wants back before it sends anything."""

    code: str = Field(serialization_alias="validationResponse")


class SuppressionTold(Told):
    """An address to which no mail goes."""

    address: str
    reason: Reason | None
    since: Stamp
    until: Stamp | None = Field(description="null: until a person lifts it.")
    evidence: str = Field(description="What was said of it, short.")


class SuppressionList(Told):
    """A page of the list."""

    suppressed: list[SuppressionTold]
    next: str | None = Field(description="The cursor of the next page; null: this is the last.")


class ListPage(Given):
    """Which part of the list."""

    cursor: Annotated[str, StringConstraints(max_length=254, pattern=r"^[^\x00-\x1f]*$")] = Field(
        default="", description="`next` of the page before; without it, the first page."
    )
    limit: int = Field(default=100, ge=1, le=1000)


@inbound.options("/bounces", produces=(), scope=INBOUND)
async def allow_bounces(call: Call, headers: Sender) -> web.StreamResponse:
    """Allow a service to post CloudEvents; it asks before it sends any.

    "HTTP 1.1 Web Hooks for Event Delivery", section 4, which Event Grid asks of whoever subscribes
    with the CloudEvents schema.
    """
    allowed = {"WebHook-Allowed-Origin": headers.origin, "WebHook-Allowed-Rate": "*"}
    return web.Response(headers={**allowed, "Allow": "POST, OPTIONS"})


@inbound.post(
    "/bounces",
    accepts=(MESSAGE, JSON, *CLOUD_EVENTS),
    scope=INBOUND,
    problems=(400, 413, 415),
    status=200,
)
async def take_bounces(call: Call) -> TakenTold | web.StreamResponse:
    """Take what came back of mail.

    A message as it came (message/rfc822), the events of Azure Communication Services by Event Grid,
    or a list of `{kind, message_id | receipt and recipient, detail}`.
    """
    raw = b"".join([chunk async for chunk in chunks(call.request, limit=LIMIT)])
    if call.request.content_type == MESSAGE:
        returned = await asyncio.to_thread(read, raw)
    elif call.request.content_type in {JSON, *CLOUD_EVENTS}:
        parsed = _parsed(raw)
        code = handshake(parsed)
        if code is not None:
            told = HandshakeTold(code=code)
            return web.json_response(text=told.model_dump_json(by_alias=True))
        returned = reports(parsed)
    else:
        raise WrongMedia(f"Send {MESSAGE} or {JSON}, not {call.request.content_type[:80]}.")
    return await _taken(call, returned)


@table.get("/suppressions")
async def list_suppressed(call: Call, query: ListPage) -> SuppressionList:
    """List the addresses to which no mail goes, and why."""

    def look(scene: Scene) -> SuppressionList:
        found = scene.book.suppressions.held(
            after=query.cursor, limit=query.limit + 1, now=scene.now
        )
        page = found[: query.limit]
        return SuppressionList(
            suppressed=[SuppressionTold.model_validate(one) for one in page],
            next=page[-1].address if len(found) > query.limit else None,
        )

    return await call.read(look)


@table.delete("/suppressions/{address}", problems=(404,))
async def lift_suppression(call: Call, address: ListedAddress) -> SuppressionTold:
    """Let mail go to an address again; the audit log keeps who did."""

    def act(scene: Scene) -> Suppression:
        return lift(scene, address)

    return SuppressionTold.model_validate(await call.do(act))


async def _taken(call: Call, returned: tuple[Returned, ...]) -> TakenTold:
    def act(scene: Scene) -> Taken:
        return take_back(scene, returned)

    taken = await call.do(act)
    call.meters.bounces.returned("posted", 1, taken)
    return TakenTold(
        reports=len(returned),
        matched=taken.matched,
        strangers=taken.strangers,
        repeated=taken.repeated,
        suppressed=taken.suppressed,
    )


def _parsed(raw: bytes) -> object:
    try:
        return from_json(raw)
    except ValueError as wrong:
        raise NotJson(f"The body is not JSON: {wrong}.", pointer="") from None
