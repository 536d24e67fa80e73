"""Sends statements as mail: the fan-out's transport for the mail channel."""

from __future__ import annotations

from collections.abc import Sequence
from ssl import SSLContext

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt
from tenacity.wait import wait_random

from comms.channels.mail.address import Mailbox, addr_spec
from comms.channels.mail.envelope import Envelope
from comms.channels.mail.letters import Letters, Links
from comms.channels.mail.message import Mailing
from comms.channels.mail.pool import Pool
from comms.channels.mail.postmark import Postmarks, ReturnPath
from comms.channels.mail.relay import Relay
from comms.channels.mail.thread import digest
from comms.channels.mail.tokens import Tokens
from comms.clock import Clock
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.errors import Invalid
from comms.statement import Statement


class MailTransport:
    """Hands letters to one relay over up to `relay.connections` sessions.

    Outcomes are as sure as SMTP allows: accepted with the relay's queue id, rejected with the
    reason of its reply, unknown where the content had left and no reply came. A message whose
    connection ended before its content left goes once more, over another connection.
    """

    def __init__(
        self,
        relay: Relay,
        *,
        sender: Mailbox,
        links: Links,
        clock: Clock,
        postmarks: Postmarks | None = None,
        back_to: ReturnPath | None = None,
        home: str = "",
        tokens: Tokens | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        """`tokens` are asked for each XOAUTH2 login. `tls` replaces the system's certificates.

        Letters come back to `back_to`, else to the sender; `postmarks` are how they are known then.
        `home` is the domain of Message-IDs ('': the sender's).
        """
        self.rate = relay.rate
        self._mark = postmarks.of if postmarks else digest
        self._letters = Letters(sender, links=links, clock=clock, mark=self._mark, home=home)
        path = back_to or ReturnPath("", sender.address)
        self._own_path = path if path.is_marked else None
        self._pool = Pool(
            relay, sender=sender.address if path.is_marked else path.after, tokens=tokens, tls=tls
        )

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Send to each delivery and return one outcome for each, in any order."""
        mailing = self._letters.mailing(statement)
        outcomes: list[Outcome] = []
        envelopes: list[Envelope] = []
        for delivery in batch:
            try:
                envelopes.append(self._envelope(mailing, delivery))
            except Invalid as error:
                outcomes.append(_not_sendable(delivery, error))
        if envelopes:
            await self._handed_over(envelopes)
        return outcomes + [_outcome(envelope) for envelope in envelopes]

    async def close(self) -> None:
        """Finish what is under way and close the sessions."""
        await self._pool.close()

    def _envelope(self, mailing: Mailing, delivery: Delivery) -> Envelope:
        letter = mailing.letter(delivery.language)
        address = addr_spec(delivery.address, utf8=True)
        return Envelope(
            delivery=delivery.id,
            recipient=address.encode(),
            content=letter.data(delivery, address, self._letters.links(delivery)),
            sender=self._sender_of(delivery),
        )

    def _sender_of(self, delivery: Delivery) -> bytes:
        """Its own return path; empty where all have the same."""
        return self._own_path.of(self._mark(delivery)).encode() if self._own_path else b""

    async def _handed_over(self, envelopes: list[Envelope]) -> None:
        async def hand_over() -> bool:
            await self._pool.send([e for e in envelopes if _should_go(e)])
            return any(_should_go(e) for e in envelopes)

        await AsyncRetrying(
            retry=retry_if_result(bool),
            stop=stop_after_attempt(2),
            wait=wait_random(0, 0.1),
            retry_error_callback=_give_up,
        )(hand_over)


def _should_go(envelope: Envelope) -> bool:
    return envelope.outcome is None and (envelope.dropped is None or envelope.dropped.again)


def _give_up(state: RetryCallState) -> None:
    """Leave what was dropped twice to a later attempt of the ledger."""


def _outcome(envelope: Envelope) -> Outcome:
    if envelope.outcome is not None:
        return envelope.outcome
    if envelope.dropped is not None:
        return envelope.dropped.outcome(envelope.delivery)
    raise AssertionError("the pool returned while a message was under way")


def _not_sendable(delivery: Delivery, error: Invalid) -> Outcome:
    return Outcome(
        delivery=delivery.id,
        state=DeliveryState.REJECTED,
        reason=Reason.ADDRESS_INVALID,
        detail=error.detail,
    )
