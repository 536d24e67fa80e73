"""Which incidents the page shows, under which name, and when a promise is late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from comms.channels.page.state import PageState, Site, page_state
from comms.errors import Invalid
from comms.incident import Status
from comms.report import CustomerText
from comms.update import Kind
from tests.comms.page.samples import NOW, SITE, other_incident, posting, story, telling


def _at(minutes: float, *, notices: int = 5) -> PageState:
    return page_state(SITE, NOW + timedelta(minutes=minutes), story()[:notices])


def test_a_promise_is_late_from_its_minute_on() -> None:
    (before,) = _at(29.9, notices=1).incidents
    (after,) = _at(30, notices=1).incidents

    assert not before.is_late(NOW + timedelta(minutes=29.9))
    assert after.is_late(NOW + timedelta(minutes=30))


def test_a_newer_notice_makes_up_for_the_late_one() -> None:
    (incident,) = _at(40, notices=2).incidents

    assert incident.promised == NOW + timedelta(minutes=55)
    assert not incident.is_late(NOW + timedelta(minutes=40))


def test_a_resolved_incident_owes_nothing() -> None:
    told = telling(1, kind=Kind.RESOLVED, status=Status.RESOLVED, promised=NOW)

    (incident,) = page_state(SITE, NOW + timedelta(days=1), [posting(told)]).incidents

    assert not incident.is_late(NOW + timedelta(days=1))


def test_a_correction_renames_the_incident_and_later_news_do_not() -> None:
    notices = [
        posting(telling(1, customer=CustomerText(symptom="Wrong words."))),
        posting(telling(2, customer=CustomerText(symptom="It works again."))),
        posting(
            telling(
                3, customer=CustomerText(symptom="Right words."), kind=Kind.CORRECTION, corrects=1
            )
        ),
    ]

    (incident,) = page_state(SITE, NOW, notices).incidents

    assert incident.headline == "Right words"
    correction = incident.correction_of(notices[0].notice)
    assert correction is not None
    assert correction.update == 3
    assert incident.correction_of(notices[1].notice) is None


def test_an_incident_that_came_back_is_open_again() -> None:
    (resolved,) = _at(120).incidents
    again = posting(telling(6, at=NOW + timedelta(minutes=100)))
    (reopened,) = page_state(SITE, NOW, [*story(), again]).incidents

    assert resolved.resolved_at == NOW + timedelta(minutes=90)
    assert reopened.is_open
    assert reopened.resolved_at is None


def test_open_incidents_come_first_and_old_ones_leave_the_front_page() -> None:
    other = posting(telling(1, at=NOW - timedelta(days=3), incident=other_incident(7)))

    state = page_state(SITE, NOW + timedelta(minutes=120), [*story(), other])
    later = page_state(SITE, NOW + timedelta(days=15), story())

    assert [incident.is_open for incident in state.incidents] == [True, False]
    assert len(state.recent) == 1
    assert later.recent == ()
    assert len(later.incidents) == 1


@pytest.mark.parametrize(
    "url", ["", "status.example.com", "https://status.example.com/", "ftp://status.example.com"]
)
def test_an_address_that_links_cannot_be_made_of_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        Site(organisation="A", time_zone=SITE.time_zone, url=url)
