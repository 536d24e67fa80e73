"""The options behind the '?' of a transport's URL, and what they may be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl

from comms.errors import Invalid
from comms.plan import duration


@dataclass(frozen=True, kw_only=True)
class Quota:
    """So many messages in so long, however they are spread."""

    messages: int
    within: timedelta


@dataclass(frozen=True)
class Options:
    """The options of one URL; each reading raises Invalid, naming the option and its bounds."""

    given: Mapping[str, str]

    def text(self, name: str, default: str = "") -> str:
        """What is written there."""
        return self.given.get(name, default)

    def flag(self, name: str) -> bool | None:
        """True, false, or None where it is left out."""
        value = self.given.get(name)
        if value not in {None, "true", "false"}:
            raise Invalid(f"{name} is true or false, not {value!r}.")
        return None if value is None else value == "true"

    def whole(self, name: str, default: int, *, low: int, high: int) -> int:
        """A whole number."""
        try:
            value = int(self.given.get(name, default))
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise Invalid(
                f"{name} is a whole number from {low} to {high}, not {self.given[name]!r}."
            )
        return value

    def number(self, name: str, default: float, *, low: float, high: float) -> float:
        """A number."""
        try:
            value = float(self.given.get(name, default))
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise Invalid(f"{name} is a number from {low} to {high}, not {self.given[name]!r}.")
        return value

    def rate(self, default: float) -> float:
        """Messages a second: a number, or a rate such as 30/min."""
        if "/" not in self.given.get("rate", ""):
            return self.number("rate", default, low=0, high=duration.FASTEST)
        try:
            return duration.rate(self.given["rate"])
        except ValueError as error:
            raise Invalid(f"rate: {error}") from None

    def quota(self, default: Quota | None) -> Quota | None:
        """So many in so long, such as 10000/d; 0 takes a preset's away."""
        value = self.given.get("quota")
        if value is None:
            return default
        if value == "0":
            return None
        count, _, period = value.partition("/")
        if not count.isdecimal() or not int(count) or period not in duration.PERIODS:
            raise Invalid(f"quota is so many in so long, such as 10000/d or 100/h, not {value!r}.")
        return Quota(messages=int(count), within=timedelta(seconds=duration.PERIODS[period]))


def options(query: str, *, known: Collection[str]) -> Options:
    """Read what stands behind the '?'; Invalid for an unknown option or one that comes twice."""
    given: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise Invalid(f"it has no option {name!r}. Known: {', '.join(known)}.")
        if name in given:
            raise Invalid(f"{name} stands there twice.")
        given[name] = value
    return Options(given)
