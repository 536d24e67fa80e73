"""Sends statements as mail by Azure Communication Services, with its SDK."""

from __future__ import annotations

import asyncio
import email
import email.policy
import time
from collections.abc import Sequence
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

import aiohttp

from comms.channels.mail.azure.resource import AzureResource
from comms.channels.mail.graph.refusal import Answer, outcome, rejected, unknown
from comms.channels.mail.letters import Letters
from comms.channels.mail.singly import Singly
from comms.channels.mail.tokens import Tokens
from comms.clock import Clock
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.errors import Invalid, SitrepError
from comms.statement import Statement

if TYPE_CHECKING:
    from azure.communication.email.aio import EmailClient
    from azure.core.credentials import AccessToken

# Azure writes these itself, or has a field of its own for them.
_OWN = {"from", "to", "subject", "date", "message-id", "mime-version", "content-type"}
_NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
ASKED_ANEW = 300.0
"""Seconds for which the SDK may keep a token: ours is fetched again by itself."""


class AzureTransport:
    """Sends from one resource, a request for each letter.

    Accepted means that Azure has taken it: its id is the receipt, by which a delivery report of
    Event Grid finds the delivery again. A letter that may have been sent is sent again under the
    same operation id, which Azure drops. The Message-ID is Azure's own.
    """

    def __init__(
        self,
        resource: AzureResource,
        *,
        tokens: Tokens | None,
        letters: Letters,
        clock: Clock,
    ) -> None:
        """`tokens` are asked where the resource has no key. Invalid without the extra `acs`."""
        self._sender = resource.sender
        self._timeout = resource.timeout
        self._clock = clock
        self._tokens = tokens
        self._client = _client(resource, tokens)
        self._singly = Singly(letters, self._sent, at_once=resource.connections)

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Send to each delivery and return one outcome for each; the rest stays once throttled."""
        return await self._singly.send(statement, batch)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _sent(self, delivery: Delivery, letter: bytes) -> Outcome:
        message = _message(letter, self._sender)
        from azure.core import exceptions  # noqa: PLC0415 (the extra may not be installed)

        try:
            async with asyncio.timeout(self._timeout):
                taken = await self._client.begin_send(
                    message,
                    operation_id=str(uuid5(NAMESPACE_URL, f"sitrep:{delivery.key}")),
                    polling=False,
                )
                answer = await taken.result()
        except SitrepError as error:
            return rejected(delivery, Reason.AUTHENTICATION, error.detail)
        except exceptions.HttpResponseError as error:
            return self._refused(delivery, error)
        except (exceptions.AzureError, TimeoutError) as error:
            # The SDK says ServiceRequestError also of a connection that ended after the request.
            if isinstance(getattr(error, "inner_exception", None), _NOT_CONNECTED):
                return rejected(delivery, Reason.UNREACHABLE, f"Azure cannot be reached: {error}")
            return unknown(delivery, f"The letter was handed over: {type(error).__name__}")
        return Outcome(
            delivery=delivery.id,
            state=DeliveryState.ACCEPTED,
            detail=f"202 {answer.get('status', '')}".strip(),
            provider_id=str(answer.get("id", "")),
        )

    def _refused(self, delivery: Delivery, error: Any) -> Outcome:
        response = error.response
        if response is None:
            return unknown(delivery, type(error).__name__)
        if error.status_code == 401 and self._tokens is not None:
            self._tokens.forget()
        answer = Answer(error.status_code, response.headers, response.text().encode())
        return outcome(delivery, answer, self._clock.now())


def _client(resource: AzureResource, tokens: Tokens | None) -> EmailClient:
    try:
        from azure.communication.email.aio import EmailClient  # noqa: PLC0415
        from azure.core.credentials import AzureKeyCredential  # noqa: PLC0415
    except ImportError:
        raise Invalid(
            "azure:// needs Azure's SDK: pip install 'sitrep[acs]'; acs:// works without."
        ) from None
    credential: Any = AzureKeyCredential(resource.key) if resource.key else _Credential(tokens)
    # The ledger tries again, and the fan-out keeps the pace.
    return EmailClient(resource.endpoint, credential, retry_total=0)


class _Credential:
    """The app's token as the SDK asks for it."""

    def __init__(self, tokens: Tokens | None) -> None:
        self._tokens = tokens

    async def get_token(self, *_scopes: str, **_how: Any) -> AccessToken:
        """Return the token."""
        from azure.core.credentials import AccessToken  # noqa: PLC0415

        token = await self._tokens.token() if self._tokens else None
        return AccessToken(token or "", int(time.time() + ASKED_ANEW))

    async def close(self) -> None:
        """There is nothing to close."""

    async def __aenter__(self) -> _Credential:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()


def _message(letter: bytes, sender: str) -> dict[str, Any]:
    """Return the letter as Azure's API takes it: fields and headers in place of MIME."""
    parsed = email.message_from_bytes(letter, policy=email.policy.default)
    [to] = parsed["To"].addresses
    recipient = {"address": to.addr_spec} | (
        {"displayName": to.display_name} if to.display_name else {}
    )
    return {
        "senderAddress": sender,
        "recipients": {"to": [recipient]},
        "content": {
            "subject": str(parsed["Subject"]),
            "plainText": _text(parsed, "plain"),
            "html": _text(parsed, "html"),
        },
        "headers": {
            name: str(value) for name, value in parsed.items() if name.casefold() not in _OWN
        },
        "userEngagementTrackingDisabled": True,
    }


def _text(parsed: EmailMessage, subtype: str) -> str:
    part = parsed.get_body((subtype,))
    return str(part.get_content()) if part is not None else ""
