"""What holds the letters of one incident together in a mailbox."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

from comms.delivery import Delivery

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def digest(delivery: Delivery) -> str:
    """Return what tells a delivery's Message-ID from others where nobody reads what comes back.

    It is the same at every attempt, so that a mailbox can drop a duplicate.
    """
    return _digest(delivery.key)


def root_id(thread: str, address: str, domain: str) -> bytes:
    """Return the Message-ID that all letters of a thread to one address refer to.

    No letter bears it: whichever update comes first in a mailbox, all of them are its replies.
    """
    return f"<{_digest(f'{thread}:{address.casefold()}')}.root@{domain}>".encode()


def thread_index(thread: str, domain: str, at: datetime) -> str:
    """Return Outlook's Thread-Index: 0x01, the time, the thread's GUID, in base64.

    Layout: MS-OXOMSG 2.2.1.3. The time is the 40 most significant bits of a FILETIME (100 ns
    since 1601). Outlook groups by the GUID; the time orders.
    """
    span = at - _EPOCH
    filetime = ((span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds) * 10
    guid = hashlib.sha256(f"{thread}@{domain}".encode()).digest()[:16]
    return base64.b64encode(b"\x01" + filetime.to_bytes(8, "big")[:5] + guid).decode()


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:32]
