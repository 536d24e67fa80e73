"""Postmarks: what each letter bears, so that we know it when it comes back, and nobody else's."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from comms.channels.mail.address import addr_spec
from comms.delivery import Delivery
from comms.errors import Invalid

PLACE = "{token}"
"""What stands for the postmark in a return path that differs from letter to letter (VERP)."""

SIGNED = 12
"""Bytes of a signature: nobody guesses one of 96 bits by sending mail."""

_LONGEST = "9" * 19 + "." + "f" * 2 * SIGNED
_MARK = re.compile(rf"(?<![0-9A-Za-z])([1-9][0-9]{{0,18}})\.([0-9a-f]{{{2 * SIGNED}}})(?![0-9a-f])")


@dataclass(frozen=True, slots=True)
class Mark:
    """A postmark as it came back: of which delivery it says to be, and by what signature."""

    delivery: int
    signature: str


class Postmarks:
    """Makes postmarks, and knows its own. A postmark is the same at every attempt.

    It stands in a letter's Message-ID, and in its return path where that has a place for it. Only
    who has seen the letter can know it: without the key it cannot be made.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, delivery: Delivery) -> str:
        """Return the postmark of a delivery: its number and a signature, 44 characters at most."""
        return f"{delivery.id}.{self._signed(delivery.id, delivery.key)}"

    def is_ours(self, mark: Mark, *, key: str) -> bool:
        """True where we put this mark on the delivery of that number, whose key is `key`."""
        return hmac.compare_digest(mark.signature, self._signed(mark.delivery, key))

    def _signed(self, delivery: int, key: str) -> str:
        text = f"{delivery}:{key}".encode()
        return blake2b(text, key=self._key, digest_size=SIGNED).hexdigest()


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """Where servers return what they cannot deliver: the envelope's sender (RFC 5321, 4.4).

    `before` and `after` stand around the postmark; `after` alone is an address without one.
    """

    before: str
    after: str

    @property
    def is_marked(self) -> bool:
        """True where each letter has a return path of its own."""
        return bool(self.before)

    def of(self, mark: str) -> str:
        """The address to which the letter with this postmark comes back."""
        return f"{self.before}{mark}{self.after}" if self.is_marked else self.after


def return_path(value: str, *, option: str) -> ReturnPath:
    """Return the path of 'bounces@contoso.com' or 'bounces+{token}@contoso.com'.

    Invalid names `option` and what is wrong.
    """
    before, place, after = value.strip().partition(PLACE)
    try:
        if not place:
            return ReturnPath("", addr_spec(before))
        if not before or not after.startswith("@"):
            raise Invalid(f"{PLACE} stands right before the '@'.")
        spec = addr_spec(f"{before}{_LONGEST}{after}")
        return ReturnPath(before, spec.removeprefix(f"{before}{_LONGEST}"))
    except Invalid as error:
        raise Invalid(
            f"{option} is not an address that mail can come back to. {error.detail}"
            f" Example: bounces+{PLACE}@contoso.com"
        ) from None


def marks_in(text: str) -> Iterator[Mark]:
    """Yield what looks like a postmark in an address or a Message-ID."""
    for number, signature in _MARK.findall(text):
        yield Mark(int(number), signature)
