"""The client of the REST API behind most commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot import __version__, settings
from comms.errors import SitrepError, Unavailable

HERE = "http://127.0.0.1:3978"
"""Where `sitrep serve` listens unless it is told otherwise."""

PATIENCE = aiohttp.ClientTimeout(total=None, connect=10, sock_read=120)
"""Seconds: an import of a million people takes a while, a lost server should not."""


class Refused(SitrepError):
    """The API refused; `problem` is its document."""

    title = "Refused"

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(_said(problem), pointer=problem.get("pointer"))
        self.status = int(problem.get("status", 0))
        self.problem = problem


@dataclass(frozen=True, kw_only=True)
class Client:
    """Asks one installation. Refused with what it says; Unavailable where nothing answers."""

    base: str
    token: str = field(default="", repr=False)

    def get(self, path: str, **params: str) -> Any:
        """Return what is at a path below /api/v1."""
        return self.ask("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Any:
        """Do something; return what came of it."""
        return self.ask("POST", path, json=body, headers=headers)

    def put(self, path: str, body: AsyncIterator[bytes], media: str) -> Any:
        """Replace something by what is streamed."""
        return self.ask("PUT", path, data=body, headers={"Content-Type": media})

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """Send one request; return the JSON document that answers it, or the text."""
        return asyncio.run(self._ask(method, path, **more))

    async def _ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Any:
        sent = {"User-Agent": f"sitrep-cli/{__version__}", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        try:
            async with (
                aiohttp.ClientSession(timeout=PATIENCE, headers=sent) as session,
                session.request(method, f"{self.base}/api/v1{path}", **more) as answer,
            ):
                return await _told(answer)
        except (aiohttp.ClientConnectorError, TimeoutError):
            raise Unavailable(
                f"Sitrep does not answer at {self.base}: start it with `sitrep serve`, or say with"
                " SITREP_BASE_URL where it is."
            ) from None
        except (aiohttp.ClientError, ConnectionError) as broken:
            raise Unavailable(
                f"The connection to Sitrep at {self.base} broke ({type(broken).__name__})."
            ) from None


def client() -> Client:
    """Return the client of the installation that the settings name."""
    given = settings.read()
    token = given.api_token.get_secret_value() if given.api_token else ""
    return Client(base=given.base_url or HERE, token=token)


async def _told(answer: aiohttp.ClientResponse) -> Any:
    if answer.status < 400:
        return (
            await answer.json()
            if answer.content_type == "application/json"
            else (await answer.text())
        )
    if answer.content_type != "application/problem+json":
        raise Unavailable(
            f"{answer.url.origin()} answered {answer.status} {answer.reason or ''}, but not as"
            " Sitrep does. Is SITREP_BASE_URL right?"
        )
    raise Refused(await answer.json(content_type=None))


def _said(problem: Mapping[str, Any]) -> str:
    flaws = problem.get("errors") or []
    if len(flaws) > 1:
        return "\n".join(f"{flaw['pointer'] or 'the body'}: {flaw['detail']}" for flaw in flaws)
    pointer = problem.get("pointer")
    said = str(problem.get("detail", "It did not work."))
    return f"{pointer}: {said}" if pointer else said
