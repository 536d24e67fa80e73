"""Where traces go: to the collector that OpenTelemetry's own variables name, if any.

`OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) turns it on; headers, sampling and resource
attributes follow the other variables of its specification, "SDK environment variables".
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from opentelemetry import trace

from comms.errors import Invalid
from comms.trace import step, tell

_NAMES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def is_wanted() -> bool:
    """True where a collector is named."""
    return any(os.environ.get(name) for name in _NAMES)


@contextmanager
def exported(service: str) -> Iterator[None]:
    """Send this process's traces to the collector, the last of them at the end of the block.

    Raises Invalid where a collector is named and the parts that speak to it are not installed.
    """
    if not is_wanted():
        yield
        return
    try:
        from bot.trace_export import provider  # noqa: PLC0415 (an extra, which may be missing)
    except ImportError:
        raise Invalid(
            f"{_named()} is set, but what sends traces is not installed: pip install 'sitrep[otel]'"
        ) from None
    sending = provider(service)
    trace.set_tracer_provider(sending)
    try:
        yield
    finally:
        sending.shutdown()


def middlewares() -> tuple[Middleware, ...]:
    """Return what makes each request a step; nothing where nobody wants to see them."""
    return (_traced,) if is_wanted() else ()


@web.middleware
async def _traced(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Make a request a step, under the caller's own trace where it sends one."""
    route = request.match_info.route.resource
    name = f"{request.method} {route.canonical if route else 'unknown'}"
    with step(name, under=request.headers.get("traceparent", "")) as span:
        response = await handler(request)
        tell(span, status=response.status)
        return response


def _named() -> str:
    return next(name for name in _NAMES if os.environ.get(name))
