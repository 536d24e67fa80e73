"""Traces: one update followed from the button to its last delivery, also across processes.

Steps hold names, keys and counts; never an address, a person or a text. Where no OpenTelemetry SDK
is set up they go nowhere and cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from opentelemetry.trace import Span, StatusCode, get_tracer, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_TRACER = get_tracer("sitrep")
_WIRE = TraceContextTextMapPropagator()


@contextmanager
def step(name: str, *, under: str = "", **facts: str | int) -> Iterator[Span]:
    """Make what the block does a span, with these facts as its attributes `sitrep.…`.

    `under` is the W3C traceparent of the step that asked for this one; '' puts it under the step
    it stands in. A failure marks the span with its type, whose words may be somebody's.
    """
    parent = _WIRE.extract({"traceparent": under}) if under else None
    span = _TRACER.start_span(name, context=parent)
    tell(span, **facts)
    try:
        with inside(span):
            yield span
    except BaseException as failure:
        span.set_status(StatusCode.ERROR, type(failure).__name__)
        raise
    finally:
        span.end()


def inside(span: Span) -> AbstractContextManager[Span]:
    """Go on inside a step that was begun elsewhere, in another thread for one; it stays open."""
    return use_span(span, record_exception=False, set_status_on_exception=False)


def tell(span: Span, **facts: str | int) -> None:
    """Add facts to a step."""
    span.set_attributes({f"sitrep.{name}": fact for name, fact in facts.items()})


def here() -> str:
    """Return the W3C traceparent of the step this stands in; '' where nobody traces."""
    carrier: dict[str, str] = {}
    _WIRE.inject(carrier)
    return carrier.get("traceparent", "")
