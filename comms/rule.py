"""Rules: what text for customers is held against, each with its reason and how it weighs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Level(StrEnum):
    """A warning can be approved; a block cannot, unless the plan lets somebody override it."""

    OFF = "off"
    WARN = "warn"
    BLOCK = "block"


class Rule(StrEnum):
    """A rule by its code: so findings and plans name it."""

    HOSTS = "hosts"
    IPS = "ips"
    TRACES = "traces"
    LINKS = "links"
    TICKETS = "tickets"
    NAMES = "names"
    ADDRESSES = "addresses"
    SEVERITIES = "severities"
    ESTIMATES = "estimates"
    CAUSES = "causes"
    BLAME = "blame"
    HOPE = "hope"
    SCOPE = "scope"
    UNFINISHED = "unfinished"
    NEXT_UPDATE = "next_update"
    DATA_LOSS = "data_loss"

    @property
    def reason(self) -> str:
        """Why the rule is there, in a sentence."""
        return _REASONS[self]

    @property
    def level(self) -> Level:
        """How it weighs where a plan says nothing."""
        return Level.BLOCK if self in _BLOCKING else Level.WARN


# What gives the inside away cannot be taken back; what is only badly put can be corrected.
_BLOCKING = frozenset({Rule.HOSTS, Rule.IPS, Rule.TRACES, Rule.LINKS, Rule.NAMES, Rule.UNFINISHED})

_REASONS: Mapping[Rule, str] = MappingProxyType(
    {
        Rule.HOSTS: "A host's name means nothing to customers and something to attackers.",
        Rule.IPS: "An address means nothing to customers and something to attackers.",
        Rule.TRACES: "It shows what runs where, and reads as if nobody had written it.",
        Rule.LINKS: "A link into the house leads customers to a login, and shows what is used.",
        Rule.TICKETS: "Nobody outside can look the number up.",
        Rule.NAMES: "Nobody is to be called, or blamed, by name.",
        Rule.ADDRESSES: "A person's address is read by everybody, machines too.",
        Rule.SEVERITIES: "Severities are the house's own words; say what does not work.",
        Rule.ESTIMATES: "A time by which it is over is remembered when it is not; promise the next"
        " update instead.",
        Rule.CAUSES: "A cause that is not confirmed comes back when it was another.",
        Rule.BLAME: "Say what happens, not who did it.",
        Rule.HOPE: "It promises nothing; give the time of the next update.",
        Rule.SCOPE: "Whoever reads it cannot tell whether they are affected.",
        Rule.UNFINISHED: "It is not finished.",
        Rule.NEXT_UPDATE: "Without a time for the next update everybody keeps looking, or calls.",
        Rule.DATA_LOSS: "The first question after the end is whether anything was lost.",
    }
)
