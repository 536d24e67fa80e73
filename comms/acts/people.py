"""People, in bulk: who an audience is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from comms.acts.digests import start
from comms.acts.sources import kept_keys
from comms.choice import Chosen, parsed
from comms.desk import Scene
from comms.errors import Invalid, NotFound
from comms.plan.model import Audience
from comms.recipient import Recipient, Refused
from comms.timeline import Deed


@dataclass(frozen=True, kw_only=True)
class Imported:
    """How many people the audience has now, and the lines that were not taken."""

    imported: int
    refused: tuple[Refused, ...]


class NobodyLeft(Invalid):
    """No line of an import could be taken; `refused` says why, line by line."""

    title = "Nobody was imported"

    def __init__(self, refused: Sequence[Refused]) -> None:
        first = refused[0]
        super().__init__(
            f"Not one line could be taken, so the audience stays as it was. Line {first.line}:"
            f" {first.reason}"
        )
        self.refused = tuple(refused)


def import_recipients(
    scene: Scene, name: str, *, people: Sequence[Recipient], refused: Sequence[Refused]
) -> Imported:
    """Make these the people of the audience, in place of those before.

    `people` are checked (`comms.recipient.sorted_out`) and `refused` is what that left out. Where
    all was refused the audience stays as it was: NobodyLeft. An empty list empties it.
    """
    audience = audience_of(scene, name)
    if refused and not people:
        raise NobodyLeft(refused)
    imported = scene.book.recipients.replace(name, people)
    if keys := kept_keys(audience):
        scene.book.sources.settle(name, keys)
        imported = scene.book.recipients.count(name)
    _choose(scene, name, people)
    scene.book.audit.add(
        Deed(
            at=scene.now,
            by=scene.by,
            via=scene.via,
            action="recipients.imported",
            subject=f"audience:{name}",
            detail={"imported": imported, "refused": len(refused)},
        )
    )
    return Imported(imported=imported, refused=tuple(refused))


def listed(scene: Scene, name: str) -> tuple[Recipient, ...]:
    """Return the people of an audience, with what they have chosen, as they can be imported.

    Those whom only a source names are left out: a list would keep them when they have left it.
    """
    audience_of(scene, name)
    made = {one.address: one.choice for one in _choices(scene, name)}
    return tuple(
        replace(person, choice=made[address].words) if address in made else person
        for person in scene.book.recipients.of(name, limit=0, own=True)
        for address in (person.email.casefold(),)
    )


def _choices(scene: Scene, name: str) -> Iterator[Chosen]:
    after = ""
    while page := scene.book.choices.of(name, after=after):
        yield from page
        after = page[-1].address


def _choose(scene: Scene, name: str, people: Sequence[Recipient]) -> None:
    """Keep the choices of a list, but for people who have chosen for themselves."""
    zone, last = scene.plan.time_zone.key, scene.book.fanouts.last()
    chosen = [
        Chosen(
            name,
            person.email.casefold(),
            replace(parsed(person.choice), time_zone=person.time_zone or zone, read_to=last),
        )
        for person in people
        if person.choice
    ]
    scene.book.choices.imported(chosen)
    start(scene, name, [one.choice.slot for one in chosen])


def audience_of(scene: Scene, name: str) -> Audience:
    """Return the audience of the plan, in use or not; NotFound names the known ones."""
    found = scene.plan.audiences.get(name)
    if found is None:
        known = ", ".join(scene.plan.audiences)
        raise NotFound(f"There is no audience {name!r}. Known: {known}.")
    return found
