"""What became of everybody: the ledger's rows and totals held against what the relay took."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from sqlalchemy import create_engine, text

from comms.delivery import DeliveryState
from storage.connect import with_driver
from tests.chaos.sink import Letter
from tests.chaos.victim import Victim

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
    """`repeated` are the letters that came once more because this process was cut off, by process.

    `unexplained` are processes that sent a letter once more although nobody was cut off.
    """

    planned: int
    letters: int
    lost: tuple[str, ...]
    repeated: Mapping[str, int]
    unexplained: tuple[str, ...]
    changed_ids: tuple[str, ...]

    @property
    def most_repeated(self) -> int:
        """The most letters that had to be sent again after one process was cut off."""
        return max(self.repeated.values(), default=0)

    @property
    def figures(self) -> dict[str, int]:
        """What is printed."""
        return {
            "people": self.planned,
            "kills": len(self.repeated),
            "lost": len(self.lost),
            "duplicates": sum(self.repeated.values()) + len(self.unexplained),
            "most after one kill": self.most_repeated,
        }


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


def tally(
    people: Sequence[str], letters: Sequence[Letter], victims: Iterable[Victim], *, updates: int = 1
) -> Tally:
    """Count who did not get each of the updates, and what came again after which process's end.

    A letter is the same where its Message-ID is. Of those who sent the same letter, the one that
    was cut off first could not record it, then the second, and so on: only the last one did.
    """
    cut_off = {one.name: one.cut_off_at for one in victims if one.cut_off_at is not None}
    senders: dict[str, list[str]] = defaultdict(list)
    ids: dict[str, set[str]] = {person: set() for person in people}
    for letter in letters:
        senders[letter.message_id].append(letter.by)
        ids[letter.recipient].add(letter.message_id)
    repeated = Counter(dict.fromkeys(cut_off, 0))
    unexplained = []
    for copies in senders.values():
        ends = sorted(copies, key=lambda name: cut_off.get(name, inf))
        for at, name in enumerate(ends[:-1]):
            if name in cut_off and name not in ends[:at]:
                repeated[name] += 1
            else:
                unexplained.append(name)
    return Tally(
        planned=len(people) * updates,
        letters=len(letters),
        lost=tuple(person for person, found in ids.items() if len(found) < updates),
        repeated=repeated,
        unexplained=tuple(unexplained),
        changed_ids=tuple(
            person for person, found in ids.items() if len(found) > updates or "" in found
        ),
    )
