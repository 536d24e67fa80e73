"""Overrides: an organisation's own letters, in place of shipped ones or of blocks of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, kw_only=True)
class Override:
    """One template of an organisation: its path among the templates, its file and its text."""

    path: str
    file: str
    source: str


@dataclass(frozen=True, eq=False)
class Overrides:
    """An organisation's templates by path, read once; compared by identity.

    `strict`: what fails, fails. Otherwise the shipped letter takes the place of one that fails, and
    `troubles` says of each why (by the letter's path); doctor and readiness show them.
    """

    files: Mapping[str, Override] = field(default_factory=dict)
    strict: bool = False
    troubles: dict[str, str] = field(default_factory=dict)

    def without(self, paths: Iterable[str], why: Mapping[str, str]) -> Overrides:
        """Return those that are left when these have failed, for the reasons given."""
        gone = set(paths)
        kept = {path: found for path, found in self.files.items() if path not in gone}
        return replace(self, files=kept, troubles={**self.troubles, **why})

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know: the templates that are not used, and why."""
        return tuple(
            f"The shipped letter stands in for {path}: {why}" for path, why in self.troubles.items()
        )


NONE = Overrides()
