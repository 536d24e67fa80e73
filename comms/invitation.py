"""An invitation to a call or a meeting, as a calendar knows it (RFC 5545, RFC 6047)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from comms.channels.mail.placeholders import ATTENDEE, ORGANISER, token

REQUEST = "text/calendar; method=REQUEST"
CANCEL = "text/calendar; method=CANCEL"
"""The media types of an invitation and of its end: the method stands in both, as Outlook asks."""


class Meeting(StrEnum):
    """What people are invited to: the call while it goes on, or the review afterwards."""

    BRIDGE = "bridge"
    REVIEW = "review"


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """`uid` stays for all that is said of one meeting; `sequence` counts what was said, from 0.

    `starts` and `said_at` are in UTC, `length` is whole minutes, `url` is where people meet.
    """

    uid: str
    sequence: int
    meeting: Meeting
    title: str
    starts: datetime
    length: timedelta
    url: str
    organisation: str
    said_at: datetime
    is_off: bool = False

    @property
    def media(self) -> str:
        """The media type of its calendar part."""
        return CANCEL if self.is_off else REQUEST


def calendar(invitation: Invitation) -> str:
    """Return the iCalendar text, with tokens for the organiser and the one attendee of a letter.

    Times are in UTC, which every calendar shows in its owner's zone, so no VTIMEZONE is needed.
    Lines end with '\\n'; a letter's lines are made CRLF when it is built.
    """
    from icalendar import Calendar, Event, vCalAddress, vText  # noqa: PLC0415 - 6 MB for few letters

    event = Event()
    event.add("uid", invitation.uid)
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", invitation.said_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", invitation.starts)
    event.add("dtend", invitation.starts + invitation.length)
    event.add("summary", invitation.title)
    event.add("location", invitation.url)
    event.add("description", invitation.url)
    event.add("url", invitation.url)
    event.add("status", "CANCELLED" if invitation.is_off else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if invitation.is_off else "OPAQUE")
    organiser = vCalAddress(_stand_in(ORGANISER))
    organiser.params["cn"] = vText(invitation.organisation)
    event.add("organizer", organiser)
    attendee = vCalAddress(_stand_in(ATTENDEE))
    attendee.params["role"] = vText("REQ-PARTICIPANT")
    attendee.params["partstat"] = vText("NEEDS-ACTION")
    attendee.params["rsvp"] = vText("FALSE" if invitation.is_off else "TRUE")
    event.add("attendee", attendee)
    whole = Calendar()
    whole.add("prodid", "-//Sitrep//Incident communications//EN")
    whole.add("version", "2.0")
    whole.add("method", "CANCEL" if invitation.is_off else "REQUEST")
    whole.add_component(event)
    # Unfolded, and folded again with the tokens on lines of their own: an address is as long as it
    # is, not as long as what stood in for it.
    lines = whole.to_ical().decode().replace("\r\n ", "").splitlines()
    return "".join(f"{_line(line)}\n" for line in lines)


def _line(line: str) -> str:
    for name in (ORGANISER, ATTENDEE):
        if line.endswith(_stand_in(name)):
            head = _fold(line.removesuffix(_stand_in(name)))
            return f"{head}\n {token(name)}"
    return _fold(line)


def _fold(line: str) -> str:
    from icalendar.parser import Contentline  # noqa: PLC0415 - as above

    folded: bytes = Contentline(line).to_ical()  # type: ignore[no-untyped-call] # icalendar leaves it out
    return folded.decode().replace("\r\n", "\n")


def _stand_in(name: str) -> str:
    return f"mailto:{name}"
