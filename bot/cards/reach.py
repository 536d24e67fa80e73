"""The card that shows an update's reach as it grows."""

from __future__ import annotations

from bot.cards.views import FAILED, UNDER_WAY, AudienceReach, Reach
from bot.cards.wording import duration, headed, listed, number
from comms.channels.teams.card import fill_card
from comms.channels.teams.markdown import Markdown, escape, markdown
from comms.delivery import DeliveryState
from comms.incident import Incident
from comms.unreached import NOBODY, Missed, Unreached

_UNKNOWN = frozenset({DeliveryState.UNKNOWN})
_REST = (
    (UNDER_WAY, "under way"),
    (frozenset({DeliveryState.REJECTED}), "failed"),
    (_UNKNOWN, "unknown"),
    (frozenset({DeliveryState.SUPPRESSED}), "left out on purpose"),
    (frozenset({DeliveryState.CANCELLED}), "cancelled"),
)
_ACCEPTED = frozenset({DeliveryState.ACCEPTED})


def reach_card(
    *, incident: Incident, reach: Reach, missed: Missed = NOBODY, incident_url: str = ""
) -> dict[str, object]:
    """Return the totals per audience, with a button to resend to those not reached.

    Some of `missed` are named with why, and with how else they can be reached.
    """
    under_way = reach.count(UNDER_WAY)
    failed = max(reach.count(FAILED) - missed.beyond_resend, 0)
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key}: {reach_line(reach)}",
        "number": reach.number,
        "reached": _reached(reach),
        "rest": " · ".join(_rest(reach)),
        "done": not under_way and not any(audience.held for audience in reach.audiences),
        "audiences": [_row(audience) for audience in reach.audiences],
        "resend": 0 if under_way else failed,
        "missed": [] if under_way else [_missed(one) for one in missed.people],
        "more_missed": missed.has_more,
        "silent": [line for audience in reach.audiences if (line := _silent(audience))],
    }
    return fill_card("cards/reach.json", context)


def reach_line(reach: Reach) -> str:
    """Return 'Update 3 reached 408 of 412 · 3 under way · 1 failed'."""
    return " · ".join([_reached(reach), *_rest(reach)])


def _missed(one: Unreached) -> Markdown:
    ways = [markdown("[{}]({})", way.label, way.url) if way.url else way.label for way in one.ways]
    line = markdown("**{}** ({}): {}", one.name, one.audience, one.why)
    return Markdown(" · ".join([line, *(escape(way) for way in ways)]))


def _reached(reach: Reach) -> str:
    reached = f"{number(reach.count(_ACCEPTED))} of {number(reach.total)}"
    return f"Update {reach.number} reached {reached}"


def _row(audience: AudienceReach) -> dict[str, str]:
    if not audience.total:
        return {"audience": audience.audience, "line": "no recipients"}
    reached = f"{number(audience.count(_ACCEPTED))} of {number(audience.total)} reached"
    eta = [f"{duration(audience.eta)} left"] if audience.eta else []
    if audience.holds_unknown and audience.count(_UNKNOWN):
        eta.append("what is unknown waits for you")
    return {
        "audience": audience.audience,
        "line": " · ".join(
            [reached, *_acknowledged(audience), *_rest(audience), *_held(audience), *eta]
        ),
    }


def _held(audience: AudienceReach) -> list[str]:
    """'12 wait for the end of quiet hours, from 07:00 CEST on'."""
    if not audience.held:
        return []
    waiting = number(audience.held)
    return [f"{waiting} wait for the end of quiet hours, from {audience.held_from} on"]


def _acknowledged(audience: AudienceReach) -> list[str]:
    seen = audience.seen
    if seen.told:
        return [f"{number(seen.acknowledged)} of {number(seen.told)} acknowledged"]
    return [f"{number(seen.acknowledged)} acknowledged"] if seen.acknowledged else []


def _silent(audience: AudienceReach) -> str:
    """'Executives, not acknowledged yet: Ana Silva, Bo Li and 3 others'."""
    seen = audience.seen
    if not seen.silent:
        return ""
    more = max(seen.told - seen.acknowledged, len(seen.silent)) - len(seen.silent)
    others = "1 other" if more == 1 else f"{number(more)} others"
    names = [*seen.silent, others] if more else seen.silent
    return f"{audience.audience}, not acknowledged yet: {listed(names)}"


def _rest(reach: Reach | AudienceReach) -> list[str]:
    counts = ((reach.count(states), word) for states, word in _REST)
    return [f"{number(count)} {word}" for count, word in counts if count]
