"""A button that was pressed: what it asks for, by whom, where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from comms.errors import Invalid
from comms.people import Person
from comms.room import Place


@dataclass(kw_only=True)
class Once:
    """An activity's id, unique over all conversations; `kept` once an act has recorded it."""

    id: str
    kept: bool = False


@dataclass(frozen=True, kw_only=True)
class Press:
    """`data` is the action's own data together with what was typed into the card's inputs.

    `once` is the activity's id: the channel may deliver it again.
    """

    verb: str
    data: Mapping[str, Any]
    by: Person
    place: Place
    in_dialog: bool = False
    once: Once | None = None

    @property
    def incident(self) -> str:
        """The key of the incident that the card is about."""
        return self.text("incident")

    def text(self, name: str) -> str:
        """One value as text; '' where it is not there."""
        value = self.data.get(name)
        return value if isinstance(value, str) else "" if value is None else str(value)

    def number(self, name: str) -> int:
        """One value as a number; Invalid where it is none, which no card of ours sends."""
        try:
            return int(self.text(name))
        except ValueError:
            raise Invalid(f"The button carries no {name}. Please open the card again.") from None


def verb_of(data: Mapping[str, Any]) -> str:
    """The verb in an action's data; '' where there is none."""
    verb = data.get("verb")
    return verb if isinstance(verb, str) else ""
