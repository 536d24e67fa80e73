"""Sends statements as mail by Microsoft Graph: `sendMail` with the letter as MIME."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import quote

import aiohttp

from comms.channels.mail.graph.mailbox import GraphMailbox
from comms.channels.mail.graph.refusal import Answer, outcome, rejected, unknown
from comms.channels.mail.letters import Letters
from comms.channels.mail.singly import Singly
from comms.channels.mail.tokens import Tokens
from comms.clock import Clock
from comms.delivery import Delivery, Outcome, Reason
from comms.errors import SitrepError
from comms.statement import Statement

LONGEST_ANSWER = 64 * 1024


class GraphTransport:
    """Sends from one mailbox, a request for each letter, so many at a time as Exchange takes.

    The letter goes out as it is, with all its headers (learn.microsoft.com: "user: sendMail",
    MIME). The app needs the application permission Mail.Send, for that mailbox alone. Outcomes:
    accepted with Graph's request id, rejected with the reason of its answer, unknown where the
    letter had been handed over and no answer came.
    """

    def __init__(
        self,
        mailbox: GraphMailbox,
        *,
        session: aiohttp.ClientSession,
        tokens: Tokens,
        letters: Letters,
        graph_url: str,
        clock: Clock,
    ) -> None:
        """`graph_url` is Graph's root with its version, without a '/' at the end."""
        self._url = f"{graph_url}/users/{quote(mailbox.sender)}/sendMail"
        self._session = session
        self._tokens = tokens
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(
            total=mailbox.timeout, sock_connect=min(mailbox.timeout, 10)
        )
        self._singly = Singly(letters, self._sent, at_once=mailbox.connections)

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Send to each delivery and return one outcome for each; the rest stays once throttled."""
        return await self._singly.send(statement, batch)

    async def _sent(self, delivery: Delivery, letter: bytes) -> Outcome:
        body = b64encode(letter)
        try:
            answer = await self._posted(body)
            if answer.status == 401:
                # The token was withdrawn before its time, or its key was rolled.
                self._tokens.forget()
                answer = await self._posted(body)
        except SitrepError as error:
            return rejected(delivery, Reason.AUTHENTICATION, error.detail)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return rejected(delivery, Reason.UNREACHABLE, f"Graph cannot be reached: {error}")
        except (aiohttp.ClientError, TimeoutError) as error:
            return unknown(delivery, f"The letter was handed over: {type(error).__name__}")
        return outcome(delivery, answer, self._clock.now())

    async def _posted(self, body: bytes) -> Answer:
        headers = {"Content-Type": "text/plain"}
        if token := await self._tokens.token():
            headers["Authorization"] = f"Bearer {token}"
        async with self._session.post(
            self._url,
            data=body,
            headers=headers,
            timeout=self._timeout,
            # A redirect would carry the letter and the token to a host that nobody has named.
            allow_redirects=False,
        ) as response:
            read = await response.content.read(LONGEST_ANSWER)
            return Answer(response.status, response.headers, read)
