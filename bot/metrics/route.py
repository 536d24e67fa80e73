"""The route /metrics."""

from __future__ import annotations

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from bot.metrics.backlog import BacklogGauges
from comms.errors import Unavailable

log = structlog.get_logger()


def metrics_routes(
    registry: CollectorRegistry, backlog: BacklogGauges | None = None
) -> list[web.RouteDef]:
    """Return the route; what this process counts is shown even while the database is away."""

    async def metrics(_request: web.Request) -> web.Response:
        if backlog is not None:
            try:
                await backlog.refresh()
            except Unavailable as away:
                log.warning("metrics.no_backlog", why=away.detail)
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    return [web.get("/metrics", metrics)]
