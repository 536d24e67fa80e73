"""A choice: what one reader of an audience's mail wants to receive, and how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from comms.delivery import Reason
from comms.errors import Invalid
from comms.plan.model import Audience
from comms.plan.problem import nearest
from comms.slot import WEEKDAYS, Slot
from comms.update import Kind, Update

HOUR = 8
"""The local hour of a digest, unless its reader chooses another."""


class Wish(StrEnum):
    """What a reader wants: every update, only what changes something, a digest, or nothing."""

    EVERY = "every"
    CHANGES = "changes"
    DAILY = "daily"
    WEEKLY = "weekly"
    NOTHING = "nothing"

    @property
    def is_digest(self) -> bool:
        """True where letters come at an hour, not with the updates."""
        return self in {Wish.DAILY, Wish.WEEKLY}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """`language` and `time_zone` take the place of those in the audience's list; '' leaves them.

    `hour` and `weekday` (0: Monday) are those of a digest, in `time_zone`. `read_to` is the last
    fan-out that a digest has told of: the next one goes on behind it; `read_at` (UTC) is the moment
    of the slot at which that digest was due. `by_import`: it came with the list, and a new list
    may change it; what a person has chosen stays. `quiet` are quiet hours in place of those in the
    list, as `comms.quiet.hours_of` reads them.
    """

    wish: Wish = Wish.EVERY
    hour: int = HOUR
    weekday: int = 0
    language: str = ""
    time_zone: str = ""
    read_to: int = 0
    read_at: datetime | None = None
    by_import: bool = False
    quiet: str = ""

    @property
    def slot(self) -> Slot | None:
        """When the digest leaves; None: there is none."""
        if not self.wish.is_digest:
            return None
        return Slot(
            zone=self.time_zone or "UTC",
            hour=self.hour,
            weekday=self.weekday if self.wish is Wish.WEEKLY else None,
        )

    @property
    def words(self) -> str:
        """The wish as a file of people has it: 'every', 'daily 8', 'weekly monday 8'."""
        if self.wish is Wish.DAILY:
            return f"daily {self.hour}"
        if self.wish is Wish.WEEKLY:
            return f"weekly {WEEKDAYS[self.weekday]} {self.hour}"
        return self.wish.value


class Chosen(NamedTuple):
    """A choice with whose it is: an address (casefolded) in an audience."""

    audience: str
    address: str
    choice: Choice


class Choices(Protocol):
    """Where choices are kept. Addresses are casefolded; whoever has made none is not in it."""

    def among(
        self, audiences: Sequence[str], addresses: Sequence[str]
    ) -> Mapping[tuple[str, str], Choice]:
        """What these addresses have chosen in these audiences, by audience and address."""
        ...

    def save(self, chosen: Sequence[Chosen]) -> None:
        """Keep these choices in place of any before."""
        ...

    def imported(self, chosen: Sequence[Chosen]) -> None:
        """Keep the choices of a list, but not in place of what a person has chosen."""
        ...

    def of(self, audience: str, *, after: str = "", limit: int = 1000) -> Sequence[Chosen]:
        """The choices made in an audience by address, from the one after `after`."""
        ...

    def counts(self, audience: str) -> Mapping[Wish, int]:
        """How many of the audience's people have made which choice.

        Those who made none are not in it, nor those who are not among its people any more.
        """
        ...

    def due(
        self, audience: str, slot: Slot, *, before: datetime | None = None, limit: int
    ) -> Sequence[Chosen]:
        """Readers whose digest leaves at that slot; `before`: whose last one was due before."""
        ...


def parsed(words: str) -> Choice:
    """Return the choice that these words of a file of people make; Invalid where they make none.

    `every`, `changes`, `daily [hour]`, `weekly [weekday] [hour]`, `nothing`.
    """
    wish, *more = words.casefold().split()
    if wish not in tuple(Wish):
        known = ", ".join(Wish)
        raise Invalid(
            f"There is no choice {wish[:40]!r}.{nearest(wish, tuple(Wish))} Known: {known}."
        )
    choice = Choice(wish=Wish(wish), by_import=True)
    if choice.wish is Wish.WEEKLY and more and more[0] in WEEKDAYS:
        choice = replace(choice, weekday=WEEKDAYS.index(more.pop(0)))
    if choice.wish.is_digest and more:
        choice = replace(choice, hour=_hour(more.pop(0)))
    if more:
        raise Invalid(f"Nothing can stand behind {choice.words!r}; here is {more[0][:40]!r}.")
    return choice


def _hour(word: str) -> int:
    hour = word.removesuffix(":00")
    if not (hour.isascii() and hour.isdigit() and int(hour) < 24):
        raise Invalid(f"{word[:20]!r} is not an hour from 0 to 23.")
    return int(hour)


def withheld(choice: Choice | None, audience: Audience, *, is_news: bool) -> Reason | None:
    """Return why an update is not sent at once to whoever chose this; None: it is.

    Where the plan lets nobody stop, whoever once did gets every update again.
    """
    match choice.wish if choice else Wish.EVERY:
        case Wish.NOTHING if audience.may_stop:
            return Reason.UNSUBSCRIBED
        case Wish.DAILY | Wish.WEEKLY:
            return Reason.DIGEST
        case Wish.CHANGES if not is_news:
            return Reason.UNCHANGED
        case _:
            return None


def is_news(update: Update, before: Update | None, audience: Audience) -> bool:
    """True where an update changes something for its readers.

    It is the first that they get (`before` is None), or it says itself what it changes (severity,
    correction, resolved), or its status, its severity or its impact is another, as far as this
    audience is told of them.
    """
    if before is None or update.kind not in {Kind.UPDATE, Kind.NO_CHANGE}:
        return True
    return _told(update, audience) != _told(before, audience)


def _told(update: Update, audience: Audience) -> tuple[str, ...]:
    report = update.report
    if not audience.external:
        return (update.status, update.severity, report.conditions)
    customer = report.customer
    return (update.status, *((customer.symptom, customer.scope) if customer else ()))
