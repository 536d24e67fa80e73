"""Inviting people to an incident's bridge or review: by mail, through the ledger, once each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

from comms.acts.bulletins import line_to, post
from comms.bulletin import Bulletin, BulletinKind
from comms.channels.mail.invitation import write
from comms.desk import Scene
from comms.errors import Conflict, Invalid
from comms.incident import Incident
from comms.invitation import Invitation, Meeting
from comms.ledger import Filter
from comms.plan.model import Audience, ChannelName
from comms.recipient import Recipient

DAY = timedelta(days=1)
URL_LIMIT = 1_000
PEOPLE = 10_000


@dataclass(frozen=True, kw_only=True)
class Invited:
    """What was said of a meeting last; `invited` counts those to whom."""

    key: str
    sequence: int
    meeting: Meeting
    starts: datetime
    length: timedelta
    url: str
    invited: int
    is_off: bool


def invite(
    scene: Scene,
    key: str,
    meeting: Meeting,
    *,
    starts: datetime,
    length: timedelta,
    url: str,
    audiences: Collection[str] = (),
) -> Invited:
    """Invite whoever has a role in the incident, and the people of these audiences.

    Another time, place or more people is the same meeting with a higher sequence, and goes to all
    who know of it; the same again sends nothing. Invalid for a time in the past, a length out of
    bounds, a URL that is not https, or people outside.
    """
    incident = scene.book.incidents.get(key)
    _possible(scene, starts, length, url)
    before = _last(scene, incident.key, meeting)
    people = {**_people(scene, incident, _inside(scene, audiences)), **_before(scene, before)}
    if not people:
        raise Invalid("Nobody has a role with a mail address yet: name an audience.")
    wanted = Invitation(
        uid=str(before.facts["uid"]) if before else f"{uuid4()}@sitrep",
        sequence=int(before.facts["sequence"]) + 1 if before else 0,
        meeting=meeting,
        title=_title(incident, meeting),
        starts=starts,
        length=length,
        url=url,
        organisation=scene.plan.organisation,
        said_at=scene.now,
    )
    if before is not None and _is_same(scene, before, wanted, people):
        return told(scene, before)
    return _say(scene, incident, wanted, people)


def call_off(scene: Scene, key: str, meeting: Meeting) -> Invited:
    """Take a meeting out of the calendars of all who were invited; Conflict where none was."""
    incident = scene.book.incidents.get(key)
    before = _last(scene, incident.key, meeting)
    if before is None:
        raise Conflict(f"Nobody was invited to a {meeting} of {incident.key}.")
    last = told(scene, before)
    if last.is_off:
        return last
    off = Invitation(
        uid=str(before.facts["uid"]),
        sequence=last.sequence + 1,
        meeting=meeting,
        title=_title(incident, meeting),
        starts=last.starts,
        length=last.length,
        url=last.url,
        organisation=scene.plan.organisation,
        said_at=scene.now,
        is_off=True,
    )
    return _say(scene, incident, off, _before(scene, before))


def told(scene: Scene, bulletin: Bulletin) -> Invited:
    """Return what a bulletin says of its meeting."""
    facts = bulletin.facts
    totals = scene.book.fanouts.totals(bulletin.key, 0)
    return Invited(
        key=bulletin.key,
        sequence=int(facts["sequence"]),
        meeting=Meeting(str(facts["meeting"])),
        starts=datetime.fromisoformat(str(facts["starts"])),
        length=timedelta(minutes=int(facts["minutes"])),
        url=str(facts["url"]),
        invited=sum(sum(states.values()) for states in totals.values()),
        is_off=bool(facts["is_off"]),
    )


def _possible(scene: Scene, starts: datetime, length: timedelta, url: str) -> None:
    if starts < scene.now - DAY:
        raise Invalid("This time has passed.", pointer="/at")
    if starts > scene.now + 366 * DAY:
        raise Invalid("This is more than a year ahead.", pointer="/at")
    if not timedelta(minutes=5) <= length <= DAY:
        raise Invalid("A meeting takes 5 minutes to 24 hours.", pointer="/minutes")
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or len(url) > URL_LIMIT:
        raise Invalid("Where people meet is a URL that begins with https://.", pointer="/url")
    if not url.isascii() or any(char.isspace() or not char.isprintable() for char in url):
        raise Invalid("A URL has neither spaces nor letters beyond ASCII.", pointer="/url")


def _inside(scene: Scene, names: Collection[str]) -> list[Audience]:
    found = [scene.plan.audience(name, pointer="/audiences") for name in names]
    outside = [audience.name for audience in found if audience.external]
    if outside:
        raise Invalid(
            f"People outside ({', '.join(outside)}) are not invited inside.", pointer="/audiences"
        )
    return found


def _people(
    scene: Scene, incident: Incident, audiences: Collection[Audience]
) -> Mapping[str, Recipient]:
    """Whoever has a role, and the audiences' people, by their addresses (casefolded)."""
    named = [Recipient(email=p.email, name=p.name) for p in incident.roles.values() if p.email]
    for audience in audiences:
        named += scene.book.recipients.of(audience.name, limit=PEOPLE)
    return {person.email.casefold(): person for person in reversed(named)}


def _before(scene: Scene, bulletin: Bulletin | None) -> dict[str, Recipient]:
    """Who was invited before: they hear of every change."""
    if bulletin is None:
        return {}
    rows = scene.book.fanouts.rows(bulletin.key, Filter(limit=PEOPLE))
    return {row.address.casefold(): Recipient(email=row.address, name=row.name) for row in rows}


def _last(scene: Scene, key: str, meeting: Meeting) -> Bulletin | None:
    said = scene.book.bulletins.find(kind=BulletinKind.INVITATION, about=key, limit=1_000)
    return next((one for one in said if one.facts["meeting"] == meeting), None)


def _title(incident: Incident, meeting: Meeting) -> str:
    what = "Bridge" if meeting is Meeting.BRIDGE else "Review"
    return f"{what} {incident.key}: {incident.title}"


def _is_same(
    scene: Scene, before: Bulletin, wanted: Invitation, people: Mapping[str, Recipient]
) -> bool:
    said = told(scene, before)
    same = replace(wanted, sequence=said.sequence)
    return (said.starts, said.length, said.url, said.is_off) == (
        same.starts,
        same.length,
        same.url,
        same.is_off,
    ) and _before(scene, before).keys() == people.keys()


def _say(
    scene: Scene, incident: Incident, said: Invitation, people: Mapping[str, Recipient]
) -> Invited:
    key = f"invitation.{incident.key}.{said.meeting}.{said.sequence}"
    audience = next(a for a in scene.plan.enabled() if not a.external)
    mailed = [a for a in scene.plan.enabled() if not a.external and ChannelName.MAIL in a.ways]
    audience = mailed[0] if mailed else audience
    bulletin = Bulletin(
        key=key,
        kind=BulletinKind.INVITATION,
        audience=audience.name,
        about=incident.key,
        at=scene.now,
        statement=write(scene.plan, audience, key, said),
        facts={
            "uid": said.uid,
            "sequence": said.sequence,
            "meeting": said.meeting.value,
            "starts": said.starts.isoformat(),
            "minutes": int(said.length.total_seconds() // 60),
            "url": said.url,
            "is_off": int(said.is_off),
        },
    )
    lines = [line_to(scene, person) for person in people.values()]
    post(scene, bulletin, lines, priority=incident.severity.rank * 100 + 50)
    what = "called off" if said.is_off else "invited to" if not said.sequence else "moved"
    scene.tell(
        incident.key,
        "meeting.off" if said.is_off else "meeting.invited",
        f"{scene.by.name} {what} the {said.meeting}: {len(lines)} are told",
        meeting=said.meeting.value,
        sequence=said.sequence,
        people=len(lines),
    )
    return told(scene, bulletin)
