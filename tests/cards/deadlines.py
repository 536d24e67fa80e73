"""Samples of the cards of regulators' clocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot.cards.regulators import countdown_card, deadline_card, form_card, regulators_card
from comms.regulator.countdown import Countdown, Filed
from comms.regulator.form import Known, filled
from tests.cards.story import ANA, BEN, NOW, URL, Words, incident, plan, report

Card = Mapping[str, object]
HOUR = timedelta(hours=1)


def deadlines(said: Words) -> dict[str, Card]:
    """Every card about a regulator, by its name."""
    here, ana = incident(said), replace(ANA, name=said.name)
    ours = replace(plan(), regulators=("gdpr", "nis2", "sec-8k"))
    nis2 = Countdown(
        id=1,
        incident="INC-41",
        regime="nis2",
        started_at=NOW - 20 * HOUR,
        aware_at=NOW - 20 * HOUR,
        started_by=ana,
    )
    warned = replace(nis2, filed={"warning": Filed(at=NOW, by=ana, reference=said.reason[:200])})
    over = replace(nis2, stopped=said.reason)
    form = filled(Known(incident=here, countdown=nis2, plan=ours, report=report(said)))
    warning = nis2.law.stages[0]
    return {
        "regulators": regulators_card(
            incident=here, plan=ours, countdowns=[warned, replace(over, regime="gdpr")], now=NOW
        ),
        "countdown": countdown_card(
            incident=here, countdown=warned, plan=ours, now=NOW, incident_url=URL
        ),
        "countdown-stopped": countdown_card(incident=here, countdown=over, plan=ours, now=NOW),
        "deadline": deadline_card(
            incident=here,
            countdown=nis2,
            stage=warning,
            plan=ours,
            to=replace(BEN, name=said.name),
            now=NOW,
            incident_url=URL,
        ),
        "deadline-due": deadline_card(
            incident=here, countdown=nis2, stage=warning, plan=ours, to=None, now=NOW + 5 * HOUR
        ),
        "filing": form_card(incident=here, countdown=nis2, form=form),
    }
