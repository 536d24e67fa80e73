"""Signed links: what a recipient may do with a URL, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from comms.errors import NotFound

SIGNED = 18
"""Bytes of a signature."""


class Links:
    """Makes and reads links under `base_url`. A link is for one purpose and one thing.

    `key` signs; links that were signed with one of the `older` keys are good too. A key has 64
    bytes at most.
    """

    def __init__(self, *, key: bytes, base_url: str, older: Sequence[bytes] = ()) -> None:
        self._key = key
        self._older = tuple(older)
        self.base_url = base_url

    def make(self, purpose: str, subject: str) -> str:
        """Return the URL '…/purpose/subject.signature'; '' without a public address."""
        if not self.base_url:
            return ""
        return f"{self.base_url}/{purpose}/{subject}.{self._sign(purpose, subject)}"

    def read(self, purpose: str, token: str) -> str:
        """Return the subject of a link that we made; NotFound for any other."""
        subject, _, signature = token.rpartition(".")
        if not self.is_signed(purpose, subject, signature):
            raise NotFound("This link is not one of ours, or not complete.")
        return subject

    def signed(self, path: str, purpose: str, subject: str) -> str:
        """Return the URL '…/path?t=signature'; '' without a public address."""
        if not self.base_url:
            return ""
        return f"{self.base_url}/{path}?t={self._sign(purpose, subject)}"

    def is_signed(self, purpose: str, subject: str, signature: str) -> bool:
        """True for a signature that we made for this purpose and thing."""
        given = signature.encode("utf-8", "replace")
        return any(
            hmac.compare_digest(_signature(key, purpose, subject).encode(), given)
            for key in (self._key, *self._older)
        )

    def fingerprint(self, purpose: str, subject: str) -> str:
        """Return what tells one subject from another, and nobody else can trace back to it."""
        return self._sign(purpose, subject)

    def _sign(self, purpose: str, subject: str) -> str:
        return _signature(self._key, purpose, subject)


def _signature(key: bytes, purpose: str, subject: str) -> str:
    # A keyed BLAKE2 is a MAC by itself (RFC 7693), and three times as quick as HMAC.
    text = f"{purpose}:{subject}".encode()
    signature = hashlib.blake2b(text, key=key, digest_size=SIGNED).digest()
    return base64.urlsafe_b64encode(signature).decode()
