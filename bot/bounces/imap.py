"""A letterbox on an IMAP server (RFC 9051), read in a thread of its own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

from imapclient import SEEN, IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from bot.bounces.address import ImapBox, Tls
from bot.bounces.letterbox import Arrived, LetterboxClosed
from comms.channels.mail.returned import LIMIT
from comms.channels.mail.tokens import Tokens

PATIENCE = 30.0
"""Seconds for which a server may say nothing."""

_PART = f"BODY.PEEK[]<0.{LIMIT}>"
_GIVEN = b"BODY[]<0>"

T = TypeVar("T")


class _NotLetIn(LetterboxClosed):
    """The server does not take the password or the token."""


class ImapLetterbox:
    """Gives what is unread; what has been looked at is marked read, or moved into a folder.

    A connection lasts for one look: one that is kept for an hour is what servers and firewalls cut.
    """

    def __init__(
        self, box: ImapBox, *, tokens: Tokens | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        """`tokens` are asked before each XOAUTH2 login; `tls` replaces the trusted certificates."""
        self._box = box
        self._tokens = tokens
        self._tls = tls

    @property
    def every(self) -> timedelta:
        """The time between two looks."""
        return self._box.every

    async def fetch(self, limit: int) -> Sequence[Arrived]:
        """Return the oldest unread messages, at most so many; what is beyond LIMIT is left out."""
        return await self._logged_in(lambda token: self._fetch(token, limit))

    async def put_away(self, ids: Sequence[str]) -> None:
        """Mark these as read, or move them."""
        if ids:
            numbers = [int(one) for one in ids]
            await self._logged_in(lambda token: self._put_away(token, numbers))

    async def _logged_in(self, look: Callable[[str], T]) -> T:
        """Look in a thread; a token that is refused is fetched anew, once."""
        if self._tokens is None:
            return await asyncio.to_thread(look, "")
        try:
            return await asyncio.to_thread(look, await self._tokens.token() or "")
        except _NotLetIn:
            # It was withdrawn before its time, or its key was rolled.
            self._tokens.forget()
            return await asyncio.to_thread(look, await self._tokens.token() or "")

    def _fetch(self, token: str, limit: int) -> list[Arrived]:
        with self._opened(token) as server:
            numbers = sorted(server.search("UNSEEN"))[:limit]
            found = server.fetch(numbers, [_PART]) if numbers else {}
            return [
                Arrived(id=str(number), raw=bytes(found[number][_GIVEN]))
                for number in numbers
                if number in found and _GIVEN in found[number]
            ]

    def _put_away(self, token: str, numbers: list[int]) -> None:
        with self._opened(token) as server:
            server.add_flags(numbers, [SEEN], silent=True)
            if self._box.done:
                self._move(server, numbers)

    def _move(self, server: Any, numbers: list[int]) -> None:
        if not server.folder_exists(self._box.done):
            server.create_folder(self._box.done)
        if server.has_capability("MOVE"):
            server.move(numbers, self._box.done)
        else:
            server.copy(numbers, self._box.done)
            server.delete_messages(numbers)
            server.uid_expunge(numbers)

    @contextmanager
    def _opened(self, token: str) -> Iterator[Any]:
        """Log in and select the folder. LetterboxClosed says what did not work."""
        box = self._box
        context = self._tls or ssl.create_default_context()
        try:
            server = IMAPClient(
                box.host,
                box.port,
                ssl=box.tls is Tls.IMPLICIT,
                ssl_context=context,
                timeout=PATIENCE,
            )
        except (OSError, IMAPClientError) as failure:
            raise LetterboxClosed(f"{box.host}:{box.port} cannot be reached: {failure}.") from None
        try:
            if box.tls is Tls.STARTTLS:
                server.starttls(context)
            if box.has_token:
                server.oauth2_login(box.user, token)
            else:
                server.login(box.user, box.password)
            server.select_folder(box.folder)
            yield server
        except LoginError:
            # The server's own words may repeat what we sent.
            raise _NotLetIn(f"{box.host} does not let {box.user} in.") from None
        except (OSError, IMAPClientError) as failure:
            raise LetterboxClosed(f"{box.host}: {str(failure)[:200]}") from None
        finally:
            with suppress(OSError, IMAPClientError):
                server.logout()
