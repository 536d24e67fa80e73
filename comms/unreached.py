"""Who an update did not reach, and by what other way they can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from comms.delivery import DeliveryState, LedgerRow, Reason
from comms.desk import Scene
from comms.ledger import Totals
from comms.plan.model import Audience, ChannelName

SHOWN = 5
"""So many are named where people look on; the ledger names all."""

CHAT = "https://teams.microsoft.com/l/chat/0/0?users="
"""learn.microsoft.com: "Deep link to a chat"."""

WORDS: Mapping[Reason | None, str] = {
    Reason.BOUNCED: "mail came back",
    Reason.BOUNCING: "mail keeps coming back",
    Reason.COMPLAINED: "does not want our mail",
    Reason.MAILBOX_UNKNOWN: "there is no such mailbox",
    Reason.ADDRESS_INVALID: "this is no address",
    Reason.NO_ADDRESS: "has no address",
    Reason.EXHAUSTED: "tried for too long",
    None: "failed",
}

_TOLD = {
    ChannelName.TEAMS: "told in Teams",
    ChannelName.CHAT: "told in a chat",
    ChannelName.MAIL: "told by mail",
    ChannelName.PAGE: "can read the status page",
}


@dataclass(frozen=True, kw_only=True)
class Way:
    """Another way to somebody, in words; `url` opens it, where there is something to open."""

    label: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Unreached:
    """Somebody whom an update did not reach: why, in words, and how else they can be."""

    audience: str
    channel: ChannelName
    name: str
    address: str
    reason: Reason | None
    why: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, kw_only=True)
class Missed:
    """Some of them, whether there are more, and how many of the failed a resend leaves out."""

    people: tuple[Unreached, ...] = ()
    has_more: bool = False
    beyond_resend: int = 0


NOBODY = Missed()


def missed(scene: Scene, incident: str, number: int, *, limit: int = SHOWN) -> Missed:
    """Look up whom an update did not reach."""
    totals = scene.book.fanouts.totals(incident, number)
    if not any(_has_missed(states) for states in totals.values()):
        return NOBODY
    hindsight = scene.book.hindsight
    rows = hindsight.unreached(incident, number, limit=limit + 1)
    return Missed(
        people=tuple(_unreached(scene, row, totals) for row in rows[:limit]),
        has_more=len(rows) > limit,
        beyond_resend=hindsight.beyond_resend(incident, number, now=scene.now),
    )


def _has_missed(states: Totals) -> bool:
    return bool(states.get(DeliveryState.REJECTED) or states.get(DeliveryState.SUPPRESSED))


def _unreached(
    scene: Scene, row: LedgerRow, totals: Mapping[tuple[str, ChannelName], Totals]
) -> Unreached:
    audience = scene.plan.audiences.get(row.audience)
    unworded = row.reason.value.replace("_", " ") if row.reason else WORDS[None]
    return Unreached(
        audience=audience.label if audience else row.audience,
        channel=row.channel,
        name=row.name or row.address,
        address=row.address,
        reason=row.reason,
        why=WORDS.get(row.reason, unworded),
        ways=tuple(_ways(row, audience, totals)) if audience else (),
    )


def _ways(
    row: LedgerRow, audience: Audience, totals: Mapping[tuple[str, ChannelName], Totals]
) -> Iterator[Way]:
    """The audience's other channels that got through, then a chat with who is one of us."""
    for channel in audience.ways:
        told = totals.get((audience.name, channel), {})
        if channel is not row.channel and told.get(DeliveryState.ACCEPTED):
            yield Way(label=_TOLD[channel])
    if row.channel is ChannelName.MAIL and not audience.external and row.address:
        yield Way(label="chat in Teams", url=f"{CHAT}{quote(row.address)}")
