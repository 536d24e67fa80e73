"""Who is on call, as calendars say it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from comms.rota import AHEAD, LIMIT, NoCalendar, read_shifts
from comms.source import Shift

NOW = datetime(2026, 3, 26, 12, 0, tzinfo=UTC)
"""Three days before the clocks go forward in Zurich."""

ZURICH = ZoneInfo("Europe/Zurich")
ANN = "ATTENDEE;CN=Ann Berg;PARTSTAT=ACCEPTED:mailto:ann@x.org"
BOB = "ATTENDEE;CN=Bob Okoye:MAILTO:bob@x.org"


def event(*lines: str, uid: str = "1") -> str:
    return "\n".join(
        ("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT")
    )


def calendar(*events: str) -> bytes:
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//x//rota//EN",
        *events,
        "END:VCALENDAR",
        "",
    )
    return "\n".join(lines).replace("\n", "\r\n").encode()


def at(shifts: list[Shift], moment: datetime) -> list[str]:
    return [one.member.email for one in shifts if one.starts <= moment < one.ends]


def shift(who: str, *, starts: str = "20260326T080000Z", ends: str = "20260327T080000Z") -> str:
    return event(f"DTSTART:{starts}", f"DTEND:{ends}", who)


def test_an_attendee_is_on_call_for_as_long_as_the_event_lasts() -> None:
    [found] = read_shifts(calendar(shift(ANN)), NOW, ZURICH)

    assert (found.starts.hour, found.ends - found.starts) == (8, timedelta(days=1))
    assert (found.member.email, found.member.name) == ("ann@x.org", "Ann Berg")


@pytest.mark.parametrize(
    "who",
    [
        "SUMMARY:On call: Ann <ann@x.org>",
        "SUMMARY:ann@x.org",
        "SUMMARY:Payments\nORGANIZER;CN=Ann:mailto:ann@x.org",
        "ORGANIZER:mailto:boss@x.org\nSUMMARY:Primary (ann@x.org)",
        "ORGANIZER:mailto:boss@x.org\nATTENDEE:mailto:ann@x.org\nSUMMARY:bob@x.org",
    ],
)
def test_without_attendees_the_summary_names_somebody_and_else_the_organizer(who: str) -> None:
    assert [one.member.email for one in read_shifts(calendar(shift(who)), NOW, ZURICH)] == [
        "ann@x.org"
    ]


def test_who_has_declined_or_is_a_room_is_not_on_call() -> None:
    declined = ANN.replace("ACCEPTED", "DECLINED")
    room = "ATTENDEE;CUTYPE=ROOM:mailto:room@x.org"

    found = read_shifts(calendar(shift(f"{declined}\n{room}\n{BOB}")), NOW, ZURICH)

    assert at(found, NOW) == ["bob@x.org"]


def test_events_that_overlap_have_several_on_call_at_once() -> None:
    second = shift(BOB, starts="20260326T110000Z", ends="20260326T130000Z").replace(
        "UID:1", "UID:2"
    )

    found = read_shifts(calendar(shift(ANN), second), NOW, ZURICH)

    assert at(found, NOW) == ["ann@x.org", "bob@x.org"]
    assert at(found, NOW + timedelta(hours=1)) == ["ann@x.org"]


def test_a_weekly_rota_keeps_its_wall_clock_when_the_clocks_go_forward() -> None:
    weekly = event(
        "DTSTART;TZID=Europe/Zurich:20260105T090000",
        "DTEND;TZID=Europe/Zurich:20260112T090000",
        "RRULE:FREQ=WEEKLY;INTERVAL=2",
        ANN,
    )

    found = read_shifts(calendar(weekly), NOW, ZURICH)

    starts = [one.starts for one in found]
    assert starts[:2] == [
        datetime(2026, 3, 30, 7, 0, tzinfo=UTC),
        datetime(2026, 4, 13, 7, 0, tzinfo=UTC),
    ]
    assert found[0].ends - found[0].starts == timedelta(days=7)


def test_an_exception_of_a_series_takes_the_place_of_what_it_replaces() -> None:
    daily = event(
        "DTSTART:20260320T080000Z", "DTEND:20260321T080000Z", "RRULE:FREQ=DAILY;COUNT=30", ANN
    )
    swapped = event(
        "RECURRENCE-ID:20260326T080000Z", "DTSTART:20260326T080000Z", "DTEND:20260327T080000Z", BOB
    )
    skipped = daily.replace(ANN, f"EXDATE:20260328T080000Z\n{ANN}")

    found = read_shifts(calendar(skipped, swapped), NOW, ZURICH)

    assert at(found, NOW) == ["bob@x.org"]
    assert at(found, NOW + timedelta(days=1)) == ["ann@x.org"]
    assert at(found, NOW + timedelta(days=2)) == []


def test_a_day_without_a_time_is_a_day_of_the_plan_s_zone() -> None:
    day = event("DTSTART;VALUE=DATE:20260327", "DTEND;VALUE=DATE:20260328", ANN)

    [found] = read_shifts(calendar(day), NOW, ZURICH)

    assert found.starts == datetime(2026, 3, 26, 23, 0, tzinfo=UTC)
    assert found.ends == datetime(2026, 3, 27, 23, 0, tzinfo=UTC)


def test_what_was_cancelled_or_lies_far_ahead_or_is_over_does_not_count() -> None:
    cancelled = shift(f"STATUS:CANCELLED\n{ANN}")
    over = shift(ANN, starts="20260320T080000Z", ends="20260324T080000Z")
    far = (NOW + AHEAD + timedelta(days=1)).strftime("%Y%m%dT%H%M%SZ")
    later = shift(ANN, starts=far, ends="20270101T000000Z")

    assert read_shifts(calendar(cancelled, over, later), NOW, ZURICH) == []


def test_a_calendar_that_never_ends_is_read_for_sixty_days() -> None:
    hourly = event("DTSTART:20200101T000000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY", ANN)

    found = read_shifts(calendar(hourly), NOW, ZURICH)

    assert len(found) == pytest.approx(61 * 24, abs=2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>Please sign in</html>", "no iCalendar"),
        (b"", "no iCalendar"),
        (calendar("BEGIN:VEVENT", "DTSTART;nonsense"), "broken"),
        (b"BEGIN:VCALENDAR" + b" " * LIMIT, "more than 2 MB"),
        (calendar(event("DTSTART:20200101T000000Z", "RRULE:FREQ=SECONDLY", ANN)), "far oftener"),
    ],
)
def test_what_is_no_calendar_is_refused_with_what_is_wrong(content: bytes, said: str) -> None:
    with pytest.raises(NoCalendar, match=said):
        read_shifts(content, NOW, ZURICH)


@pytest.mark.parametrize("who", ["SUMMARY:Bank holiday", "ATTENDEE:tel:+41790000000"])
def test_an_event_without_an_address_has_nobody_on_call(who: str) -> None:
    assert read_shifts(calendar(shift(who)), NOW, ZURICH) == []
