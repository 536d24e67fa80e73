"""Adherence as people read it: its figures in words, and the drawing of an incident's promises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.cards.wording import duration, number
from comms.adherence import Figures, Mark, adherence, lateness
from comms.desk import Scene
from comms.lanes import Bar, Lane, Lanes, Tick, lanes
from comms.moment import moment
from comms.plan.model import Plan

NOTHING = "–"
DAY = timedelta(days=1)

WORDS = {
    Mark.KEPT: "Update {update} at {answered}, in time: promised by {due}",
    Mark.LATE: "Update {update} at {answered}, {late} late: promised by {due}",
    Mark.UNANSWERED: "No update by {due}, as promised: {late} late",
    Mark.OPEN: "Promised by {due}",
    Mark.WITHDRAWN: "Promised by {due}; nobody waited for it any more",
}

NUMBERED = 14
"""A lane with more marks has no room for their numbers on a phone."""


def adherence_told(scene: Scene, key: str) -> dict[str, Any]:
    """Return the context of templates/incident/adherence.html; {} where nothing was promised."""
    record = scene.book.records.of(key)
    if not record.promises:
        return {}
    counted = adherence(record, outside=scene.plan.outside, now=scene.now)
    return {
        "all": _row("All", counted.all),
        "audiences": [
            _row(_label(name, scene.plan), figures) for name, figures in counted.audiences.items()
        ],
        "chart": _drawn(lanes(record, now=scene.now), counted.audiences, scene),
        "notice": span(counted.all.first_notice),
        "wait": counted.all.approval_wait_median and span(counted.all.approval_wait_median),
        "corrections": counted.all.corrections,
        "has_outside": not scene.plan.outside.isdisjoint(record.audiences),
    }


def span(length: timedelta | None) -> str:
    """Return '14 min', or a dash for no sample."""
    return NOTHING if length is None else duration(length)


def late_words(middle: timedelta | None, worst: timedelta | None) -> str:
    """Return '4 min, worst 12 min'; the one of a single miss once; a dash for none."""
    if worst is None or span(middle) == span(worst):
        return span(worst)
    return f"{span(middle)}, worst {span(worst)}"


def of(some: int, every: int) -> str:
    """Return '408 of 412'; a dash of nothing."""
    return f"{number(some)} of {number(every)}" if every else NOTHING


def _row(label: str, figures: Figures) -> dict[str, str]:
    return {
        "label": label,
        "on_time": of(figures.kept, figures.promised),
        "late": late_words(figures.late_median, figures.late_worst),
        "silence": span(figures.longest_silence),
        "first": span(figures.first_notice),
        "reached": of(figures.reached, figures.meant),
        "seen": number(figures.acknowledged) if figures.acknowledged else NOTHING,
    }


def _drawn(drawing: Lanes, figures: Mapping[str, Figures], scene: Scene) -> dict[str, Any]:
    used = {bar.mark for lane in drawing.lanes for bar in lane.bars}
    return {
        "lanes": [_lane(lane, figures[lane.audience], scene) for lane in drawing.lanes],
        "ticks": [
            {"place": tick.place, "label": _tick(tick, drawing, scene.plan)}
            for tick in drawing.ticks
        ],
        "marks": [mark.value for mark in Mark if mark in used],
        "zone": moment(drawing.begin, scene.plan.time_zone).clock.partition(" ")[2],
    }


def _lane(lane: Lane, figures: Figures, scene: Scene) -> dict[str, Any]:
    told = f"{figures.kept} of {figures.promised} on time" if figures.promised else "none due yet"
    return {
        "label": _label(lane.audience, scene.plan),
        "told": told,
        "is_numbered": len(lane.bars) <= NUMBERED,
        "bars": [
            {
                "begin": bar.begin,
                "width": bar.waited,
                "due": bar.due,
                "late": bar.late,
                "end": bar.end,
                "mark": bar.mark.value,
                "number": bar.update,
                "words": _words(bar, scene.plan, scene.now),
            }
            for bar in lane.bars
        ],
    }


def _words(bar: Bar, plan: Plan, now: datetime) -> str:
    promise = bar.promise
    return WORDS[bar.mark].format(
        update=bar.update,
        answered=_clock(promise.answered_at, plan),
        due=_clock(promise.due_at, plan),
        late=span(lateness(promise, now)),
    )


def _tick(tick: Tick, drawing: Lanes, plan: Plan) -> str:
    local = tick.at.astimezone(plan.time_zone)
    # Over several days the hour alone says nothing.
    return f"{local:%H:%M}" if drawing.end - drawing.begin <= DAY else f"{local:%-d %b}"


def _clock(at: datetime | None, plan: Plan) -> str:
    return moment(at, plan.time_zone).clock if at else ""


def _label(audience: str, plan: Plan) -> str:
    """An audience that the plan has dropped since goes by its name."""
    known = plan.audiences.get(audience)
    return known.label if known else audience
