"""What services post about mail: a report as a message, Event Grid's events, or a plain list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from comms.channels.mail.postmark import marks_in
from comms.channels.mail.returned import DETAIL, Returned, Verdict
from comms.errors import Invalid

VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
DELIVERY_REPORT = "Microsoft.Communication.EmailDeliveryReportReceived"

MOST = 5_000
"""Reports in one post."""

# learn.microsoft.com: "Azure Communication Services - Email events". Suppressed: it came back
# hard before, and the service did not even try.
ACS = {
    "Delivered": Verdict.DELIVERED,
    "Bounced": Verdict.HARD,
    "Suppressed": Verdict.HARD,
    "Failed": Verdict.SOFT,
    "Quarantined": Verdict.SOFT,
    "FilteredSpam": Verdict.SOFT,
}

Short = Annotated[str, Field(max_length=1000)]


class _Tolerant(BaseModel):
    """Of what services send, the parts that matter here; they add others without a word."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Details(_Tolerant):
    message: str = Field(
        default="", validation_alias=AliasChoices("statusMessage", "statusmessage")
    )


class _Delivery(_Tolerant):
    """The data of an e-mail delivery report."""

    recipient: Short = ""
    receipt: Short = Field(default="", alias="messageId")
    message_id: Short = Field(default="", alias="internetMessageId")
    status: Short = ""
    details: _Details | None = Field(default=None, alias="deliveryStatusDetails")


class _Event(_Tolerant):
    """One event, in Event Grid's own schema or as CloudEvents 1.0 names its parts."""

    id: Short
    kind: Short = Field(validation_alias=AliasChoices("eventType", "type"))
    data: dict[str, Any] = Field(default_factory=dict)


class Report(BaseModel):
    """What became of one mail, as any program can say it.

    Either `message_id` as the letter bears it, or the relay's `receipt` and the `recipient`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["hard", "soft", "complaint", "delivered", "delayed"]
    message_id: Short = ""
    receipt: Short = ""
    recipient: Short = ""
    detail: Short = ""
    id: Short = Field(default="", description="Equal whenever the same report is sent again.")


_EVENTS = TypeAdapter(list[_Event])
_REPORTS = TypeAdapter(list[Report])


def handshake(parsed: object) -> str | None:
    """Return the code that Event Grid wants back before it sends any event, if it asks for it.

    learn.microsoft.com: "Webhook event delivery", endpoint validation.
    """
    for event in parsed if isinstance(parsed, list) else []:
        if isinstance(event, dict) and event.get("eventType") == VALIDATION:
            data = event.get("data")
            code = data.get("validationCode") if isinstance(data, dict) else None
            return str(code)[:200] if code else None
    return None


def reports(parsed: object) -> tuple[Returned, ...]:
    """Return what a JSON document says of mails. Invalid names the first thing that is wrong."""
    found = parsed.get("reports", [parsed]) if isinstance(parsed, dict) else parsed
    if not isinstance(found, list):
        raise Invalid("Send a list of reports, or of Event Grid's events.", pointer="")
    if len(found) > MOST:
        raise Invalid(f"{MOST} reports at a time are the most.", pointer="")
    are_events = any(isinstance(one, dict) and {"eventType", "type"} & one.keys() for one in found)
    return tuple(_of_events(found) if are_events else _of_list(found))


def _of_events(found: Sequence[object]) -> Iterator[Returned]:
    for event in _valid(_EVENTS, found):
        if event.kind != DELIVERY_REPORT:
            continue  # what was opened or clicked is nobody's business
        [delivery] = _valid(TypeAdapter(list[_Delivery]), [event.data])
        verdict = ACS.get(delivery.status)
        if verdict is not None:
            said = delivery.details.message if delivery.details else ""
            yield Returned(
                id=_named("event", event.id),
                verdict=verdict,
                detail=_line(f"{delivery.status} {said}"),
                marks=tuple(marks_in(delivery.message_id)),
                receipt=_line(delivery.receipt),
                recipient=_line(delivery.recipient),
            )


def _of_list(found: Sequence[object]) -> Iterator[Returned]:
    for one in _valid(_REPORTS, found):
        name = (one.id,) if one.id else (one.kind, one.message_id, one.receipt, one.recipient)
        yield Returned(
            id=_named("posted", *name),
            verdict=Verdict(one.kind),
            detail=_line(one.detail),
            marks=tuple(marks_in(one.message_id)),
            receipt=_line(one.receipt),
            recipient=_line(one.recipient),
        )


def _valid(adapter: TypeAdapter[list[Any]], found: Sequence[object]) -> list[Any]:
    try:
        return adapter.validate_python(found)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        pointer = "".join(f"/{step}" for step in first["loc"])
        raise Invalid(f"{first['msg']}.", pointer=pointer) from None


def _named(*words: str) -> str:
    # A database takes no text with every character that JSON may hold.
    return sha256(repr(words).encode()).hexdigest()[:40]


def _line(said: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in said).split())[:DETAIL]
