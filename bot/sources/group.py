"""A group of Microsoft Entra, read through Graph with its nested groups.

learn.microsoft.com: "List group transitive members", "List groups", "Paging Microsoft Graph data",
"Microsoft Graph throttling guidance". The app needs the application permissions
GroupMember.Read.All for who is in it, and User.Read.All for their addresses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.sources.down import SourceDown
from comms import text
from comms.clock import Clock
from comms.errors import Invalid, SitrepError
from comms.recipient import checked_address, checked_language
from comms.source import Member, Source

PATIENCE = aiohttp.ClientTimeout(total=60)
PAGE = 999
PAGES = 500
"""A group of half a million is not told of an incident person by person."""

LONGEST_WAIT = timedelta(seconds=60)
"""For so long Graph may have us wait in the middle of a group; else it is read again later."""

WAITS = 5
LONGEST_PAUSE = timedelta(hours=1)

_SELECT = "id,displayName,mail,userPrincipalName,userType,accountEnabled,preferredLanguage"
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# What is cast to a type is answered from an index that this header asks for.
_EVENTUAL = {"ConsistencyLevel": "eventual"}

NOT_GRANTED = (
    "Graph does not let the app read groups: grant it the application permission"
    " GroupMember.Read.All, with an administrator's consent."
)
NO_ADDRESSES = (
    "Graph gives nobody's address: grant the app the application permission User.Read.All, with an"
    " administrator's consent."
)


class Tokens(Protocol):
    """Where the app's access token for Graph comes from; it caches and refreshes by itself."""

    async def token(self) -> str | None:
        """Return a token that is good for some minutes. Raises SitrepError where none is had."""
        ...

    def forget(self) -> None:
        """Fetch anew next time: the last token was refused."""
        ...


@dataclass(frozen=True, kw_only=True)
class Membership:
    """Who is in a group and can be told; `left_out` counts the others by why."""

    members: tuple[Member, ...]
    left_out: Mapping[str, int]


class GroupReader:
    """Reads groups by their object id or their name. `url` is Graph's root with its version.

    `tokens` is called when a group is read first; it raises a SitrepError where the app has no
    identity.
    """

    def __init__(
        self,
        *,
        url: str,
        session: aiohttp.ClientSession,
        tokens: Callable[[], Tokens],
        clock: Clock,
    ) -> None:
        self._url = url
        self._session = session
        self._granted = tokens
        self._known: Tokens | None = None
        self._clock = clock

    async def read(self, source: Source) -> Membership:
        """Return the group's people, those of nested groups too. SourceDown says why it cannot."""
        try:
            group = source.name if _ID.fullmatch(source.name) else await self._id(source.name)
            return _membership(await self._users(group, source.label), guests=source.guests)
        except SitrepError as refused:  # no token
            raise SourceDown(refused.detail) from None

    @property
    def _tokens(self) -> Tokens:
        if self._known is None:
            self._known = self._granted()
        return self._known

    async def _id(self, name: str) -> str:
        escaped = name.replace("'", "''")
        found = await self._json(
            URL(f"{self._url}/groups").with_query(
                {"$filter": f"displayName eq '{escaped}'", "$select": "id", "$top": "2"}
            ),
            f"the group {name}",
        )
        ids = [str(one.get("id", "")) for one in _values(found)]
        if not ids:
            raise SourceDown(f"There is no group called {name!r}.")
        if len(ids) > 1:
            raise SourceDown(f"Several groups are called {name!r}: name it by its object id.")
        return ids[0]

    async def _users(self, group: str, label: str) -> list[Mapping[str, Any]]:
        users: list[Mapping[str, Any]] = []
        page = URL(
            f"{self._url}/groups/{quote(group)}/transitiveMembers/microsoft.graph.user"
        ).with_query({"$select": _SELECT, "$top": str(PAGE), "$count": "true"})
        for _ in range(PAGES):
            told = await self._json(page, label)
            users += _values(told)
            following = told.get("@odata.nextLink")
            if following is None:
                return users
            page = self._next(str(following))
        raise SourceDown(f"It has more than {PAGE * PAGES} people.")

    def _next(self, link: str) -> URL:
        # With its token in hand, the app goes nowhere but to Graph.
        page = URL(link, encoded=True)
        if page.origin() != URL(self._url).origin():
            raise SourceDown("Graph names another host for the next page.")
        return page

    async def _json(self, url: URL, label: str) -> Mapping[str, Any]:
        """Return an answer; wait where Graph asks for it, for a while."""
        refused = False
        for _ in range(WAITS):
            status, told, again = await self._get(url)
            if status == 200:
                return told
            if status == 401 and not refused:
                self._tokens.forget()
                refused = True
            elif status in {429, 503, 504} and again is not None and again <= LONGEST_WAIT:
                await self._clock.sleep_until(self._clock.now() + again)
            else:
                raise _refusal(status, told, label, again)
        raise SourceDown("Graph is too busy at the moment.", again=LONGEST_WAIT)

    async def _get(self, url: URL) -> tuple[int, Mapping[str, Any], timedelta | None]:
        headers = {"Authorization": f"Bearer {await self._tokens.token()}", **_EVENTUAL}
        try:
            async with self._session.get(
                url, headers=headers, timeout=PATIENCE, allow_redirects=False
            ) as answer:
                told = await answer.json(content_type=None)
                return answer.status, told if isinstance(told, dict) else {}, _again(answer)
        except (aiohttp.ClientError, TimeoutError) as failure:
            raise SourceDown(f"Graph cannot be reached ({type(failure).__name__}).") from None
        except ValueError:
            return answer.status, {}, _again(answer)


def _values(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = told.get("value")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise SourceDown("Graph's answer cannot be read.")
    return found


def _again(answer: aiohttp.ClientResponse) -> timedelta | None:
    given = answer.headers.get("Retry-After", "")
    return timedelta(seconds=int(given)) if given.isdecimal() and len(given) < 7 else None


def _refusal(
    status: int, told: Mapping[str, Any], label: str, again: timedelta | None
) -> SourceDown:
    if status == 403:
        return SourceDown(NOT_GRANTED)
    if status == 404:
        return SourceDown(f"The tenant does not have {label}.")
    error = told.get("error")
    code = str(error.get("code", ""))[:60] if isinstance(error, dict) else ""
    pause = min(again, LONGEST_PAUSE) if again else None
    return SourceDown(f"Graph answers {status} {code}".rstrip() + ".", again=pause)


def _membership(users: list[Mapping[str, Any]], *, guests: bool) -> Membership:
    # Without the permission Graph answers with ids alone.
    if users and not any(user.get("mail") or user.get("userPrincipalName") for user in users):
        raise SourceDown(NO_ADDRESSES)
    left_out: Counter[str] = Counter()
    members: dict[str, Member] = {}
    for user in users:
        why = _why_not(user, guests=guests)
        member = _member(user) if not why else None
        if member is None:
            left_out[why or "without an address"] += 1
        else:
            members.setdefault(member.email.casefold(), member)
    return Membership(members=tuple(members.values()), left_out=dict(left_out))


def _why_not(user: Mapping[str, Any], *, guests: bool) -> str:
    if user.get("accountEnabled") is False:
        return "disabled"
    is_guest = user.get("userType") == "Guest" or "#EXT#" in str(user.get("userPrincipalName"))
    return "guests" if is_guest and not guests else ""


def _member(user: Mapping[str, Any]) -> Member | None:
    try:
        email = checked_address(str(user.get("mail") or ""))
    except Invalid:
        return None
    return Member(
        email=email,
        name=_or_nothing(partial(text.line, pointer="/name"), user.get("displayName")),
        language=_or_nothing(checked_language, user.get("preferredLanguage")),
    )


def _or_nothing(checked: Callable[[str], str], value: object) -> str:
    """What cannot be used of somebody who can be reached is left out."""
    try:
        return checked(str(value or ""))
    except Invalid:
        return ""
