"""`sitrep adherence`: how well promises were kept, over time; of an incident, in `sitrep show`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

import typer

from bot.adherence_told import late_words, of, span
from bot.cli import say
from bot.cli.client import client
from bot.cli.say import AsJson

HEADS = ("", "promised", "on time", "", "late", "silence", "first", "approval", "reached", "seen")
MARKS = {"kept": "●", "late": "▲", "unanswered": "✕", "open": "○", "withdrawn": "–"}
BAR = 10
"""Characters of a bar of 100 %."""


def adherence(
    since: Annotated[
        str, typer.Option("--from", metavar="DAY", help="Such as 2026-01-01; three months ago.")
    ] = "",
    until: Annotated[str, typer.Option("--to", metavar="DAY", help="Not itself; now.")] = "",
    as_json: AsJson = False,
) -> None:
    """How well promises were kept, by month and by audience, of what was declared in a period."""
    given = {"from": since, "to": until}
    told = client().get("/adherence", **{name: day for name, day in given.items() if day})
    if as_json:
        say.document(told)
        return
    say.line(f"{say.when(told['begin'])} to {say.when(told['end'])}: {_incidents(told)}.")
    if not told["incidents"]:
        return
    say.line()
    say.table(HEADS, [row(one["month"], one["figures"]) for one in told["months"]])
    say.line()
    say.table(HEADS, [*rows(told), row("all", told["all"])])
    legend()


def show_adherence(told: Mapping[str, Any]) -> None:
    """Print an incident's adherence, with a mark for each promise."""
    if not told["audiences"]:
        return
    say.line()
    say.table(
        ("audience", "promises", *HEADS[2:]),
        [
            *(
                (name, _marks(told["marks"][name]), *row(name, figures)[2:])
                for name, figures in told["audiences"].items()
            ),
            ("all", "", *row("all", told["all"])[2:]),
        ],
    )
    say.line("● kept  ▲ late  ✕ overdue or never answered  ○ not due yet  – withdrawn")
    legend()


def rows(told: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row for each audience."""
    return [row(name, figures) for name, figures in told["audiences"].items()]


def row(name: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    """Return one row under HEADS."""
    share = figures["on_time"]
    return (
        name,
        str(figures["promised"]),
        f"{figures['kept']} of {figures['promised']}" if share is not None else "–",
        "█" * round(share * BAR) + "░" * (BAR - round(share * BAR)) if share is not None else "",
        late_words(_time(figures, "late_median"), _time(figures, "late_worst")),
        span(_time(figures, "longest_silence")),
        span(_time(figures, "first_notice")),
        span(_time(figures, "approval_wait_median")),
        of(figures["reached"], figures["meant"]),
        str(figures["acknowledged"]) if figures["acknowledged"] else "–",
    )


def legend() -> None:
    """Say what the heads mean."""
    say.line(
        "late: median, worst. silence: the longest. first: declaration to first update"
        " (all: to people outside). approval: median wait."
    )


def _time(figures: Mapping[str, Any], name: str) -> timedelta | None:
    seconds = figures[f"{name}_seconds"]
    return None if seconds is None else timedelta(seconds=seconds)


def _marks(marks: list[str]) -> str:
    return "".join(MARKS[mark] for mark in marks)


def _incidents(told: Mapping[str, Any]) -> str:
    count = told["incidents"]
    return "no incident" if not count else f"{count} incident{'s' if count > 1 else ''}"
