"""A recipient: one address of one person, in one audience."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple, Protocol
from zoneinfo import available_timezones

from comms import text
from comms.channels.mail.address import addr_spec
from comms.choice import parsed
from comms.errors import Invalid, SitrepError
from comms.plan.model import ChannelName
from comms.quiet import checked_quiet

# RFC 5321 4.1.2 and RFC 6531 before the '@', without quoted local parts: letters of any script, no
# blank, no mark of an envelope or a header, no dot at an end or beside another.
_WORD = r"[^\s@<>()\[\]\\,;:\".\x00-\x20\x7f]+"
_LOCAL = re.compile(rf"{_WORD}(?:\.{_WORD})*")
_KNOWN = frozenset(channel.value for channel in ChannelName)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """`channels` are those by which they want to be told, the first that reaches them; empty
    means: those of the audience. `language` is BCP 47, `time_zone` an IANA
    name; '' means the plan's. `choice` is as `comms.choice.parsed` reads it, `quiet` as
    `comms.quiet.hours_of` does; '' is none, and the audience's."""

    email: str
    name: str = ""
    language: str = ""
    time_zone: str = ""
    channels: tuple[str, ...] = ()
    choice: str = ""
    quiet: str = ""


class Listed(NamedTuple):
    """A recipient as planning reads it, a page at a time; `number` is its place in the list.

    `channels` are separated by spaces; '' means those of the audience, as it does for `quiet`.
    """

    number: int
    email: str
    name: str
    language: str
    channels: str
    time_zone: str = ""
    quiet: str = ""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A line of an import that was not taken, and why."""

    line: int
    reason: str


class Recipients(Protocol):
    """Where people are kept."""

    def replace(self, audience: str, people: Iterable[Recipient]) -> int:
        """Make these the people of the audience, beside those who have subscribed themselves.

        Return how many there are now.
        """
        ...

    def subscribe(self, audience: str, person: Recipient) -> None:
        """Add somebody who stays whatever list replaces the others; nothing where they are in."""
        ...

    def count(self, audience: str) -> int:
        """How many people the audience has."""
        ...

    def languages(self, audience: str) -> Mapping[str, int]:
        """How many people of the audience are listed with each language ('': with none)."""
        ...

    def quiet(self, audience: str, *, own_only: bool) -> Mapping[tuple[str, str], int]:
        """How many people of the audience are listed with each quiet hours and time zone.

        `own_only`: only those who have hours of their own.
        """
        ...

    def page(self, audience: str, *, after: int, limit: int) -> Sequence[Listed]:
        """The next people of the audience by their number, from the one after `after`."""
        ...

    def among(
        self, emails: Sequence[str], audiences: Sequence[str]
    ) -> Mapping[str, Mapping[str, str]]:
        """In which of the audiences these people are, and by which channels they want to be told
        there; by their addresses (casefolded)."""
        ...

    def found(self, audience: str, addresses: Sequence[str]) -> Sequence[Recipient]:
        """The people of the audience who have these addresses (casefolded)."""
        ...

    def of(
        self, audience: str, *, after: int = 0, limit: int = 1000, own: bool = False
    ) -> tuple[Recipient, ...]:
        """People of the audience by their number, from the one after `after`; limit 0: all.

        `own`: only those whom its list names or who have subscribed, not those of sources alone.
        """
        ...


def checked(recipient: Recipient) -> Recipient:
    """Return the recipient with its address in order; Invalid says what is wrong with it."""
    given = recipient
    email = checked_address(given.email)
    name = text.line(given.name, pointer="/name")
    language = checked_language(given.language)
    time_zone = checked_zone(given.time_zone)
    channels = _channels(given.channels)
    choice = parsed(given.choice).words if given.choice.strip() else ""
    quiet = checked_quiet(given.quiet) if given.quiet else ""
    kept = (email, name, language, time_zone, channels, choice, quiet)
    # Most need no change, and of a hundred thousand each new one counts.
    if kept == (
        given.email,
        given.name,
        given.language,
        given.time_zone,
        given.channels,
        given.choice,
        given.quiet,
    ):
        return given
    return Recipient(
        email=email,
        name=name,
        language=language,
        time_zone=time_zone,
        channels=channels,
        choice=choice,
        quiet=quiet,
    )


def checked_address(value: str) -> str:
    """Return the mail address in order; Invalid where it is none."""
    email = value.strip()
    if not email:
        raise Invalid("The address is missing.", pointer="/email")
    local, _, domain = email.rpartition("@")
    if len(email) > 254 or not _is_local(local) or not _is_domain(domain):
        raise Invalid(f"{email[:80]!r} is not a mail address.", pointer="/email")
    return email


def _is_local(local: str) -> bool:
    # What is not printable (a direction mark, half a surrogate) shows another address than it is.
    is_short = len(local if local.isascii() else local.encode("utf-8", "replace")) <= 64
    # '=?' begins an encoded word, which readers of a header would decode.
    is_plain = local.isprintable() and "=?" not in local
    return is_short and is_plain and bool(_LOCAL.fullmatch(local))


@lru_cache(maxsize=4096)
def _is_domain(domain: str) -> bool:
    # Of a hundred thousand addresses most share few domains.
    try:
        addr_spec(f"a@{domain}")
    except Invalid:
        return False
    return True


def checked_language(value: str) -> str:
    """Return the language (BCP 47) in order, '' for none; Invalid where it is no such name."""
    language = value.strip()
    if language and not _is_language(language):
        raise Invalid(
            f"{language[:20]!r} is not a language (like 'en' or 'pt-BR').", pointer="/language"
        )
    return language


def checked_zone(value: str) -> str:
    """Return the time zone (IANA) in order, '' for none; Invalid where there is no such zone."""
    zone = value.strip()
    if zone and zone not in _zones():
        raise Invalid(
            f"{zone[:40]!r} is not a time zone (like 'Europe/Zurich').", pointer="/time_zone"
        )
    return zone


def sorted_out(
    people: Iterable[tuple[int, Recipient]], refused: list[Refused]
) -> Iterable[Recipient]:
    """Yield those that can be reached; add the others to `refused` with their line."""
    seen: dict[str, int] = {}
    for number, person in people:
        try:
            kept = checked(person)
        except SitrepError as wrong:
            refused.append(Refused(line=number, reason=wrong.detail))
            continue
        first = seen.setdefault(kept.email.casefold(), number)
        if first != number:
            refused.append(Refused(line=number, reason=f"{kept.email} is on line {first} too."))
            continue
        yield kept


def _channels(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    given = [name.strip() for name in names if name.strip()]
    unknown = set(given) - _KNOWN
    if unknown:
        known = ", ".join(ChannelName)
        raise Invalid(f"There is no channel {min(unknown)[:40]!r}. Known: {known}.")
    return tuple(dict.fromkeys(given))


@lru_cache(maxsize=1024)
def _is_language(name: str) -> bool:
    return _LANGUAGE.fullmatch(name) is not None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
