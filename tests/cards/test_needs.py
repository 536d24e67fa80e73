"""Needs as people type them at three in the morning."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.cards.needs import read_needs, write_needs
from comms.errors import Invalid
from comms.report import Need

NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def read(typed: str) -> tuple[Need, ...]:
    return read_needs(typed, now=NOW, zone=BERLIN)


def test_a_line_is_what_from_whom_and_by_when() -> None:
    assert read("A database engineer | Payments team | 23:45") == (
        Need(
            text="A database engineer",
            owner="Payments team",
            by=datetime(2026, 11, 21, 22, 45, tzinfo=UTC),
        ),
    )


def test_owner_and_time_may_be_left_out() -> None:
    assert read("A decision\n\n  More hands | Ops  \nA call | 23:45") == (
        Need(text="A decision"),
        Need(text="More hands", owner="Ops"),
        Need(text="A call", by=datetime(2026, 11, 21, 22, 45, tzinfo=UTC)),
    )


def test_nothing_typed_is_no_needs() -> None:
    assert read(" \r\n ") == ()


@pytest.mark.parametrize(
    ("typed", "by"),
    [
        ("01:15", datetime(2026, 11, 22, 0, 15, tzinfo=UTC)),
        ("23.15", datetime(2026, 11, 21, 22, 15, tzinfo=UTC)),
        ("22:00 CET", datetime(2026, 11, 21, 21, 0, tzinfo=UTC)),
        ("2026-11-24 09:00", datetime(2026, 11, 24, 8, 0, tzinfo=UTC)),
    ],
)
def test_a_time_is_the_nearest_one_in_the_plans_zone(typed: str, by: datetime) -> None:
    assert read(f"x | y | {typed}")[0].by == by


def test_what_only_an_executive_can_give_is_marked() -> None:
    assert read("Decision: stop the campaign? | CMO") == (
        Need(text="stop the campaign?", owner="CMO", decision=True),
    )


@pytest.mark.parametrize("typed", ["x | y | soon", "x | y | 25:99", "x | y | z | 10:00"])
def test_a_time_that_is_none_is_refused_with_its_line(typed: str) -> None:
    with pytest.raises(Invalid, match="Line 2") as refused:
        read(f"fine\n{typed}")
    assert refused.value.pointer == "/needs"


@pytest.mark.parametrize(
    "need",
    [
        Need(text="a"),
        Need(text="a | b", owner="c|d"),
        Need(text="a", owner="b", by=datetime(2026, 11, 22, 3, 0, tzinfo=UTC)),
        Need(text="a", by=datetime(2026, 11, 29, 3, 0, tzinfo=UTC), decision=True),
    ],
)
def test_what_the_form_opens_with_reads_back_the_same(need: Need) -> None:
    assert read(write_needs((need,), now=NOW, zone=BERLIN)) == (need,)
