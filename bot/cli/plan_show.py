"""`sitrep plan show` and `plan diff`: what holds, where it comes from, and what would change."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.cli import say
from comms.errors import Invalid, NotFound, PlanInvalid, SitrepError
from comms.moment import iso
from comms.plan import document, load
from comms.plan.difference import GROUPS, differences
from comms.plan.effective import Value, effective
from comms.plan.model import Plan
from comms.plan.problem import nearest
from comms.source import SourceState

SHIPPED = "shipped"
"""The word for the shipped plan, where a file could be named."""


def values_of(path: Path | None, service: str = "") -> tuple[Value, ...]:
    """Return what the plan of a file says, or the shipped one; PlanInvalid where it is not good.

    `service`: what holds for an incident of that service. NotFound names the nearest one.
    """
    source = str(path) if path else load.SHIPPED
    raw = load.content(path)
    _plan, problems = load.read(raw, source)
    if problems:
        raise PlanInvalid("\n".join(str(problem) for problem in problems))
    found = document.read(raw, source)
    known = found.value.get("services", {}) if isinstance(found.value, dict) else {}
    if service and service not in known:
        raise NotFound(f"The plan lists no service {service!r}.{nearest(service, known)}")
    return effective(found, service)


def diff(before: str, after: str, *, as_json: bool) -> None:
    """Say what changes from one plan to the other."""
    changes = differences(values_of(_named(before)), values_of(_named(after)))
    if as_json:
        say.document({"changes": [asdict(change) for change in changes]})
    elif not changes:
        say.line("The two plans say the same.")
    for change in () if as_json else changes:
        say.line(change.words)


def print_values(values: tuple[Value, ...], console: Console) -> None:
    """Print each value and where it comes from, an audience or a service at a time."""
    in_order = sorted(values, key=lambda value: value.path[0] in GROUPS)
    for group, members in groupby(in_order, key=_group):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for head in (group, "", "from"):
            table.add_column(head, overflow="fold")
        for value in members:
            given = not value.origin.startswith("default")
            name = value.name.removeprefix(f"{group}.")
            table.add_row(name, value.value, value.origin, style=None if given else "dim")
        console.print()
        console.print(table)


def sources_of(plan: Plan) -> dict[str, str]:
    """Say of each source that the plan names what its copy is like, by its key."""
    kept = plan.kept_sources()
    if not kept:
        return {}
    # Imported here: a plan without sources is shown without a database.
    from bot.cli import db  # noqa: PLC0415

    try:
        states = db.sources()
    except SitrepError as away:
        return dict.fromkeys(kept, f"its copy cannot be looked at: {away.detail}")
    return {key: _copy(states.get(key) or SourceState(key=key)) for key in kept}


def _copy(state: SourceState) -> str:
    if state.fetched_at is None:
        return f"not read yet. {state.why}".rstrip()
    people = "one person" if state.people == 1 else f"{state.people} people"
    said = f"{people}, read {iso(state.fetched_at)}"
    if state.held_since is not None:
        return f"{said}; kept, for it came back with {state.held}"
    if state.failing_since is not None:
        return f"{said}; cannot be read since {iso(state.failing_since)}: {state.why}"
    return said


def _named(word: str) -> Path | None:
    path = Path(word)
    if word == SHIPPED and not path.exists():
        return None
    if not path.exists():
        raise Invalid(f"{word}: there is no such file; the shipped plan is called '{SHIPPED}'.")
    return path


def _group(value: Value) -> str:
    if value.path[0] in GROUPS:
        return f"{value.path[0]}.{value.path[1]}"
    return "the whole plan"
