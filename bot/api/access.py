"""Who may call the API, and as whom a call acts."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from comms.errors import Forbidden, SitrepError
from comms.people import Person

API = Person(name="API")
"""Who acts where the caller is a program with the house's own token."""

REPORTER = Person(name="Reporting service")
"""Who acts where the caller has the token of inbound reports."""

INBOUND = "inbound"
"""The scope of what other services may report."""


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
    """What opens the API: one token, or (`is_open`, the demo on loopback) nothing at all.

    `inbound` opens the routes for what other services report, and nothing else.
    """

    token: str = field(default="", repr=False)
    inbound: str = field(default="", repr=False)
    is_open: bool = False

    def admit(self, authorization: str | None, *, scope: str = "") -> Caller:
        """Return who calls with this `Authorization` header; Unauthorized where nobody may.

        `scope` is what a caller without the house's own token needs, where such may call at all.
        """
        if self.is_open:
            return Caller(person=API)
        if not self.token and not (scope == INBOUND and self.inbound):
            raise Unauthorized(
                "This installation has no API token, so the API is closed. Set SITREP_API_TOKEN."
            )
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.casefold() != "bearer" or not given.strip():
            raise Unauthorized("Send the API token as 'Authorization: Bearer …'.")
        if self.token and hmac.compare_digest(_bytes(given.strip()), _bytes(self.token)):
            return Caller(person=API)
        if self.inbound and hmac.compare_digest(_bytes(given.strip()), _bytes(self.inbound)):
            if scope == INBOUND:
                return Caller(person=REPORTER, scopes=frozenset({INBOUND}))
            raise Forbidden("This token only opens what lies under /inbound.")
        raise Unauthorized("This API token is not known here.")


def _bytes(token: str) -> bytes:
    # A header may carry any byte; what is no text is no token either, but must not raise.
    return token.encode("utf-8", "surrogateescape")
