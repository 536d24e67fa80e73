"""Short cards that only tell: a problem, a broken glass, a war room that could not be opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.cards.wording import clock, headed
from comms.acts.outages import CHANNELS
from comms.channels.teams.card import Raw, fill_card
from comms.channels.teams.markdown import mention
from comms.errors import SitrepError
from comms.incident import Incident
from comms.outage import Outage
from comms.people import Person
from comms.plan.model import Plan
from comms.update import Approval, Update


def problem_card(error: SitrepError) -> dict[str, object]:
    """Return what went wrong and what to do, for the person who asked for it."""
    return _notice(tone="warning", headline=error.title, lines=[error.told])


def broken_glass_card(
    *, incident: Incident, update: Update, approval: Approval, plan: Plan, incident_url: str = ""
) -> dict[str, object]:
    """Return what everybody in the war room is told; the duty manager is mentioned."""
    addressed, entities = address(plan.duty_manager)
    return _notice(
        tone="attention",
        headline=f"⚠ {approval.by.name} broke the glass: update {update.number} went out"
        f" without the approval that the plan asks for, {clock(approval.at, plan)}",
        lines=[f"Reason: {approval.break_glass}"],
        about=incident,
        more={
            "incident_url": incident_url,
            "entities": entities,
            "addressed": addressed,
            "ask": "as duty manager, please look at it.",
        },
    )


def no_room_card(
    *, incident: Incident, reason: str, instead: str, incident_url: str = ""
) -> dict[str, object]:
    """Return why the war room is not where it should be; `instead` says what to do or was done."""
    return _notice(
        tone="warning",
        headline="The war room is not where it should be",
        lines=[reason, instead, "The incident itself is recorded, and its promises run."],
        about=incident,
        more={"incident_url": incident_url},
    )


def room_found_card(*, incident: Incident, where: str, incident_url: str = "") -> dict[str, object]:
    """Return what takes the place of that card once the war room is open; `where` says where."""
    return _notice(
        tone="good",
        headline=f"The war room is open {where}",
        lines=[],
        about=incident,
        more={"incident_url": incident_url},
    )


def outage_card(
    *, incident: Incident, outage: Outage, ended_at: datetime | None, plan: Plan, incident_url: str
) -> dict[str, object]:
    """Return what is known of a channel that is out; after `ended_at` (UTC), that it was."""
    name, since = CHANNELS[outage.channel], clock(outage.since, plan)
    if ended_at is not None:
        return _notice(
            tone="good",
            headline=f"✔ {name} gets through again, {clock(ended_at, plan)}",
            lines=[f"Nothing got through since {since}. What waited is being sent."],
            about=incident,
            more={"incident_url": incident_url},
        )
    return _notice(
        tone="attention",
        headline=f"⚠ {name} has not got through since {since}",
        lines=[
            f"The last answer: {outage.why}",
            "Deliveries wait, and go out once it works; while any wait it is tried every minute."
            " Where the plan names another channel, that one takes over.",
        ],
        about=incident,
        more={"incident_url": incident_url},
    )


def _notice(
    *,
    tone: str,
    headline: str,
    lines: Sequence[str],
    about: Incident | None = None,
    more: Mapping[str, object] | None = None,
) -> dict[str, object]:
    named = headed(about) if about else {"incident_url": ""}
    context = named | {
        "fallback": f"{about.key}: {headline}" if about else headline,
        "tone": tone,
        "about": bool(about),
        "addressed": "",
        "headline": headline,
        "lines": lines,
    }
    return fill_card("cards/notice.json", context | dict(more or {}))


def address(person: Person | None) -> tuple[str, Raw]:
    """Return the name to address, and Teams' entities that make it a mention where it can be."""
    if person is None:
        return "", Raw([])
    if not person.teams_id:
        return person.name, Raw([])
    text = mention(person.name)
    mentioned = {"id": person.teams_id, "name": person.name[:80]}
    return text, Raw([{"type": "mention", "text": str(text), "mentioned": mentioned}])
