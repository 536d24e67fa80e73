"""Samples of cards that go by the plan's catalogue: what is hit, and what triage looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.cards.war_room import war_room_card
from comms.incident import Status
from comms.plan.catalogue import Catalogue, Service
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
    return {
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
