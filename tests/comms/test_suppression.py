"""Suppression: a hard bounce stops mail at once, soft ones when they are many in a short time."""

from __future__ import annotations

from datetime import timedelta

from comms.delivery import Reason
from comms.plan.model import SoftBounces
from comms.suppression import EVIDENCE, Suppression, struck, suppressed
from comms.testing.clock import MONDAY as NOW

DAY = timedelta(days=1)
RULE = SoftBounces(count=3, within=7 * DAY, pause=2 * DAY)


def after(*days: int) -> Suppression:
    """What is known of an address from which a soft bounce came on each of these days."""
    known: Suppression | None = None
    for day in days:
        known = struck(known, "a@x.org", evidence="full", rule=RULE, now=NOW + day * DAY)
    assert known is not None
    return known


def test_a_hard_bounce_suppresses_until_a_person_lifts_it() -> None:
    known = suppressed(None, "Ada@X.org", reason=Reason.BOUNCED, evidence="5.1.1", now=NOW)

    assert known.address == "ada@x.org"
    assert known.holds(NOW + 1000 * DAY)


def test_a_complaint_does_not_take_the_place_of_the_bounce_before_it() -> None:
    bounced = suppressed(None, "a@x.org", reason=Reason.BOUNCED, evidence="5.1.1", now=NOW)

    again = suppressed(bounced, "a@x.org", reason=Reason.COMPLAINED, evidence="", now=NOW + DAY)

    assert again == bounced


def test_soft_bounces_are_counted_before_they_suppress() -> None:
    assert not after(0, 1).holds(NOW + DAY)
    assert after(0, 1).strikes == 2


def test_so_many_soft_bounces_within_the_time_suppress_for_the_pause() -> None:
    known = after(0, 1, 2)

    assert known.reason is Reason.BOUNCING
    assert known.holds(NOW + 3 * DAY)
    assert not known.holds(NOW + 4 * DAY)


def test_soft_bounces_far_apart_never_suppress() -> None:
    assert after(0, 6, 7, 8).strikes == 2
    assert not after(0, 6, 7, 8).holds(NOW + 8 * DAY)


def test_after_the_pause_soft_bounces_are_counted_anew() -> None:
    assert after(0, 1, 2, 10).strikes == 1


def test_a_hard_bounce_makes_a_pause_last() -> None:
    known = suppressed(after(0, 1, 2), "a@x.org", reason=Reason.BOUNCED, evidence="", now=NOW)

    assert known.until is None


def test_a_soft_bounce_does_not_shorten_a_suppression() -> None:
    hard = suppressed(None, "a@x.org", reason=Reason.BOUNCED, evidence="", now=NOW)

    assert struck(hard, "a@x.org", evidence="", rule=RULE, now=NOW) == hard


def test_what_is_kept_as_evidence_is_short() -> None:
    known = suppressed(None, "a@x.org", reason=Reason.BOUNCED, evidence="x" * 10_000, now=NOW)

    assert len(known.evidence) == EVIDENCE
