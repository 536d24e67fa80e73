"""What became of everybody: the ledger's rows and totals held against what the relay took."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from time import time

from sqlalchemy import create_engine, text

from comms.delivery import DeliveryState
from storage.connect import with_driver
from tests.chaos.sink import Letter

States = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Record:
    """The ledger as somebody reads it who does not trust it: row by row.

    `sums` are its own totals, `counted` the rows by state, `outcomes` each address's state,
    receipt and time.
    """

    sums: States
    counted: States
    outcomes: Mapping[str, tuple[str, str, str]]
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Tally:
    """`repeated` are the letters that came once more after each kill, in the kills' order."""

    planned: int
    letters: int
    lost: tuple[str, ...]
    repeated: tuple[int, ...]
    repeated_in_one_life: int
    changed_ids: tuple[str, ...]

    @property
    def figures(self) -> dict[str, int]:
        """What is printed."""
        return {
            "people": self.planned,
            "kills": len(self.repeated),
            "lost": len(self.lost),
            "duplicates": sum(self.repeated) + self.repeated_in_one_life,
            "most after one kill": max(self.repeated, default=0),
        }


@dataclass
class Lives:
    """When the processes began that sent; each but the last one ended with a kill."""

    began: list[float] = field(default_factory=list)

    def begin(self) -> None:
        """A life begins."""
        self.began.append(time())

    def of(self, letter: Letter) -> int:
        """The life in which its session was opened: what is in a socket outlives its process."""
        return sum(began <= letter.connected for began in self.began) - 1


def record(database_url: str) -> Record:
    """Read the ledger of an installation that holds one update."""
    states = [state.value for state in DeliveryState]
    sums = ", ".join(f"coalesce(sum({state}), 0)" for state in states)
    engine = create_engine(with_driver(database_url))
    try:
        with engine.connect() as connection:
            kept = connection.execute(text(f"SELECT {sums} FROM shard")).one()
            rows = connection.execute(
                text("SELECT address, state, provider_id, finished_at, attempts FROM delivery")
            ).all()
    finally:
        engine.dispose()
    return Record(
        sums={state: int(count) for state, count in zip(states, kept, strict=True) if count},
        counted=Counter(row.state for row in rows),
        outcomes={row.address: (row.state, row.provider_id, str(row.finished_at)) for row in rows},
        attempts=sum(row.attempts for row in rows),
    )


def tally(people: Iterable[str], letters: Sequence[Letter], lives: Lives) -> Tally:
    """Count who got nothing, and who got a letter again after which kill."""
    by_person: dict[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        by_person[letter.recipient].append(letter)
    repeated = Counter[int]()
    for copies in by_person.values():
        seen = sorted(lives.of(letter) for letter in copies)
        repeated.update(before if before != after else -1 for before, after in pairwise(seen))
    people = list(people)
    return Tally(
        planned=len(people),
        letters=len(letters),
        lost=tuple(person for person in people if person not in by_person),
        repeated=tuple(repeated[life] for life in range(len(lives.began) - 1)),
        repeated_in_one_life=repeated[-1],
        changed_ids=tuple(
            person
            for person, copies in by_person.items()
            if len({letter.message_id for letter in copies}) != 1 or not copies[0].message_id
        ),
    )
