"""Cards of regulators' clocks: what can be started, what is due when, and the form to fill."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards.notice import address
from bot.cards.wording import duration, headed
from comms.channels.teams.card import fill_card
from comms.incident import Incident
from comms.moment import moment
from comms.people import Person
from comms.plan.model import Plan
from comms.regulator.countdown import Countdown
from comms.regulator.form import Answered
from comms.regulator.regime import DISCLAIMER, Stage, regimes


def regulators_card(
    *, incident: Incident, plan: Plan, countdowns: Sequence[Countdown], now: datetime
) -> dict[str, object]:
    """Return the dialog in which clocks are started, looked at and stopped; one button each."""
    known = {countdown.regime: countdown for countdown in countdowns}
    context = headed(incident) | {
        "fallback": f"{incident.key}: regulators' clocks",
        "in_dialog": True,
        "disclaimer": DISCLAIMER,
        "regimes": [_regime(name, known.get(name), plan, now) for name in plan.regulators],
    }
    return fill_card("cards/regulators.json", context)


def countdown_card(
    *, incident: Incident, countdown: Countdown, plan: Plan, now: datetime, incident_url: str = ""
) -> dict[str, object]:
    """Return the card of one clock in the war room, in its present state."""
    return _card(
        countdown,
        incident=incident,
        plan=plan,
        now=now,
        incident_url=incident_url,
        headline=_headline(countdown),
        tone="accent",
    )


def deadline_card(
    *,
    incident: Incident,
    countdown: Countdown,
    stage: Stage,
    plan: Plan,
    to: Person | None,
    now: datetime,
    incident_url: str = "",
) -> dict[str, object]:
    """Return the reminder of a stage; `to` is mentioned where Teams knows the person."""
    due = countdown.due(stage)
    label = f"{countdown.law.label} {stage.label.lower()}"
    if now < due:
        headline, tone = f"{label} due in {duration(due - now)}", "warning"
    else:
        headline, tone = f"⚠ {label} is due, and not recorded as filed", "attention"
    return _card(
        countdown,
        incident=incident,
        plan=plan,
        now=now,
        incident_url=incident_url,
        headline=headline,
        tone=tone,
        to=to,
    )


def form_card(
    *, incident: Incident, countdown: Countdown, form: Sequence[Answered]
) -> dict[str, object]:
    """Return the form as far as the record fills it, to be copied into the authority's own."""
    law = countdown.law
    context = headed(incident) | {
        "fallback": f"{incident.key}: {law.label} form",
        "in_dialog": True,
        "label": law.label,
        "authority": law.authority,
        "regime": countdown.regime,
        "answers": [
            {"label": field.label, "answer": field.answer, "is_open": not field.answer}
            for field in form
        ],
        "disclaimer": DISCLAIMER,
    }
    return fill_card("cards/filing.json", context)


def countdown_lines(countdowns: Sequence[Countdown], plan: Plan, now: datetime) -> list[str]:
    """Return the next deadline of each running clock, soonest first: 'NIS2 early warning: by …'."""
    nexts = [
        (
            countdown.due(stage),
            f"{countdown.law.label} {stage.label.lower()}: {_by(countdown, stage, plan, now)}",
        )
        for countdown in countdowns
        for stage in countdown.left[:1]
    ]
    return [line for _, line in sorted(nexts)]


def _card(
    countdown: Countdown,
    *,
    incident: Incident,
    plan: Plan,
    now: datetime,
    incident_url: str,
    headline: str,
    tone: str,
    to: Person | None = None,
) -> dict[str, object]:
    addressed, entities = address(to)
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key}: {headline}",
        "entities": entities,
        "tone": tone if countdown.left else "default",
        "about": True,
        "headline": headline,
        "addressed": addressed,
        "ask": f"Sitrep files nothing. File with {countdown.law.authority}, then record it here.",
        "lines": [*_stages(countdown, plan, now), DISCLAIMER],
    }
    return fill_card("cards/countdown.json", context)


def _headline(countdown: Countdown) -> str:
    label = countdown.law.label
    if countdown.stopped:
        return f"The {label} clock was stopped: {countdown.stopped}"
    if not countdown.left:
        return f"✔ {label}: all is filed"
    return f"The {label} clock runs, started by {countdown.started_by.name}"


def _stages(countdown: Countdown, plan: Plan, now: datetime) -> list[str]:
    lines = []
    for stage in countdown.law.stages:
        filed = countdown.filed.get(stage.name)
        if filed:
            by = f"filed {moment(filed.at, plan.time_zone).full} by {filed.by.name}"
            lines.append(f"{stage.label}: {by}{f', {filed.reference}' if filed.reference else ''}")
        elif not countdown.stopped:
            lines.append(f"{stage.label}: {_by(countdown, stage, plan, now)}")
    return lines


def _by(countdown: Countdown, stage: Stage, plan: Plan, now: datetime) -> str:
    due = countdown.due(stage)
    left = f"in {duration(due - now)}" if due > now else f"overdue by {duration(now - due)}"
    waits = stage.after and stage.after not in countdown.filed
    at = moment(due, plan.time_zone).full
    return f"by {at} at the latest" if waits else f"by {at}, {left}"


def _regime(name: str, countdown: Countdown | None, plan: Plan, now: datetime) -> dict[str, object]:
    law = regimes()[name]
    runs = countdown is not None and not countdown.stopped
    within = ", ".join(f"{stage.label} within {stage.within.words}" for stage in law.stages)
    return {
        "name": name,
        "label": law.label,
        "law": law.law,
        "source": law.source,
        "reviewed": law.reviewed.isoformat(),
        "start": law.start,
        "within": f"{within}, to {law.authority}.",
        "runs": runs,
        "stopped": countdown.stopped if countdown else "",
        "stages": _stages(countdown, plan, now) if countdown and runs else [],
        "next": countdown.left[0].name if countdown and countdown.left else "",
    }
