"""What Microsoft Graph answers to a message, and what it means for a delivery."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from comms.channels.mail.reply import DETAIL
from comms.delivery import Delivery, DeliveryState, Outcome, Reason

# learn.microsoft.com: "Microsoft Graph error responses", and the ResponseCode values of Exchange.
_BY_CODE = {
    "ErrorInvalidRecipients": Reason.ADDRESS_INVALID,
    "ErrorInvalidSmtpAddress": Reason.ADDRESS_INVALID,
    "ErrorRecipientNotFound": Reason.MAILBOX_UNKNOWN,
    "ErrorMessageSizeExceeded": Reason.TOO_LARGE,
    "ErrorMimeContentInvalid": Reason.CONTENT_REFUSED,
    "ErrorExceededMessageLimit": Reason.THROTTLED,
    "ErrorMessageSubmissionBlocked": Reason.THROTTLED,
    "ErrorTooManyObjectsOpened": Reason.THROTTLED,
    "ErrorMailboxConcurrencyLimitExceeded": Reason.THROTTLED,
    "ApplicationThrottled": Reason.THROTTLED,
    "ErrorServerBusy": Reason.THROTTLED,
    # The app may not send as this mailbox, or there is no such mailbox: nothing gets through.
    "ErrorSendAsDenied": Reason.AUTHENTICATION,
    "ErrorAccessDenied": Reason.AUTHENTICATION,
    "MailboxNotEnabledForRESTAPI": Reason.UNREACHABLE,
    "ErrorInvalidUser": Reason.UNREACHABLE,
    "ResourceNotFound": Reason.UNREACHABLE,
    "Request_ResourceNotFound": Reason.UNREACHABLE,
}
_BY_STATUS = {
    401: Reason.AUTHENTICATION,
    403: Reason.AUTHENTICATION,
    404: Reason.UNREACHABLE,
    408: Reason.TEMPORARY,
    413: Reason.TOO_LARGE,
    429: Reason.THROTTLED,
    500: Reason.TEMPORARY,
    503: Reason.TEMPORARY,
    509: Reason.THROTTLED,
}
_NO_WORD_OF_IT = {502, 504}
"""A gateway did not hear what became of the message, which the mailbox may have sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its status, its headers and its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """Graph's own word for an error, or ''."""
        return str(self._error.get("code") or "")

    @property
    def detail(self) -> str:
        """The answer as the ledger keeps it, short and on one line."""
        said = f"{self.status} {self.code}: {self._error.get('message') or ''}".rstrip(": ")
        return " ".join(said.split())[:DETAIL]

    def retry_after(self, now: datetime) -> timedelta | None:
        """The wish in Retry-After (RFC 9110, 10.2.3): seconds or a date."""
        value = self.headers.get("Retry-After", "").strip()
        if value.isdecimal():
            return timedelta(seconds=int(value))
        try:
            return max(parsedate_to_datetime(value) - now, timedelta())
        except (TypeError, ValueError):
            return None

    @property
    def _error(self) -> Mapping[str, object]:
        try:
            error = json.loads(self.body).get("error")
        except (ValueError, AttributeError):
            return {}
        return error if isinstance(error, dict) else {}


def outcome(delivery: Delivery, answer: Answer, now: datetime) -> Outcome:
    """Return what an answer that came at `now` means for the delivery that it is about."""
    if answer.status == 202:
        receipt = answer.headers.get("request-id", "")
        return Outcome(
            delivery=delivery.id,
            state=DeliveryState.ACCEPTED,
            detail="202 Accepted",
            provider_id=receipt,
        )
    if answer.status in _NO_WORD_OF_IT:
        return unknown(delivery, answer.detail)
    retry_after = answer.retry_after(now)
    why = _reason(answer)
    if why is Reason.TEMPORARY and retry_after is not None:
        why = Reason.THROTTLED
    return rejected(delivery, why, answer.detail, retry_after)


def rejected(
    delivery: Delivery, reason: Reason, detail: str, retry_after: timedelta | None = None
) -> Outcome:
    """It was not taken, and why."""
    return Outcome(
        delivery=delivery.id,
        state=DeliveryState.REJECTED,
        reason=reason,
        detail=detail,
        retry_after=retry_after,
    )


def unknown(delivery: Delivery, detail: str) -> Outcome:
    """The message was handed over, and no answer says what became of it."""
    return Outcome(
        delivery=delivery.id,
        state=DeliveryState.UNKNOWN,
        reason=Reason.NO_REPLY,
        detail=detail,
    )


def _reason(answer: Answer) -> Reason:
    known = _BY_CODE.get(answer.code) or _BY_STATUS.get(answer.status)
    if known is not None:
        return known
    return Reason.TEMPORARY if answer.status >= 500 else Reason.CONTENT_REFUSED
