"""The routes of the API: the operations of every noun, their document and their meters."""

from __future__ import annotations

from functools import cache
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry

from bot.api import (
    adherence,
    approvals,
    asks,
    bounces,
    bulletins,
    checklists,
    countdowns,
    deliveries,
    incidents,
    invitations,
    operations,
    plan,
    recipients,
    roles,
    sources,
    timeline,
    updates,
)
from bot.api.access import Access
from bot.api.meters import Meters
from bot.api.openapi import document
from bot.api.operation import ROOT, Operation
from bot.api.problems import Handler
from bot.api.serve import handler
from bot.metrics.bounces import BounceMeters
from comms.desk import Desk

OPERATIONS: tuple[Operation, ...] = tuple(
    operation
    for noun in (
        incidents,
        invitations,
        roles,
        updates,
        approvals,
        deliveries,
        bulletins,
        asks,
        timeline,
        checklists,
        countdowns,
        adherence,
        plan,
        recipients,
        sources,
        bounces,
        operations,
    )
    for operation in noun.table.operations
) + tuple(bounces.inbound.operations)


def api_routes(
    desk: Desk,
    access: Access,
    *,
    registry: CollectorRegistry | None = None,
    bounce_meters: BounceMeters | None = None,
) -> list[web.RouteDef]:
    """Return every route of the API; an app takes `problems_as_json` as a middleware with them.

    The requests are counted in `registry`.
    """
    meters = Meters(registry or CollectorRegistry(), bounce_meters)

    async def openapi(_request: web.Request) -> web.Response:
        return web.json_response(_described())

    return [
        *(_route(one, handler(one, desk, access, meters)) for one in OPERATIONS),
        web.get(f"{ROOT}/openapi.json", openapi),
    ]


@cache
def _described() -> dict[str, Any]:
    return document(OPERATIONS)


def _route(operation: Operation, answer: Handler) -> web.RouteDef:
    if operation.method == "GET":
        return web.get(operation.path, answer)  # and HEAD
    return web.route(operation.method, operation.path, answer)
