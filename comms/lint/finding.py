"""A finding: one thing that lint found, where, and how it weighs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from comms.rule import Level, Rule


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that lint found, for one audience; `pointer` names the field of the report.

    `can_override`: somebody whom the plan names may approve it all the same, with a reason.
    """

    level: Level
    audience: str
    code: str
    message: str
    pointer: str
    can_override: bool = False

    @property
    def reason(self) -> str:
        """Why the rule is there; '' where it is none that a plan weighs."""
        return Rule(self.code).reason if self.code in set(Rule) else ""


class Found(NamedTuple):
    """What a rule found in a text: the words, and what to say of them.

    `is_sure` False: they may well mean something else, so it never weighs more than a warning.
    """

    rule: Rule
    message: str
    is_sure: bool = True
