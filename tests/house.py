"""Who is in the tests' incidents, and the plainest writers that show a context as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping

from comms.incident import Incident
from comms.people import Person
from comms.plan.model import Audience, ChannelName
from comms.projection import Telling
from comms.render import Writer, thread
from comms.report import Actions, CanReport, CustomerText, Need
from comms.statement import PLAIN, Statement

ADA = Person(name="Ada Lovelace", email="ada@example.org", entra_id="e-ada", teams_id="29:ada")
"""The incident commander."""
BEN = Person(name="Ben Okafor", email="ben@example.org", entra_id="e-ben", teams_id="29:ben")
"""The comms lead."""
CAS = Person(name="Cas Novak", email="cas@example.org", entra_id="e-cas", teams_id="29:cas")
"""A responder without a role."""

REPORT = CanReport(
    conditions="One in three card payments fails since 09:20.",
    actions=Actions(
        done=("Paged the payments team",),
        doing=("Rolling back the gateway release",),
        next=("Replay the failed payments",),
    ),
    needs=(Need(text="A contact at the acquirer", owner="Vendor desk"),),
    risk="Settlement at noon may be short.",
    customer=CustomerText(
        symptom="Some card payments fail.",
        scope="About one in three card payments.",
        workaround="Paying by bank transfer works.",
    ),
)


def plain_writer(channel: ChannelName) -> Writer:
    """Return a writer whose statement is the audience's whole context, as JSON."""

    def write(telling: Telling, audience: Audience, context: Mapping[str, object]) -> Statement:
        return Statement(
            incident=telling.incident.key,
            update=telling.update.number,
            audience=audience.name,
            channel=channel,
            subject=f"{telling.incident.key}: {_heading(telling.incident, context)}",
            parts={PLAIN: json.dumps(context, default=str, sort_keys=True)},
            thread=thread(telling.update, audience),
        )

    return write


def plain_writers() -> dict[ChannelName, Writer]:
    """Return a plain writer for each channel."""
    return {channel: plain_writer(channel) for channel in ChannelName}


def _heading(incident: Incident, context: Mapping[str, object]) -> str:
    return incident.title if "title" in context else "An incident"
