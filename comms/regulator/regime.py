"""A regime: one law's deadlines after an incident, from `regimes.yaml`. Not legal advice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from comms.errors import NotFound
from comms.regulator.span import Span, span

DISCLAIMER = "Not legal advice: whether this applies, and from when, is for your counsel to say."


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One filing. `after` names the stage whose filing its time counts from ('': the start).

    `of_awareness` is an outer limit, counted from when the incident became known.
    """

    name: str
    label: str
    within: Span
    after: str = ""
    of_awareness: Span | None = None


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing that the form asks for; `gather` names what the record answers it with."""

    label: str
    gather: str = ""


@dataclass(frozen=True, kw_only=True)
class Regime:
    """`start` is the event from which its time runs, as a sentence."""

    name: str
    label: str
    law: str
    source: str
    reviewed: date
    authority: str
    start: str
    stages: tuple[Stage, ...]
    form: tuple[Field, ...]

    def stage(self, name: str) -> Stage:
        """Return the stage of that name; NotFound names the known ones."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        known = ", ".join(stage.name for stage in self.stages)
        raise NotFound(f"{self.label} has no stage {name!r}. Known: {known}.")

    def due(
        self, stage: Stage, *, started: datetime, aware: datetime, filed: Mapping[str, datetime]
    ) -> datetime:
        """When a stage is due (UTC). While the stage before it is not filed, its time counts from
        the last moment of that one, which is the latest that this one can be due."""
        begun = started
        if stage.after:
            before = self.stage(stage.after)
            begun = filed.get(before.name) or self.due(
                before, started=started, aware=aware, filed=filed
            )
        due = stage.within.after(begun)
        if stage.of_awareness is None:
            return due
        outer = stage.of_awareness.after(aware)
        return min(due, outer) if started < outer else due


@cache
def regimes() -> Mapping[str, Regime]:
    """All regimes that Sitrep ships with, by name."""
    text = files("comms.regulator").joinpath("regimes.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return {name: _regime(name, entry) for name, entry in read.items()}


def _regime(name: str, entry: Mapping[str, Any]) -> Regime:
    return Regime(
        name=name,
        **{key: entry[key] for key in ("label", "law", "source", "reviewed", "authority", "start")},
        stages=tuple(_stage(stage) for stage in entry["stages"]),
        form=tuple(Field(**field) for field in entry["form"]),
    )


def _stage(entry: Mapping[str, Any]) -> Stage:
    where = {key: entry[key] for key in ("calendar", "zone", "until") if key in entry}
    outer = entry.get("of_awareness")
    return Stage(
        name=entry["name"],
        label=entry["label"],
        within=span(entry["within"], **where),
        after=entry.get("from", ""),
        of_awareness=span(outer) if outer else None,
    )
