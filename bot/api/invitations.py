"""Invitations: to an incident's bridge and to its review."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from bot.api.keys import AudienceName, Key
from bot.api.operation import Call, Table
from bot.api.shapes import Given, Stamp, Told
from comms.acts.invitations import URL_LIMIT, Invited, call_off, invite
from comms.desk import Scene
from comms.invitation import Meeting

table = Table(tag="incidents")


class InvitationGiven(Given):
    """What people are invited to, when and where."""

    what: Meeting
    at: AwareDatetime | None = Field(default=None, description="When it begins; now without it.")
    minutes: int = Field(default=30, ge=5, le=1440)
    url: Annotated[str, StringConstraints(max_length=URL_LIMIT)]
    audiences: list[AudienceName] = Field(
        default_factory=list,
        max_length=40,
        description="Whose people are invited beside whoever has a role.",
    )


class InvitationTold(Told):
    """What was said of a meeting last."""

    bulletin: str = Field(description="Its key in the ledger.")
    what: Meeting
    sequence: int = Field(description="How often it was changed.")
    at: Stamp
    minutes: int
    url: str
    invited: int
    is_off: bool


@table.post("/incidents/{key}/invitations", status=201, problems=(409,))
async def send_invitations(call: Call, key: Key, body: InvitationGiven) -> InvitationTold:
    """Invite people by mail, with a calendar part.

    Whoever has a role in the incident, and the people of the audiences that are named. The same
    again changes nothing; another time or place updates the calendars of all who were invited.
    """

    def act(scene: Scene) -> InvitationTold:
        starts: datetime = body.at or scene.now
        return _told(
            invite(
                scene,
                key,
                body.what,
                starts=starts.replace(second=0, microsecond=0),
                length=timedelta(minutes=body.minutes),
                url=body.url,
                audiences=body.audiences,
            )
        )

    return await call.do(act)


@table.delete("/incidents/{key}/invitations/{what}", problems=(409,))
async def cancel_invitations(call: Call, key: Key, what: Meeting) -> InvitationTold:
    """Take a meeting out of the calendars of all who were invited."""
    return _told(await call.do(call_off, key, what))


def _told(said: Invited) -> InvitationTold:
    return InvitationTold(
        bulletin=said.key,
        what=said.meeting,
        sequence=said.sequence,
        at=said.starts,
        minutes=int(said.length.total_seconds() // 60),
        url=said.url,
        invited=said.invited,
        is_off=said.is_off,
    )
