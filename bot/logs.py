"""Logs: an event name and fields, for people or as JSON, on standard error."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog


def configure(form: Literal["text", "json"]) -> None:
    """Write every log line in this form from now on, those of libraries from a warning up."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s", force=True)
    rendered: list[structlog.typing.Processor] = (
        [_as_document(), structlog.processors.JSONRenderer()] if form == "json" else [_for_people()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *rendered,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _for_people() -> structlog.dev.ConsoleRenderer:
    # A plain trace: a drawn one shows the values of variables, and a secret may be among them.
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def _as_document() -> structlog.typing.Processor:
    tracer = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return structlog.processors.ExceptionRenderer(tracer)
