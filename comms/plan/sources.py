"""The sources that a plan names: checked against its rotas, and made into the engine's."""

from __future__ import annotations

from collections.abc import Mapping

from comms.plan.document import Document, Path
from comms.plan.problem import nearest
from comms.plan.schema import AudienceEntry, PlanFile
from comms.plan.source_entry import FromEntry, RotaEntry
from comms.source import GROUP_REFRESH, ROTA_REFRESH, Rota, Source, SourceKind


def check_sources(
    name: str, entry: AudienceEntry, rotas: Mapping[str, RotaEntry], found: Document
) -> None:
    """Add to the document's problems the rotas that an audience names and the plan has not."""
    for place, source in enumerate(entry.from_):
        if source.rota is None or source.rota in rotas:
            continue
        at: Path = ("audiences", name, "from", place, "rota")
        known = f" Known: {', '.join(rotas)}." if rotas else " The plan has no 'rotas'."
        near = nearest(source.rota, rotas)
        found.problem(f"there is no rota {source.rota!r}.{near}{known}", found.values[at], at)


def rotas(entry: PlanFile) -> dict[str, Rota]:
    """The plan's rotas by name."""
    return {
        name: Rota(name=name, feed=rota.feed or "", refresh=rota.refresh)
        for name, rota in entry.rotas.items()
    }


def sources(entry: AudienceEntry, rotas: Mapping[str, RotaEntry]) -> tuple[Source, ...]:
    """Where the people of an audience come from beside its list."""
    return tuple(_source(source, rotas) for source in entry.from_)


def _source(entry: FromEntry, rotas: Mapping[str, RotaEntry]) -> Source:
    if entry.role is not None:
        return Source(kind=SourceKind.ROLE, name=entry.role.value)
    if entry.rota is not None:
        # A rota that is missing is a problem of the file already.
        refresh = rotas[entry.rota].refresh if entry.rota in rotas else ROTA_REFRESH
        return Source(kind=SourceKind.ROTA, name=entry.rota, refresh=refresh)
    return Source(
        kind=SourceKind.GROUP,
        name=entry.group or "",
        guests=bool(entry.guests),
        refresh=entry.refresh or GROUP_REFRESH,
    )
