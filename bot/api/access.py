"""Who may call the API, and as whom a call acts."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from comms.errors import SitrepError
from comms.people import Person

API = Person(name="API")
"""Who acts where the caller is a program with the house's own token."""


class Unauthorized(SitrepError):
    """The call carries no token, or not the right one."""

    title = "Not authorised"
    status = 401


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls. `scopes` None: unscoped, may do everything and act for any approver."""

    person: Person
    scopes: frozenset[str] | None = None

    @property
    def is_unscoped(self) -> bool:
        """True for the house's own token."""
        return self.scopes is None


ANYBODY = Caller(person=Person(name="Anybody"), scopes=frozenset())
"""The caller of what is public."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What opens the API: one token, or (`is_open`, the demo on loopback) nothing at all."""

    token: str = field(default="", repr=False)
    is_open: bool = False

    def admit(self, authorization: str | None) -> Caller:
        """Return who calls with this `Authorization` header; Unauthorized where nobody may."""
        if self.is_open:
            return Caller(person=API)
        if not self.token:
            raise Unauthorized(
                "This installation has no API token, so the API is closed. Set SITREP_API_TOKEN."
            )
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.casefold() != "bearer" or not given.strip():
            raise Unauthorized("Send the API token as 'Authorization: Bearer …'.")
        if not hmac.compare_digest(_bytes(given.strip()), _bytes(self.token)):
            raise Unauthorized("This API token is not known here.")
        return Caller(person=API)


def _bytes(token: str) -> bytes:
    # A header may carry any byte; what is no text is no token either, but must not raise.
    return token.encode("utf-8", "surrogateescape")
