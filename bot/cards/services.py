"""How the war room says what is hit: whose it is, whom to bring in, what suffers with it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from bot.cards.wording import listed
from comms.incident import Incident
from comms.plan.catalogue import Service
from comms.plan.model import Plan

SHOWN = 4
"""Services, and people of one, that a card names; the others are counted."""

CALLED = 20
"""People whom one chat is opened with."""

CHAT = "https://teams.microsoft.com/l/chat/0/0"
"""Opens a chat with people (learn.microsoft.com, "Deep link to a chat in Teams")."""


def service_lines(incident: Incident, plan: Plan) -> list[dict[str, str]]:
    """Return the `name` of each service that is hit, and `about` it: owner, whom to bring in."""
    return [
        {"name": said, "about": _about(plan.catalogue.find(said))}
        for said in incident.services[:SHOWN]
    ]


def service_note(incident: Incident, plan: Plan) -> str:
    """Return how many more are hit, and what may suffer with them; '' where nothing is known."""
    suffering = plan.catalogue.suffering(plan.catalogue.hit(incident.services))
    left = len(incident.services) - SHOWN
    more = f"and {left} more" if left > 0 else ""
    names = _some([service.label for service in suffering])
    return ". ".join(part for part in (more, f"May suffer: {names}" if names else "") if part)


def owners_chat(incident: Incident, plan: Plan) -> str:
    """Return the address that opens a chat with all whom to bring in; '' where nobody is named."""
    called = (one.email for hit in plan.catalogue.hit(incident.services) for one in hit.bring_in)
    users = list(dict.fromkeys(called))[:CALLED]
    return f"{CHAT}?{urlencode({'users': ','.join(users)})}" if users else ""


def _about(service: Service | None) -> str:
    """'Payments team · bring in Ines Carvalho and Tom Baker'."""
    if service is None:
        return ""
    names = _some([person.name for person in service.bring_in])
    return " · ".join(
        part for part in (service.owner, f"bring in {names}" if names else "") if part
    )


def _some(names: Sequence[str]) -> str:
    left = len(names) - SHOWN
    return listed([*names[:SHOWN], f"{left} more"] if left > 0 else list(names))
