"""What relays answer in practice, and what it means."""

from __future__ import annotations

import pytest

from comms.channels.mail.reply import DETAIL, Reply, reason
from comms.delivery import Reason


@pytest.mark.parametrize(
    ("step", "code", "text", "meaning"),
    [
        ("RCPT", 550, "5.1.1 <a@x>: Recipient address rejected: unknown", Reason.MAILBOX_UNKNOWN),
        ("RCPT", 550, "5.1.10 RESOLVER.ADR.RecipientNotFound", Reason.MAILBOX_UNKNOWN),
        ("RCPT", 550, "5.4.1 Recipient address rejected: Access denied", Reason.MAILBOX_UNKNOWN),
        ("RCPT", 550, "No such user here", Reason.MAILBOX_UNKNOWN),
        ("RCPT", 551, "User not local", Reason.MAILBOX_UNKNOWN),
        ("RCPT", 553, "5.1.3 Bad recipient address syntax", Reason.ADDRESS_INVALID),
        ("RCPT", 501, "Syntax error", Reason.ADDRESS_INVALID),
        ("RCPT", 550, "5.1.2 Host unknown", Reason.ADDRESS_INVALID),
        ("RCPT", 554, "5.7.1 Relay access denied", Reason.FORBIDDEN),
        ("RCPT", 550, "5.7.133 Sender not authenticated for group", Reason.FORBIDDEN),
        ("RCPT", 550, "5.2.2 Mailbox full", Reason.TEMPORARY),
        ("MAIL", 550, "5.7.60 Client does not have permission to send as", Reason.FORBIDDEN),
        ("MAIL", 553, "5.7.1 Sender address rejected: not owned by user", Reason.FORBIDDEN),
        ("MAIL", 530, "5.7.57 Client not authenticated to send mail", Reason.AUTHENTICATION),
        ("MAIL", 530, "5.7.0 Must issue a STARTTLS command first", Reason.AUTHENTICATION),
        ("MAIL", 552, "5.3.4 Message size exceeds fixed limit", Reason.TOO_LARGE),
        ("content", 552, "Too much mail data", Reason.TOO_LARGE),
        ("content", 550, "5.7.1 Message rejected as spam", Reason.CONTENT_REFUSED),
        ("content", 554, "5.6.0 Corrupt message content", Reason.CONTENT_REFUSED),
        ("content", 554, "Transaction failed", Reason.CONTENT_REFUSED),
        ("RCPT", 450, "4.2.0 Greylisted, see you in 300 s", Reason.TEMPORARY),
        ("content", 451, "4.3.0 queue file write error", Reason.TEMPORARY),
        ("RCPT", 452, "4.5.3 Too many recipients", Reason.THROTTLED),
        ("MAIL", 432, "4.3.2 Concurrent connections limit exceeded", Reason.THROTTLED),
        ("MAIL", 454, "Throttling failure: Maximum sending rate exceeded.", Reason.THROTTLED),
        ("MAIL", 421, "Service not available, closing transmission channel", Reason.THROTTLED),
        ("MAIL", 421, "4.4.2 relay.example Error: timeout exceeded", Reason.TEMPORARY),
        ("RCPT", 451, "4.7.1 Slow down", Reason.THROTTLED),
        ("RCPT", 451, "4.7.1 Greylisting in action, try again later", Reason.TEMPORARY),
        ("RCPT", 450, "4.7.1 Try again later", Reason.THROTTLED),
        ("content", 451, "Server busy", Reason.THROTTLED),
        ("RCPT", 452, "4.2.2 The mailbox is over quota", Reason.TEMPORARY),
        ("RCPT", 450, "4.2.1 The user receives mail at too high a rate", Reason.TEMPORARY),
        ("MAIL", 421, "4.7.0 Too many messages in this connection", Reason.TEMPORARY),
        ("RCPT", 450, "Mailbox unavailable", Reason.TEMPORARY),
    ],
)
def test_a_refusal_has_a_reason(step: str, code: int, text: str, meaning: Reason) -> None:
    assert reason(Reply(code, text), step) is meaning


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "content"])
def test_every_4xx_may_pass(step: str) -> None:
    assert all(reason(Reply(code, ""), step).is_transient for code in range(400, 500))


@pytest.mark.parametrize(
    ("text", "receipt"),
    [
        ("2.0.0 Ok: queued as 4F3A2B1C0D", "4F3A2B1C0D"),
        ("OK id=1tE6Xq-0003kZ-2h", "1tE6Xq-0003kZ-2h"),
        (
            "2.6.0 <m@x> [InternalId=96103, Hostname=DB9.prod.outlook.com] 9876 bytes in 0.2, 48"
            " KB/sec Queued mail for delivery",
            "96103",
        ),
        ("Ok 0102018f3c2a-11ee-4d2c-000000", "0102018f3c2a-11ee-4d2c-000000"),
        ("2.0.0 Ok", ""),
        ("Message accepted", ""),
    ],
    ids=["Postfix", "Exim", "Exchange", "SES", "no id", "words"],
)
def test_the_receipt_is_the_relays_queue_id(text: str, receipt: str) -> None:
    assert Reply(250, text).receipt == receipt


def test_a_detail_is_one_short_line() -> None:
    detail = Reply(550, "5.1.1 no\r\n such \x00user " + "x" * 1000).detail

    assert detail.startswith("550 5.1.1 no such")
    assert len(detail) == DETAIL
    assert detail.isprintable()
