"""A simulated plan as a drawing that stands alone: an SVG file, right in light and dark."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from bot.cards.wording import duration, number
from comms.lanes import place, ticks
from comms.moment import moment
from comms.plan.model import Plan
from comms.render import fill
from comms.simulation import Sending, Simulation, Why

WIDTH = 960
MARGIN = 24
LANE = 54


def drawn(found: Simulation, plan: Plan) -> str:
    """Return the SVG: a lane for each audience, a mark for each time that it is told."""
    told = {sending.audience for sending in found.sendings}
    return fill(
        "plan/simulation.svg",
        {
            "width": WIDTH,
            "margin": MARGIN,
            "lane": LANE,
            "title": f"{plan.organisation}: {found.severity}, declared"
            f" {moment(found.begin, plan.time_zone).full}",
            "length": duration(found.end - found.begin),
            "lanes": [_lane(audience.name, found, plan) for audience in plan.among(told)],
            "ticks": [
                {"x": _x(place(tick.at, begin=found.begin, end=found.end)), "label": label}
                for tick in ticks(found.begin, found.end)
                for label in (moment(tick.at, plan.time_zone).clock.partition(" ")[0],)
            ],
            "is_held": bool(found.held),
        },
    )


def _lane(name: str, found: Simulation, plan: Plan) -> dict[str, Any]:
    sent = [sending for sending in found.sendings if sending.audience == name]
    channels = dict.fromkeys(sending.channel.value for sending in sent)
    messages = sum(sending.messages for sending in sent)
    often = "then on change" if name in found.on_change else f"{len({s.at for s in sent})} updates"
    return {
        "label": plan.audiences[name].label,
        "words": f"{often} by {' and '.join(channels)}, {number(messages)} messages",
        "marks": [
            _mark(sending, found, plan, until=following.at)
            for sending, following in pairwise([*sent, replace(sent[-1], at=found.end)])
        ],
        "is_open": name in found.on_change,
    }


def _mark(sending: Sending, found: Simulation, plan: Plan, *, until: datetime) -> dict[str, Any]:
    """One time that it is told; what is still being sent at the next one is drawn up to there."""
    x = _x(place(sending.at, begin=found.begin, end=found.end))
    done = _x(place(min(sending.done_at, until), begin=found.begin, end=found.end))
    at = moment(sending.at, plan.time_zone).clock
    takes = f", sent until {moment(sending.done_at, plan.time_zone).clock}"
    return {
        "x": x,
        "is_first": sending.why is Why.FIRST,
        "held": round(done - x, 1) if sending.held_by else 0,
        "words": f"{at}: {number(sending.messages)} by {sending.channel}"
        + (takes if sending.held_by else ""),
    }


def _x(percent: float) -> float:
    return round(MARGIN + percent / 100 * (WIDTH - 2 * MARGIN), 1)
