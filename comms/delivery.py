"""A delivery: one update to one recipient by one channel, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from comms.plan.model import ChannelName


class DeliveryState(StrEnum):
    """planned → sending → accepted, rejected or unknown; or suppressed or cancelled."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why a delivery was not accepted, or not sent."""

    # rejected for good
    ADDRESS_INVALID = "address_invalid"
    MAILBOX_UNKNOWN = "mailbox_unknown"
    CONTENT_REFUSED = "content_refused"
    TOO_LARGE = "too_large"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    BOUNCED = "bounced"  # accepted, and came back; its address is suppressed by the same word
    # may pass
    THROTTLED = "throttled"
    TEMPORARY = "temporary"
    UNREACHABLE = "unreachable"
    AUTHENTICATION = "authentication"
    # unknown
    NO_REPLY = "no_reply"
    WORKER_LOST = "worker_lost"
    # suppressed
    UNSUBSCRIBED = "unsubscribed"
    DIGEST = "digest"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    OTHER_CHANNEL = "other_channel"
    OVERTAKEN = "overtaken"  # it waited for the end of quiet hours, and a newer one came
    NO_ADDRESS = "no_address"
    NO_ROOM = "no_room"
    BOUNCING = "bouncing"
    COMPLAINED = "complained"
    # ended early
    EXHAUSTED = "exhausted"
    SUPERSEDED = "superseded"
    # written by a newer version of Sitrep, which knows what it means
    NEWER = "newer"

    @property
    def is_transient(self) -> bool:
        """True where sending the same again later may succeed."""
        return self in TRANSIENT


TRANSIENT = frozenset(
    {Reason.THROTTLED, Reason.TEMPORARY, Reason.UNREACHABLE, Reason.AUTHENTICATION}
)


class Delivery(NamedTuple):
    """What a transport is given for one recipient; a tuple, as one is made for each of a million.

    `key` is the idempotency key: equal over all attempts and unique per (update, recipient,
    channel); the mail channel derives its Message-ID from it. `address` is a mail address, a
    conversation reference or the page's name. `language` (BCP 47) and `time_zone` (IANA) are the
    recipient's; '' means the plan's. `attempt` counts from 1.
    """

    id: int
    key: str
    address: str
    name: str = ""
    language: str = ""
    time_zone: str = ""
    attempt: int = 1


class Outcome(NamedTuple):
    """What a transport says of one delivery: accepted, rejected or unknown.

    `provider_id` is the receipt (the relay's queue id, the activity id). `detail` is the
    platform's own short answer, for the ledger; never a body or a secret. `retry_after` is the
    platform's wish where it named one. A rejected outcome with a transient reason is tried again.
    """

    delivery: int
    state: DeliveryState
    reason: Reason | None = None
    detail: str = ""
    provider_id: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """One line of the ledger as people read it."""

    id: int
    incident: str
    update: int
    audience: str
    channel: ChannelName
    address: str
    name: str
    state: DeliveryState
    reason: Reason | None
    detail: str
    attempts: int
    provider_id: str
    planned_at: datetime
    due_at: datetime | None
    finished_at: datetime | None
    acknowledged_at: datetime | None = None
