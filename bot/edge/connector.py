"""The channel's REST interface: what the bot says, over one pooled session.

learn.microsoft.com: bot-service/rest-api/bot-framework-rest-connector-api-reference
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
import structlog
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)
from yarl import URL

from bot.edge.hosts import ServiceHosts
from bot.edge.tokens import Tokens, TokenUnavailable

log = structlog.get_logger(__name__)

MESSAGE_LIMIT = 100 * 1024
"""Bytes of UTF-16 that a message may have (learn.microsoft.com: bots/how-to/format)."""
BUSY = frozenset({412, 429, 502, 503, 504})
"""Answers after which Microsoft asks to try again (bots/how-to/rate-limit)."""
PAGE = 500


class ConnectorError(Exception):
    """The channel did not do what it was asked.

    `status` is its HTTP status, 0 where it gave none. `code` is its own short word for it.
    `handed_over` is true where the content had left us and no answer came: it may have been
    posted. `retry_after` is the channel's wish.
    """

    def __init__(
        self,
        status: int,
        code: str,
        *,
        retry_after: timedelta | None = None,
        handed_over: bool = False,
    ) -> None:
        super().__init__(f"{status} {code}" if status else code)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.handed_over = handed_over


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long one call may go on: attempts, and seconds between them."""

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 8.0


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A conversation that was created, and its first activity where one was sent."""

    id: str
    activity_id: str
    service_url: str


Sleep = Callable[[float], Awaitable[None]]


def open_session(*, connections: int = 100, answer_within: float = 15.0) -> aiohttp.ClientSession:
    """Return the session for the connector and the signing keys; close it at the end."""
    return aiohttp.ClientSession(
        # Idle connections go before the far side drops them: a POST on a dropped one is lost.
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=15),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(
            total=4 * answer_within, connect=answer_within, sock_connect=5, sock_read=answer_within
        ),
    )


class Connector:
    """Speaks to the channel in the bot's name. Every method raises ConnectorError.

    Activities and answers are JSON objects. Ids are the channel's, as they came.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        tokens: Tokens,
        hosts: ServiceHosts,
        *,
        patience: Patience = Patience(),
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._session = session
        self._tokens = tokens
        self._hosts = hosts
        self._patience = patience
        self._sleep = sleep

    async def post(self, service_url: str, conversation: str, activity: Mapping[str, Any]) -> str:
        """Post to the end of the conversation; return the new activity's id."""
        url = self._url(service_url, conversation, "activities")
        return _id(await self._send("POST", url, activity, _is_busy))

    async def reply(
        self, service_url: str, conversation: str, activity_id: str, activity: Mapping[str, Any]
    ) -> str:
        """Post as a reply to that activity; return the new activity's id."""
        url = self._url(service_url, conversation, "activities", activity_id)
        return _id(await self._send("POST", url, activity, _is_busy))

    async def update(
        self, service_url: str, conversation: str, activity_id: str, activity: Mapping[str, Any]
    ) -> str:
        """Put another content in place of that activity's; return its id."""
        url = self._url(service_url, conversation, "activities", activity_id)
        return _id(await self._send("PUT", url, activity, _may_repeat)) or activity_id

    async def delete(self, service_url: str, conversation: str, activity_id: str) -> None:
        """Delete that activity."""
        url = self._url(service_url, conversation, "activities", activity_id)
        await self._send("DELETE", url, None, _may_repeat)

    async def create_conversation(
        self, service_url: str, parameters: Mapping[str, Any]
    ) -> Conversation:
        """Start a conversation: a channel thread, or a chat with one person.

        Tried again only on 429: after any other answer there might be two of it.
        """
        url = self._url(service_url)
        made = await self._send("POST", url, parameters, lambda error: error.status == 429)
        return Conversation(
            id=_id(made),
            activity_id=str(made.get("activityId") or ""),
            service_url=str(made.get("serviceUrl") or service_url),
        )

    async def member(self, service_url: str, conversation: str, person: str) -> dict[str, Any]:
        """Return one member: `id`, `name`, `aadObjectId`, `email`, `userPrincipalName`…"""
        url = self._url(service_url, conversation, "members", person)
        return await self._send("GET", url, None, _may_repeat)

    async def members(self, service_url: str, conversation: str) -> AsyncIterator[dict[str, Any]]:
        """Yield every member of the conversation, page by page."""
        url, continuation = self._url(service_url, conversation, "pagedmembers"), ""
        while True:
            query = {"pageSize": str(PAGE)}
            if continuation:
                query["continuationToken"] = continuation
            page = await self._send("GET", url.update_query(query), None, _may_repeat)
            for member in page.get("members") or ():
                yield member
            continuation = page.get("continuationToken") or ""
            if not continuation:
                return

    def _url(self, service_url: str, conversation: str = "", *path: str) -> URL:
        if not self._hosts.admit(service_url):
            raise ConnectorError(0, "ServiceHostNotAllowed")
        parts = [_conversation_url(service_url, conversation), *(quote(p, safe="") for p in path)]
        return URL("/".join(parts), encoded=True)

    async def _send(
        self,
        method: str,
        url: URL,
        content: Mapping[str, Any] | None,
        again: Callable[[ConnectorError], bool],
    ) -> dict[str, Any]:
        """Send until it is answered, refused for good, or patience ends."""
        body = None if content is None else _body(content)
        try:
            return await self._authorized(method, url, body)
        except ConnectorError as failed:
            first = [failed]

        async def attempt() -> dict[str, Any]:
            # The first one was made above: to enter tenacity costs as much as a whole turn.
            if first:
                raise first.pop()
            return await self._authorized(method, url, body)

        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._patience.attempts),
            wait=self._wait,
            retry=retry_if_exception(
                lambda error: (
                    isinstance(error, ConnectorError) and again(error) and self._can_wait(error)
                )
            ),
            sleep=self._sleep,
            reraise=True,
        )
        return await attempts(attempt)

    def _can_wait(self, error: ConnectorError) -> bool:
        """A longer wait belongs to the ledger, not to one call."""
        wish = error.retry_after or timedelta()
        return wish.total_seconds() <= self._patience.longest_wait

    def _wait(self, state: RetryCallState) -> float:
        """Return what the channel asked for, or else an exponential wait with jitter."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, ConnectorError) and error.retry_after is not None:
            return error.retry_after.total_seconds()
        first, longest = self._patience.first_wait, self._patience.longest_wait
        return (wait_exponential(first, longest) + wait_random(0, first))(state)

    async def _authorized(self, method: str, url: URL, body: bytes | None) -> dict[str, Any]:
        try:
            return await self._once(method, url, body)
        except ConnectorError as error:
            if error.status != 401:
                raise
        # The token was withdrawn before its time, or its key was rolled.
        self._tokens.forget()
        return await self._once(method, url, body)

    async def _once(self, method: str, url: URL, body: bytes | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            if token := await self._tokens.token():
                headers["Authorization"] = f"Bearer {token}"
            async with self._session.request(
                # A redirect would carry the token to a host that nobody has admitted.
                method,
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
            ) as response:
                answer = await response.read()
                if response.status < 300:
                    return _json(answer)
                raise _refused(response, answer)
        except TokenUnavailable as failed:
            raise ConnectorError(0, "TokenUnavailable") from failed
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as failed:
            raise ConnectorError(0, "Unreachable") from failed
        except (aiohttp.ClientError, TimeoutError) as failed:
            log.warning("connector_no_answer", method=method, error=type(failed).__name__)
            raise ConnectorError(0, "NoAnswer", handed_over=True) from failed


def _is_busy(error: ConnectorError) -> bool:
    return error.status in BUSY or (error.code == "Unreachable" and not error.handed_over)


def _may_repeat(error: ConnectorError) -> bool:
    """True also where the first try may have worked: a second does no harm."""
    return _is_busy(error) or error.handed_over


@lru_cache(maxsize=4096)
def _conversation_url(service_url: str, conversation: str) -> str:
    base = f"{service_url.rstrip('/')}/v3/conversations"
    return f"{base}/{quote(conversation, safe='')}" if conversation else base


def _body(content: Mapping[str, Any]) -> bytes:
    try:
        from bot.edge.activity import dump  # noqa: PLC0415 - the SDK's types, 6 MB

        body = dump(content)
    except (TypeError, ValueError) as failed:
        raise ConnectorError(0, "NotJson") from failed
    # UTF-16 has at most two bytes where UTF-8 has one: most messages need no second look.
    if len(body) * 2 > MESSAGE_LIMIT and len(body.decode().encode("utf-16-le")) > MESSAGE_LIMIT:
        raise ConnectorError(413, "MessageSizeTooBig")
    return body


def _id(answer: Mapping[str, Any]) -> str:
    return str(answer.get("id") or "")


def _json(answer: bytes) -> dict[str, Any]:
    """Return the object in an answer; an empty one where it carries something else."""
    try:
        parsed = orjson.loads(answer)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _refused(response: aiohttp.ClientResponse, answer: bytes) -> ConnectorError:
    error = _json(answer).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return ConnectorError(
        response.status,
        str(code or response.reason or "Refused"),
        retry_after=_retry_after(response.headers.get("Retry-After")),
    )


def _retry_after(value: str | None) -> timedelta | None:
    """Return the wish in a Retry-After header (RFC 9110, 10.2.3): seconds or a date."""
    if not value:
        return None
    if value.strip().isdecimal():
        return timedelta(seconds=int(value))
    try:
        wait = parsedate_to_datetime(value) - datetime.now(UTC)
    except (TypeError, ValueError):
        return None
    return max(wait, timedelta())
