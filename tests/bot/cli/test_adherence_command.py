"""`sitrep adherence`, and the adherence that `sitrep show` ends with."""

from __future__ import annotations

from datetime import timedelta

from bot.cli.adherence import row
from comms.testing import HeldClock
from tests.bot.cli.conftest import Server, Sitrep


def test_show_ends_with_a_mark_for_each_promise(
    sitrep: Sitrep, server: Server, clock: HeldClock
) -> None:
    key = sitrep("declare", "Slow", "-s", "SEV1", "--json").json["key"]
    clock.advance(timedelta(minutes=12))
    for minutes in (4, 40):
        draft = sitrep("update", key, "-c", "Slow.", "--audience", "executives", "--json").json
        approved = sitrep(
            "approve",
            key,
            str(draft["number"]),
            "--hash",
            draft["hash"],
            "--as",
            "incident_commander",
        )
        assert approved.code == 0, approved.err
        clock.advance(timedelta(minutes=minutes))

    shown = sitrep("show", key)

    lines = {line.split()[0]: line for line in shown.out.splitlines() if line.strip()}
    assert "●●✕" in lines["executives"]
    assert "2 of 3" in lines["executives"]
    assert "✕" in lines["customers"]
    assert "● kept" in shown.out
    told = sitrep("show", key, "--json").json
    assert told["key"] == key
    assert told["adherence"]["audiences"]["executives"]["kept"] == 2


def test_adherence_is_shown_by_month_and_by_audience(
    sitrep: Sitrep, server: Server, clock: HeldClock
) -> None:
    assert sitrep("adherence").out.endswith("no incident.\n")
    sitrep("declare", "Slow", "-s", "SEV1")
    clock.advance(timedelta(hours=2))

    shown = sitrep("adherence", "--from", "2026-01-01", "--to", "2026-02-01")

    assert shown.out.startswith("2026-01-01 00:00 UTC to 2026-02-01 00:00 UTC: 1 incident.\n")
    assert "2026-01" in shown.out
    assert "0 of 4" in shown.out
    assert "1 h 55 min" in shown.out
    assert sitrep("adherence", "--json").json["incidents"] == 1
    wrong = sitrep("adherence", "--from", "soon")
    assert (wrong.code, wrong.out) == (1, "")
    assert wrong.err.startswith("/from: ")


def test_nothing_promised_is_a_dash_and_no_bar() -> None:
    times = ("late_median", "late_worst", "longest_silence", "first_notice", "approval_wait_median")
    figures = {
        "promised": 0,
        "kept": 0,
        "on_time": None,
        "meant": 0,
        "reached": 0,
        "acknowledged": 0,
        **{f"{name}_seconds": None for name in times},
    }

    assert row("x", figures) == ("x", "0", "–", "", "–", "–", "–", "–", "–", "–")
