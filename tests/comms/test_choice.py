"""What a choice lets through, and how it is written in a file of people."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.choice import Choice, Wish, is_news, parsed, withheld
from comms.delivery import Reason
from comms.errors import Invalid
from comms.incident import Severity, Status
from comms.plan.model import Plan
from comms.report import CustomerText
from comms.testing import HeldClock
from comms.update import Kind, Update, UpdateState
from tests.house import ADA, REPORT

choices = st.builds(
    Choice,
    wish=st.sampled_from(Wish),
    hour=st.integers(0, 23),
    weekday=st.integers(0, 6),
    by_import=st.just(True),
)


@given(choices)
def test_a_choice_is_read_back_from_its_words(choice: Choice) -> None:
    again = parsed(choice.words)

    assert again.words == choice.words
    assert again.slot == choice.slot


@pytest.mark.parametrize(
    ("words", "slot"),
    [
        ("daily", ("UTC", 8, None)),
        ("Daily 17", ("UTC", 17, None)),
        ("daily 07:00", ("UTC", 7, None)),
        ("weekly", ("UTC", 8, 0)),
        ("weekly friday", ("UTC", 8, 4)),
        ("weekly friday 16", ("UTC", 16, 4)),
        ("weekly 16", ("UTC", 16, 0)),
    ],
)
def test_an_hour_and_a_weekday_may_be_left_out(
    words: str, slot: tuple[str, int, int | None]
) -> None:
    assert parsed(words).slot == slot


@pytest.mark.parametrize(
    "words", ["hourly", "daily 24", "daily -1", "daily x", "daily 8 9", "every 8", "weekly mon ²"]
)
def test_words_that_make_no_choice_are_refused(words: str) -> None:
    with pytest.raises(Invalid):
        parsed(words)


@given(choices, st.booleans(), st.booleans())
def test_each_reason_says_why_somebody_does_not_read_it_now(
    plan: Plan, choice: Choice, news: bool, may_stop: bool
) -> None:
    audience = replace(plan.audiences["stakeholders"], may_stop=may_stop)

    reason = withheld(choice, audience, is_news=news)

    assert (reason is Reason.DIGEST) == choice.wish.is_digest
    assert (reason is Reason.UNSUBSCRIBED) == (choice.wish is Wish.NOTHING and may_stop)
    assert (reason is Reason.UNCHANGED) == (choice.wish is Wish.CHANGES and not news)


def test_whoever_has_chosen_nothing_reads_everything(plan: Plan) -> None:
    assert withheld(None, plan.audiences["customers"], is_news=False) is None


@pytest.mark.parametrize("audience", ["stakeholders", "customers"])
def test_the_same_again_is_no_news_and_the_first_is(plan: Plan, audience: str) -> None:
    reader = plan.audiences[audience]
    first, again = an_update(1), an_update(2)

    assert is_news(first, None, reader)
    assert not is_news(again, first, reader)


@pytest.mark.parametrize("kind", [Kind.RESOLVED, Kind.CORRECTION, Kind.SEVERITY])
def test_an_end_and_a_correction_are_news(plan: Plan, kind: Kind) -> None:
    update = replace(an_update(2), kind=kind)

    assert is_news(update, an_update(1), plan.audiences["stakeholders"])


def test_another_status_is_news(plan: Plan) -> None:
    update = replace(an_update(2), status=Status.MONITORING)

    assert is_news(update, an_update(1), plan.audiences["customers"])


def test_each_audience_has_its_own_words_for_the_impact(plan: Plan) -> None:
    inside = _saying(an_update(2), conditions="All card payments fail.")
    outside = _saying(an_update(2), customer=CustomerText(symptom="No card payment works."))

    employees, customers = plan.audiences["stakeholders"], plan.audiences["customers"]
    assert is_news(inside, an_update(1), employees)
    assert not is_news(inside, an_update(1), customers)
    assert is_news(outside, an_update(1), customers)
    assert not is_news(outside, an_update(1), employees)


def test_another_severity_is_news_to_who_is_told_of_it(plan: Plan) -> None:
    update = replace(an_update(2), severity=Severity.SEV2)

    assert is_news(update, an_update(1), plan.audiences["stakeholders"])
    assert not is_news(update, an_update(1), plan.audiences["customers"])


def test_other_actions_alone_are_no_news(plan: Plan) -> None:
    update = _saying(an_update(2), risk="None any more.")

    assert not is_news(update, an_update(1), plan.audiences["stakeholders"])


def an_update(number: int) -> Update:
    now = HeldClock().now()
    return Update(
        id=number,
        incident="INC-1",
        number=number,
        kind=Kind.UPDATE,
        state=UpdateState.APPROVED,
        report=REPORT,
        status=Status.INVESTIGATING,
        severity=Severity.SEV1,
        audiences=("stakeholders", "customers"),
        promises={},
        hash="",
        drafted_by=ADA,
        drafted_at=now,
        approved_at=now,
    )


def _saying(update: Update, **words: object) -> Update:
    return replace(update, report=replace(REPORT, **words))  # type: ignore[arg-type]
