"""The desk: the one door through which cards, API, CLI and timers act."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_bytes
from typing import Concatenate, ParamSpec, TypeVar

from comms.bell import Bell, Topic
from comms.book import Book, Store
from comms.channels.mail.postmark import Postmarks
from comms.clock import Clock
from comms.incident import Incident
from comms.people import SITREP, Person
from comms.plan.model import ChannelName, Plan
from comms.plan_version import PlanVersion
from comms.render import Writer
from comms.throttle import Limit
from comms.timeline import Deed, Entry
from comms.trace import inside, step

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class House:
    """What stays the same from act to act.

    `limits` are those by which a channel reaches an audience; `incident_url` makes the internal
    link of an incident, `page_url` its public one ('' where the product has no such address).
    `postmarks` are those that letters bear. `loaded_at` is when the plan was taken up (UTC), and
    `refused` says why its file, as it is by now, was not: one line for each problem.
    """

    plan: Plan
    writers: Mapping[ChannelName, Writer]
    loaded_at: datetime | None = None
    refused: tuple[str, ...] = ()
    limits: Callable[[str, ChannelName], Sequence[Limit]] = lambda _audience, _channel: ()
    incident_url: Callable[[str], str] = lambda _key: ""
    confirm_url: Callable[[str], str] = lambda _nonce: ""
    page_url: Callable[[Incident], str] = lambda _incident: ""
    postmarks: Postmarks = field(default_factory=lambda: Postmarks(token_bytes(32)))


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What one act needs: the book in one transaction, one `now` (UTC), and who acts.

    `via` is the door: teams, api, cli or timer.
    """

    book: Book
    house: House
    now: datetime
    by: Person
    via: str

    @property
    def plan(self) -> Plan:
        """The communication plan."""
        return self.house.plan

    @property
    def plan_version(self) -> PlanVersion:
        """The state of the plan that holds from now on."""
        return PlanVersion(
            digest=self.plan.digest,
            name=self.plan.version,
            loaded_at=self.house.loaded_at,
            since=self.now,
        )

    def plan_for(self, incident: Incident) -> Plan:
        """The plan as it holds for this incident: its services may have their own."""
        return self.plan.under(incident)

    def tell(self, incident: str, kind: str, text: str, **facts: str | int) -> None:
        """Write a step into the incident's timeline and, as a deed, into the audit log."""
        self.tell_all(
            [Entry(incident=incident, at=self.now, by=self.by, kind=kind, text=text, facts=facts)]
        )

    def tell_all(self, entries: Iterable[Entry]) -> None:
        """Write these steps into their incidents' timelines and into the audit log."""
        told = tuple(entries)
        self.book.timeline.add(*told)
        self.book.audit.add(*(_deed(entry, self.via) for entry in told))


def _deed(entry: Entry, via: str) -> Deed:
    return Deed(
        at=entry.at,
        by=entry.by,
        via=via,
        action=entry.kind,
        subject=entry.incident,
        detail=entry.facts,
    )


def _name_of(act: object) -> str:
    """The act's name, or that of the function that an act was made in."""
    return getattr(act, "__qualname__", "").partition(".")[0].lstrip("_")


class Desk:
    """Runs acts, each in a transaction of its own, and rings for what they left to do."""

    def __init__(
        self,
        *,
        store: Store,
        house: House,
        clock: Clock,
        bells: Mapping[Topic, Sequence[Bell]] | None = None,
    ) -> None:
        self.house = house
        self.clock = clock
        self._store = store
        self._bells = bells or {}

    async def do(
        self,
        act: Callable[Concatenate[Scene, P], T],
        by: Person,
        via: str,
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run the act; return its result once it is committed. Nothing is kept if it raises."""

        with step(f"act {_name_of(act)}", via=via) as span:

            def acted(book: Book) -> tuple[T, frozenset[Topic]]:
                with inside(span):
                    return act(self._scene(book, by, via), *args, **kwargs), book.touched

            done, touched = await self._store.write(acted, behind=by is SITREP)
        for topic in touched:
            for bell in self._bells.get(topic, ()):
                bell.ring()
        return done

    async def read(
        self,
        look: Callable[Concatenate[Scene, P], T],
        by: Person,
        via: str,
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a look that changes nothing."""
        return await self._store.read(
            lambda book: look(self._scene(book, by, via), *args, **kwargs)
        )

    def _scene(self, book: Book, by: Person, via: str) -> Scene:
        return Scene(book=book, house=self.house, now=self.clock.now(), by=by, via=via)
