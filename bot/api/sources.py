"""Sources: where people come from beside an audience's list, and how fresh the copies are."""

from __future__ import annotations

from pydantic import Field

from bot.api.operation import Call, Table
from bot.api.shapes import Given, Stamp, Told
from comms.acts.source_warnings import warning
from comms.acts.sources import refresh
from comms.desk import Scene
from comms.source import Source, SourceKind, SourceState

table = Table(tag="people")


class SourceTold(Told):
    """A source of people, and the copy that is kept of it."""

    key: str
    kind: SourceKind
    name: str
    audiences: list[str] = Field(description="Whose people come from it.")
    people: int = Field(description="How many the copy has; of a rota, all who have shifts.")
    on_call: list[str] = Field(description="Of a rota: who is on call now.")
    left_out: dict[str, int] = Field(description="People of a group who are not told, by why.")
    fetched_at: Stamp | None = Field(description="When the copy was read; null: there is none.")
    due_at: Stamp | None = Field(description="When it is read next.")
    warning: str = Field(description="What somebody should know of it; empty: nothing.")


class SourceList(Told):
    """The sources that the plan names."""

    sources: list[SourceTold]


class Refresh(Given):
    """Which source is read; all where none is named."""

    key: str | None = None
    accept: bool = Field(
        default=False, description="What comes back is believed, however small it is."
    )


@table.get("/sources")
async def list_sources(call: Call) -> SourceList:
    """List the sources of people that the plan names, and how fresh their copies are."""
    return await call.read(_listed)


@table.post("/sources/refresh", problems=(404,))
async def refresh_sources(call: Call, body: Refresh) -> SourceList:
    """Have sources read at once. Their copies change when that is done, some seconds later."""

    def act(scene: Scene) -> SourceList:
        refresh(scene, body.key, accept=body.accept)
        return _listed(scene)

    return await call.do(act)


def _listed(scene: Scene) -> SourceList:
    states = scene.book.sources.states()
    kept = scene.plan.kept_sources()
    return SourceList(
        sources=[
            _told(scene, source, states.get(key) or SourceState(key=key))
            for key, source in kept.items()
        ]
    )


def _told(scene: Scene, source: Source, state: SourceState) -> SourceTold:
    is_rota = source.kind is SourceKind.ROTA
    on_call = scene.book.sources.on_call(source.key, scene.now) if is_rota else ()
    return SourceTold(
        key=source.key,
        kind=source.kind,
        name=source.name,
        audiences=[
            audience.name
            for audience in scene.plan.enabled()
            if any(one.key == source.key for one in audience.sources)
        ],
        people=state.people,
        on_call=[one.email for one in on_call],
        left_out=dict(state.left_out),
        fetched_at=state.fetched_at,
        due_at=state.due_at,
        warning=warning(scene, source, state),
    )
