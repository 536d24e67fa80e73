"""Samples of cards that go by the plan's catalogue: what is hit, and what triage looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest

from bot.cards.checklist import checklist_card
from bot.cards.war_room import war_room_card
from comms.checklist import Checklist, Line, Tick
from comms.incident import IncidentType, Status
from comms.people import Role
from comms.plan.catalogue import Catalogue, Service
from comms.plan.conduct import Item
from comms.plan.load import load
from tests.cards.story import ANA, BEN, NOW, URL, Words, incident, plan

Card = Mapping[str, object]


def conducted(said: Words) -> dict[str, Card]:
    """Every card that says what the plan knows of services and severities, by its name."""
    services = (
        Service(
            name="checkout",
            label="Checkout",
            owner=said.owner,
            bring_in=(replace(ANA, name=said.name), BEN),
            dependants=("orders", "refunds"),
        ),
        Service(name="orders", label="Orders"),
        Service(name="refunds", label=said.title[:80]),
    )
    ours = replace(plan(), catalogue=Catalogue(services={one.name: one for one in services}))
    here = incident(said)
    conduct = load(None).conduct
    secret = replace(here, type=IncidentType.SECURITY)
    items = conduct.checklist(secret, Role.INCIDENT_COMMANDER)
    ticks = [
        Tick(
            incident="INC-41",
            role=Role.INCIDENT_COMMANDER,
            item=item.id,
            by=replace(ANA, name=said.name),
            at=NOW,
        )
        for item in items[:2]
    ]
    lines = [Line(item=Item(text=said.action), tick=ticks[0])]
    lines += [Line(item=item, tick=tick) for item, tick in zip_longest(items, ticks)]
    checklist = Checklist(role=Role.INCIDENT_COMMANDER, lines=tuple(lines))
    ruled = replace(ours, conduct=conduct)
    return {
        "checklist": checklist_card(incident=secret, checklist=checklist, plan=ruled),
        "checklist-new": checklist_card(
            incident=here,
            checklist=Checklist(
                role=Role.SCRIBE,
                lines=tuple(Line(item=one) for one in conduct.checklist(here, Role.SCRIBE)),
            ),
            plan=ruled,
        ),
        "checklist-moved": checklist_card(
            incident=here, checklist=checklist, plan=ruled, moved=True
        ),
        "war-room-services": war_room_card(
            incident=replace(here, services=("Checkout", *(f"Service {n}" for n in range(5)))),
            plan=ours,
            now=NOW,
            incident_url=URL,
        ),
        "war-room-triage": war_room_card(
            incident=replace(here, status=Status.TRIAGE), plan=ours, now=NOW, incident_url=URL
        ),
    }
