"""What Teams refuses: too many messages to one thread, and messages too large.

Source: learn.microsoft.com, bots/how-to/rate-limit and limits-specifications-teams.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable
from time import monotonic
from typing import Any

MESSAGE_BYTES = 100 * 1024
"""The largest message in bytes of UTF-16."""

CHANNEL_BYTES = 28 * 1024
"""The largest post in a channel, in bytes of UTF-8."""

WINDOWS = ((7, 1.0), (8, 2.0), (60, 30.0), (1800, 3600.0))
"""Messages that one bot may send to one thread within so many seconds."""


class Throttle:
    """Sliding windows for each thread."""

    def __init__(self, *, ticks: Callable[[], float] = monotonic) -> None:
        self._ticks = ticks
        self._sent: defaultdict[str, deque[float]] = defaultdict(deque)

    def admit(self, thread: str) -> float | None:
        """Count one message to `thread`, or return in how many seconds there is room for it."""
        now, sent = self._ticks(), self._sent[thread]
        while sent and now - sent[0] >= WINDOWS[-1][1]:
            sent.popleft()
        waits = [
            sent[-most] + span - now
            for most, span in WINDOWS
            if len(sent) >= most and now - sent[-most] < span
        ]
        if waits:
            return max(waits)
        sent.append(now)
        return None


def is_too_large(activity: dict[str, Any], *, in_channel: bool) -> bool:
    """True when Teams would answer 413 MessageSizeTooBig."""
    body = json.dumps(activity, ensure_ascii=False, separators=(",", ":"))
    if len(body.encode("utf-16-le")) > MESSAGE_BYTES:
        return True
    return in_channel and len(body.encode()) > CHANNEL_BYTES
