"""What somebody should know of the sources of people before they rely on them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from comms.desk import Scene
from comms.moment import moment
from comms.plan.model import Audience
from comms.source import HOLD, Source, SourceKind, SourceState

PATIENCE = timedelta(minutes=15)
"""For so long a source may be away before it is worth a word; its copy is hardly older."""


def source_warnings(scene: Scene, audiences: Iterable[Audience] | None = None) -> tuple[str, ...]:
    """Say what is wrong with the sources of these audiences, or with all that the plan names."""
    named = scene.plan.kept_sources()
    if audiences is not None:
        of_these = {source.key for audience in audiences for source in audience.sources}
        named = {key: source for key, source in named.items() if key in of_these}
    states = scene.book.sources.states() if named else {}
    found = (warning(scene, source, states.get(key)) for key, source in named.items())
    return tuple(words for words in found if words)


def warning(scene: Scene, source: Source, state: SourceState | None) -> str:
    """Say what is wrong with one source; '' where nothing is."""
    if state is None or state.fetched_at is None:
        why = state.why if state else ""
        return f"{_named(source)} has not been read yet, so nobody of it is told. {why}".rstrip()
    said = [_reading(scene, source, state, state.fetched_at), _gap(scene, source)]
    return " ".join(words for words in said if words)


def _reading(scene: Scene, source: Source, state: SourceState, fetched_at: datetime) -> str:
    label, kept = _named(source), _at(scene, fetched_at)
    is_rota = source.kind is SourceKind.ROTA
    if state.held_since is not None:
        counted = f"with {state.held} of {state.people} people"
        came = "without any shift to come" if is_rota else counted
        until = _at(scene, state.held_since + HOLD)
        return (
            f"{label} came back {came}: its copy of {kept} is used until {until}."
            f" If it is right: sitrep sources accept '{source.key}'"
        )
    if state.failing_since is not None and scene.now - fetched_at > PATIENCE:
        copy = "The shifts" if is_rota else f"The people ({state.people})"
        since = _at(scene, state.failing_since)
        return f"{label} cannot be read since {since}: {state.why} {copy} of {kept} are used."
    return ""


def _gap(scene: Scene, source: Source) -> str:
    if source.kind is SourceKind.ROTA and not scene.book.sources.on_call(source.key, scene.now):
        return f"Nobody is on call in {source.label} now."
    return ""


def _named(source: Source) -> str:
    return source.label[0].upper() + source.label[1:]


def _at(scene: Scene, at: datetime) -> str:
    zone = scene.plan.time_zone
    return moment(at, zone).beside(moment(scene.now, zone))
