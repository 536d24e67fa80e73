"""The card that shows an update's reach as it grows."""

from __future__ import annotations

from bot.cards.views import AudienceReach, Reach
from bot.cards.wording import duration, headed, number
from comms.channels.teams.card import fill_card
from comms.delivery import DeliveryState
from comms.incident import Incident

UNDER_WAY = (DeliveryState.PLANNED, DeliveryState.SENDING)


def reach_card(
    *, incident: Incident, reach: Reach, incident_url: str = "", may_retry: bool = True
) -> dict[str, object]:
    """Return the totals per audience, with a button to resend to those not reached."""
    failed = reach.count(DeliveryState.REJECTED)
    under_way = reach.count(*UNDER_WAY)
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key} update {reach.number}: {reach_line(reach)}",
        "number": reach.number,
        "line": reach_line(reach),
        "done": not under_way,
        "audiences": [_row(audience) for audience in reach.audiences],
        "resend": failed if may_retry and not under_way else 0,
    }
    return fill_card("cards/reach.json", context)


def reach_line(reach: Reach) -> str:
    """Return 'Update 3 reached 408 of 412 · 3 under way · 1 failed'."""
    accepted = reach.count(DeliveryState.ACCEPTED)
    parts = [f"Update {reach.number} reached {number(accepted)} of {number(reach.total)}"]
    return " · ".join(parts + _rest(reach))


def _row(audience: AudienceReach) -> dict[str, str]:
    accepted = audience.count(DeliveryState.ACCEPTED)
    reached = f"{number(accepted)} of {number(audience.total)} reached"
    eta = [f"done in {duration(audience.eta)}"] if audience.eta else []
    return {
        "audience": audience.audience,
        "line": " · ".join([reached, *_rest(audience), *eta]),
    }


def _rest(reach: Reach | AudienceReach) -> list[str]:
    counts = (
        (reach.count(*UNDER_WAY), "under way"),
        (reach.count(DeliveryState.REJECTED), "failed"),
        (reach.count(DeliveryState.UNKNOWN), "unknown"),
        (reach.count(DeliveryState.SUPPRESSED), "left out on purpose"),
        (reach.count(DeliveryState.CANCELLED), "cancelled"),
    )
    return [f"{number(count)} {word}" for count, word in counts if count]
