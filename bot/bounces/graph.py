"""A letterbox in Microsoft 365, read through Graph with the app's own permission.

learn.microsoft.com: "List messages", "Get MIME content of a message", "Update message",
"message: move". The app needs Mail.ReadWrite, for this mailbox alone (RBAC for applications).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import aiohttp

from bot.bounces.address import GraphBox
from bot.bounces.letterbox import Arrived, LetterboxClosed
from comms.channels.mail.returned import LIMIT
from comms.channels.mail.tokens import Tokens

PATIENCE = aiohttp.ClientTimeout(total=60)
LONGEST_PAUSE = 3600
"""Seconds: whatever Graph asks for, an hour later it is tried again."""

# What is ordered by must be what is filtered by first.
UNREAD = "receivedDateTime ge 2000-01-01T00:00:00Z and isRead eq false"


class GraphLetterbox:
    """Gives what is unread; what has been looked at is marked read, and moved where that is said.

    `url` is Graph's, up to its version.
    """

    def __init__(
        self, box: GraphBox, *, url: str, session: aiohttp.ClientSession, tokens: Tokens
    ) -> None:
        self._box = box
        self._user = f"{url}/users/{quote(box.user, safe='@')}"
        self._session = session
        self._tokens = tokens

    @property
    def every(self) -> timedelta:
        """The time between two looks."""
        return self._box.every

    async def fetch(self, limit: int) -> Sequence[Arrived]:
        """Return the oldest unread messages, at most so many; what is beyond LIMIT is left out."""
        folder = f"{self._user}/mailFolders/{quote(self._box.folder, safe='')}/messages"
        params = {
            "$filter": UNREAD,
            "$orderby": "receivedDateTime asc",
            "$select": "id",
            "$top": str(limit),
        }
        listed = await self._json("GET", folder, params=params)
        found = listed.get("value", [])
        return [Arrived(id=one["id"], raw=await self._mime(one["id"])) for one in found]

    async def put_away(self, ids: Sequence[str]) -> None:
        """Mark these as read, and move them where a folder is named."""
        for one in ids:
            await self._json("PATCH", self._message(one), json={"isRead": True})
            if self._box.done:
                target = {"destinationId": self._box.done}
                await self._json("POST", f"{self._message(one)}/move", json=target)

    def _message(self, number: str) -> str:
        return f"{self._user}/messages/{quote(number, safe='')}"

    async def _mime(self, number: str) -> bytes:
        async with await self._asked("GET", f"{self._message(number)}/$value") as answer:
            return await _beginning(answer) if answer.status != 404 else b""

    async def _json(self, method: str, url: str, **more: Any) -> Mapping[str, Any]:
        async with await self._asked(method, url, **more) as answer:
            # Gone is what somebody has deleted meanwhile.
            told = await answer.json() if answer.status != 404 and answer.content_length else {}
            return told if isinstance(told, dict) else {}

    async def _asked(self, method: str, url: str, **more: Any) -> aiohttp.ClientResponse:
        answer = await self._once(method, url, **more)
        if answer.status == 401:
            # The token was withdrawn before its time, or its key was rolled.
            answer.release()
            self._tokens.forget()
            answer = await self._once(method, url, **more)
        if answer.status < 400 or (answer.status == 404 and "/messages/" in url):
            return answer
        said = await _said(answer)
        answer.release()
        raise LetterboxClosed(
            f"Graph answers {answer.status} for {self._box.user}: {said}", again=_asks_for(answer)
        )

    async def _once(self, method: str, url: str, **more: Any) -> aiohttp.ClientResponse:
        headers = {
            "Authorization": f"Bearer {await self._tokens.token()}",
            # Else a message has another id as soon as it is moved.
            "Prefer": 'IdType="ImmutableId"',
        }
        try:
            return await self._session.request(
                method, url, headers=headers, timeout=PATIENCE, **more
            )
        except (aiohttp.ClientError, TimeoutError) as failure:
            raise LetterboxClosed(
                f"Graph cannot be reached: {failure or type(failure).__name__}."
            ) from None


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    raw = b""
    async for chunk in answer.content.iter_any():
        raw += chunk
        if len(raw) >= LIMIT:
            break
    return raw[:LIMIT]


async def _said(answer: aiohttp.ClientResponse) -> str:
    try:
        told = await answer.json(content_type=None)
        return str(told["error"]["code"])[:100]
    except (aiohttp.ClientError, ValueError, LookupError, TypeError):
        return answer.reason or "nothing"


def _asks_for(answer: aiohttp.ClientResponse) -> timedelta | None:
    given = answer.headers.get("Retry-After", "")
    return timedelta(seconds=min(int(given), LONGEST_PAUSE)) if given.isdecimal() else None
