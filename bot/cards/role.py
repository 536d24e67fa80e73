"""The card that offers the roles of an incident: one tap takes an empty one."""

from __future__ import annotations

from bot.cards.wording import headed
from comms.channels.teams.card import fill_card
from comms.incident import Incident
from comms.people import TAKEABLE, Role

DUTIES = {
    Role.INCIDENT_COMMANDER: "runs the response and decides",
    Role.COMMS_LEAD: "owns the updates",
    Role.SCRIBE: "keeps the record",
}


def role_card(*, incident: Incident) -> dict[str, object]:
    """Return who has which role and what it is for; a role held can be taken over."""
    context = headed(incident) | {
        "fallback": f"{incident.key}: take a role",
        "is_open": incident.status.is_open,
        "roles": role_lines(incident),
        "may_take_over": True,
    }
    return fill_card("cards/role.json", context)


def role_lines(incident: Incident) -> list[dict[str, str]]:
    """Return each role with its holder's name, '' where nobody has taken it."""
    held = {role: incident.holder(role) for role in TAKEABLE}
    return [
        {
            "name": role.value,
            "label": role.label.capitalize(),
            "duty": DUTIES[role],
            "holder": person.name if person else "",
        }
        for role, person in held.items()
    ]
