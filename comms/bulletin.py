"""A bulletin: what goes out through the ledger and is no update: a digest, an invitation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from comms.statement import Statement


class BulletinKind(StrEnum):
    """What a bulletin is to its readers."""

    DIGEST = "digest"
    CONFIRMATION = "confirmation"
    INVITATION = "invitation"


@dataclass(frozen=True, kw_only=True)
class Bulletin:
    """`key` is unique, and stands in the ledger where an update has its incident's key; it makes
    a bulletin that is posted twice the same one.

    `about` is the incident that it is about, or ''. `facts` are what its kind has to remember.
    `at` is in UTC.
    """

    key: str
    kind: BulletinKind
    audience: str
    at: datetime
    statement: Statement
    about: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)


class Bulletins(Protocol):
    """Where bulletins are kept."""

    def add(self, bulletin: Bulletin) -> bool:
        """Keep a new one; False where there is one of that key already."""
        ...

    def get(self, key: str) -> Bulletin | None:
        """The bulletin of that key, if there is one."""
        ...

    def find(
        self,
        *,
        kind: BulletinKind | None = None,
        audience: str | None = None,
        about: str | None = None,
        limit: int = 50,
    ) -> Sequence[Bulletin]:
        """Bulletins of this kind, to this audience, about this incident, newest first."""
        ...
