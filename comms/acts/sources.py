"""Keep the copies of sources: what was read is taken with care, and made into recipients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from comms.desk import Scene
from comms.errors import NotFound
from comms.people import Person
from comms.plan.model import Audience
from comms.source import (
    FRESH,
    HOLD,
    FeedCopy,
    Member,
    Shift,
    Source,
    SourceKind,
    SourceState,
    is_suspicious,
)
from comms.timeline import Deed

SOONEST_AGAIN = timedelta(minutes=1)
"""After a failure; then twice as long each time, but never longer than the source's own time."""


def are_any(scene: Scene) -> bool:
    """True where the plan names sources, or copies are left of those that it named."""
    return bool(scene.plan.kept_sources() or scene.book.sources.states())


def due(scene: Scene) -> tuple[Source, ...]:
    """The plan's sources that are to be read now."""
    states = scene.book.sources.states()
    return tuple(
        source
        for key, source in scene.plan.kept_sources().items()
        if (state := states.get(key)) is None
        or state.due_at is None
        or state.due_at <= scene.now
        # It was set before the clock was set back.
        or state.due_at > scene.now + 2 * source.refresh
    )


def next_due(scene: Scene) -> datetime | None:
    """When the next source is to be read, or somebody's time on call begins or ends."""
    kept = scene.plan.kept_sources()
    states = scene.book.sources.states()
    moments = [states[key].due_at or scene.now for key in kept if key in states]
    moments += [scene.now] * (len(kept) > len(moments))
    change = scene.book.sources.next_change(_rotas(kept.values()), scene.now)
    return min([*moments, *([change] if change else [])], default=None)


def take_group(
    scene: Scene, source: Source, members: Sequence[Member], *, left_out: Mapping[str, int]
) -> None:
    """Keep what a group has answered, and have its people told from now on."""
    before = _state(scene, source)
    state = replace(_read(scene, source, before), left_out=left_out)
    if _is_held(scene, before, before.people, len(members)):
        scene.book.sources.save(_held(scene, before, state, len(members)))
        return
    scene.book.sources.keep_members(source.key, members)
    scene.book.sources.save(_taken(scene, state, len(members)))
    settle(scene, source)


def take_rota(scene: Scene, source: Source, shifts: Sequence[Shift], feed: FeedCopy | None) -> None:
    """Keep what a rota's calendar says; `feed` None: its text is the one that is kept."""
    before = _state(scene, source)
    state = _read(scene, source, before)
    to_come = sum(shift.ends > scene.now for shift in shifts)
    had = 0 if scene.book.sources.next_change([source.key], scene.now) is None else 1
    if _is_held(scene, before, had, to_come):
        scene.book.sources.save(_held(scene, before, state, to_come))
        return
    scene.book.sources.keep_shifts(source.key, shifts)
    if feed is not None:
        scene.book.sources.keep_feed(source.key, feed)
    people = {shift.member.email.casefold() for shift in shifts}
    scene.book.sources.save(_taken(scene, state, len(people)))
    settle(scene, source)


def fail(scene: Scene, source: Source, why: str, *, again: timedelta | None = None) -> None:
    """Note that a source cannot be read: its last good copy stays. `again` is asked for."""
    before = _state(scene, source)
    since = before.failing_since or scene.now
    failing = max(scene.now - since, SOONEST_AGAIN)
    scene.book.sources.save(
        replace(
            before,
            tried_at=scene.now,
            due_at=scene.now + max(min(failing, source.refresh), again or SOONEST_AGAIN),
            failing_since=since,
            why=why,
        )
    )


def settle(scene: Scene, *changed: Source) -> None:
    """Bring the recipients of audiences up to date with the copies, and with who is on call now.

    Of the audiences that name one of `changed`; of all where none is given.
    """
    keys = {source.key for source in changed}
    for key in _rotas(scene.plan.kept_sources().values()):
        if not keys or key in keys:
            _put_on_call(scene, key)
    for audience in scene.plan.audiences.values():
        named = kept_keys(audience)
        if not keys or keys.intersection(named):
            scene.book.sources.settle(audience.name, named)


def are_settled(scene: Scene) -> bool:
    """True while those who are on call are those whom rotas have told of last."""
    rotas = _rotas(scene.plan.kept_sources().values())
    return all(_who(scene, key) == list(scene.book.sources.members(key)) for key in rotas)


def settle_on_call(scene: Scene, audience: Audience) -> None:
    """Have an audience's mail go to whoever is on call at this moment."""
    rotas = _rotas(audience.sources)
    changed = [_put_on_call(scene, key) for key in rotas]
    if any(changed):
        scene.book.sources.settle(audience.name, kept_keys(audience))


def begin(scene: Scene) -> None:
    """At the start, and under a new plan: forget what it does not name, settle the rest."""
    scene.book.sources.keep_only([*scene.plan.kept_sources()])
    settle(scene)


def freshen(scene: Scene, audiences: Iterable[Audience]) -> None:
    """Have the sources of these audiences read at once, unless they were a moment ago."""
    named = {source.key for audience in audiences for source in audience.sources if source.is_kept}
    for key, state in scene.book.sources.states().items() if named else ():
        is_old = state.tried_at is None or scene.now - state.tried_at >= FRESH
        if key in named and is_old and state.due_at is not None and state.due_at > scene.now:
            scene.book.sources.hurry(replace(state, due_at=scene.now))


def refresh(scene: Scene, key: str | None = None, *, accept: bool = False) -> tuple[str, ...]:
    """Have one source read at once, or all; return their keys. NotFound names the known ones.

    `accept`: what comes back is taken, however small it is.
    """
    kept = scene.plan.kept_sources()
    if key is not None and key not in kept:
        known = ", ".join(kept) or "none"
        raise NotFound(f"There is no source {key!r} in the plan. Known: {known}.")
    wanted = tuple(kept) if key is None else (key,)
    for one in wanted:
        before = _state(scene, kept[one])
        scene.book.sources.hurry(replace(before, due_at=scene.now, accepted=accept))
    scene.book.audit.add(
        Deed(
            at=scene.now,
            by=scene.by,
            via=scene.via,
            action="sources.accepted" if accept else "sources.refreshed",
            subject=f"source:{key or 'all'}",
            detail={"sources": len(wanted)},
        )
    )
    return wanted


def on_call(scene: Scene, rota: str, at: datetime) -> tuple[Person, ...]:
    """Who is on call in a rota of the plan at a moment (UTC), those who began last first.

    Nobody where the rota is not known, was never read, or has nobody at that time.
    """
    found = scene.plan.rotas.get(rota)
    members = scene.book.sources.on_call(found.source.key, at) if found else ()
    return tuple(Person(name=one.name or one.email, email=one.email) for one in members)


def kept_keys(audience: Audience) -> list[str]:
    """The keys of the copies from which an audience's people come."""
    return [source.key for source in audience.sources if source.is_kept]


def _rotas(sources: Iterable[Source]) -> list[str]:
    return [source.key for source in sources if source.kind is SourceKind.ROTA]


def _put_on_call(scene: Scene, key: str) -> bool:
    """Make whoever is on call the rota's members; True where that changes anything."""
    now = _who(scene, key)
    if now == list(scene.book.sources.members(key)):
        return False
    scene.book.sources.keep_members(key, now)
    return True


def _who(scene: Scene, key: str) -> list[Member]:
    on_call = scene.book.sources.on_call(key, scene.now)
    return sorted(on_call, key=lambda one: one.email.casefold())


def _state(scene: Scene, source: Source) -> SourceState:
    return scene.book.sources.states().get(source.key) or SourceState(key=source.key)


def _read(scene: Scene, source: Source, before: SourceState) -> SourceState:
    return replace(
        before,
        tried_at=scene.now,
        due_at=scene.now + source.refresh,
        failing_since=None,
        why="",
        accepted=False,
    )


def _is_held(scene: Scene, before: SourceState, had: int, came: int) -> bool:
    if before.accepted or not is_suspicious(had, came):
        return False
    return before.held_since is None or scene.now - before.held_since < HOLD


def _held(scene: Scene, before: SourceState, state: SourceState, came: int) -> SourceState:
    return replace(
        state, left_out=before.left_out, held_since=before.held_since or scene.now, held=came
    )


def _taken(scene: Scene, state: SourceState, people: int) -> SourceState:
    return replace(state, people=people, fetched_at=scene.now, held_since=None, held=0)
