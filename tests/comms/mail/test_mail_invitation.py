"""An invitation as it leaves: what a mail program and a calendar make of it."""

from __future__ import annotations

import email
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default

import pytest
from icalendar import Calendar, Event

from comms.channels.mail.invitation import write
from comms.channels.mail.message import Letter, source
from comms.delivery import Delivery
from comms.invitation import Invitation, Meeting
from comms.plan.load import load
from tests.comms.mail.letters import NOW, SENDER

STARTS = datetime(2026, 11, 23, 14, tzinfo=UTC)
LONG = f"{'a' * 64}@{'.'.join(['b' * 60] * 2)}.example"


def invitation(**differs: object) -> Invitation:
    return Invitation(
        **{
            "uid": "0b0f@sitrep",
            "sequence": 0,
            "meeting": Meeting.BRIDGE,
            "title": "Bridge INC-41: Zahlungen gestört; «siehe», \\ 決済 " + "x" * 90,
            "starts": STARTS,
            "length": timedelta(minutes=45),
            "url": "https://meet.contoso.example/41?a=1&b=2",
            "organisation": 'Contoso, "Ltd": Zürich',
            "said_at": NOW,
            **differs,
        }  # type: ignore[arg-type]
    )


def sent(said: Invitation, address: str = "ann@contoso.example") -> bytes:
    plan = load(None)
    statement = write(plan, plan.audience("stakeholders"), "invitation.x", said)
    delivery = Delivery(id=7, key="k", address=address, name="Ann", time_zone="Asia/Tokyo")
    return source(statement, delivery, sender=SENDER, at=NOW, links={})


def read(message: bytes) -> tuple[EmailMessage, Calendar, Event]:
    parsed = email.message_from_bytes(message, policy=default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    assert parsed.get_content_type() == "multipart/alternative"
    [plain, html, part] = list(parsed.iter_parts())
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert part.get_content_type() == "text/calendar"
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    calendar = Calendar.from_ical(payload)
    assert isinstance(calendar, Calendar)
    assert part.get_param("method") == calendar["method"]
    assert all(len(line) <= 75 for line in payload.split(b"\r\n"))
    assert b"\n" not in payload.replace(b"\r\n", b"")
    [event] = calendar.walk("VEVENT")
    assert isinstance(event, Event)
    assert not event.errors
    return parsed, calendar, event


@pytest.mark.parametrize("address", ["ann@contoso.example", LONG, "o'hara+x@contoso.example"])
def test_a_calendar_reads_who_invites_whom_to_what_and_when(address: str) -> None:
    said = invitation()
    message, calendar, event = read(sent(said, address))

    assert calendar["method"] == "REQUEST"
    assert (event["uid"], event["sequence"], event["status"]) == ("0b0f@sitrep", 0, "CONFIRMED")
    assert event["summary"] == said.title
    assert event["location"] == said.url
    assert event.decoded("dtstart") == STARTS
    assert event.decoded("dtend") == STARTS + timedelta(minutes=45)
    assert event["attendee"] == f"mailto:{address}"
    assert event["attendee"].params["rsvp"] == "TRUE"
    assert event["organizer"] == f"mailto:{SENDER.address}"
    assert str(message["subject"]).startswith("Invitation: Bridge INC-41")


def test_a_reader_reads_the_time_in_their_own_zone() -> None:
    message, _, _ = read(sent(invitation(title="Review INC-41", meeting=Meeting.REVIEW)))

    body = message.get_body(("plain",))
    assert body is not None
    assert "Mon 23 Nov 2026, 23:00" in body.get_content()
    assert "45 minutes" in body.get_content()
    assert "https://meet.contoso.example/41?a=1&b=2" in body.get_content()


def test_what_is_called_off_leaves_the_calendar_under_the_same_uid() -> None:
    message, calendar, event = read(sent(invitation(is_off=True, sequence=3)))

    assert calendar["method"] == "CANCEL"
    assert (event["uid"], event["sequence"], event["status"]) == ("0b0f@sitrep", 3, "CANCELLED")
    assert str(message["subject"]).startswith("Called off:")


def test_a_relay_takes_the_dots_at_the_beginning_of_lines_as_they_are_meant() -> None:
    plan, address = load(None), "a" * 62 + ".b@contoso.example"
    statement = write(
        plan, plan.audience("stakeholders"), "invitation.x", invitation(title=". " * 90)
    )
    letter = Letter(statement, sender=SENDER, at=NOW)
    to = Delivery(id=7, key="k", address=address)

    data = b"".join(letter.data(to, address, {}))

    assert b"\r\n.." in data
    assert data.replace(b"\r\n..", b"\r\n.").removesuffix(b".\r\n") == letter.filled(to, {})
    read(letter.filled(to, {}))
