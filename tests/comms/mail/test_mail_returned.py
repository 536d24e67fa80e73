"""What comes back: reports are read as servers write them, and nothing else is one."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.channels.mail.postmark import Postmarks, marks_in, return_path
from comms.channels.mail.returned import (
    DETAIL,
    MOST_REPORTS,
    Verdict,
    read,
    says_no_such_address,
)
from tests.comms.mail import reports
from tests.comms.mail.letters import delivery

POSTMARKS = Postmarks(b"k" * 32)
MARK = POSTMARKS.of(delivery(41))
OTHER = POSTMARKS.of(delivery(42))
[OURS] = marks_in(MARK)
REPORTS = [
    reports.postfix(MARK),
    reports.exchange(MARK),
    reports.gmail(MARK),
    reports.complaint(MARK),
]


@pytest.mark.parametrize(
    "raw", [reports.postfix(MARK), reports.exchange(MARK), reports.gmail(MARK)]
)
def test_an_unknown_mailbox_is_a_hard_bounce_of_its_letter(raw: bytes) -> None:
    [one] = read(raw)

    assert one.verdict is Verdict.HARD
    assert one.marks == (OURS,)


def test_a_complaint_is_about_its_letter() -> None:
    [one] = read(reports.complaint(MARK))

    assert (one.verdict, one.marks) == (Verdict.COMPLAINT, (OURS,))


def test_what_the_far_server_said_is_kept_short() -> None:
    [one] = read(reports.postfix(MARK))
    [long] = read(reports.postfix(MARK, said="550 5.1.1 " + "no " * 1000))

    assert one.detail == (
        "550 5.1.1 <kim@fabrikam.example>: Recipient address rejected: User unknown"
    )
    assert len(long.detail) == DETAIL


def test_the_return_path_tells_the_letter_where_the_letter_is_left_out() -> None:
    path = return_path("bounces+{token}@contoso.example", option="X").of(MARK)
    raw = reports.postfix("nothing", path=path)

    assert [one.marks for one in read(raw)] == [(OURS,)]
    assert [one.marks for one in read(reports.complaint("nothing", path=path))] == [(OURS,)]


@pytest.mark.parametrize(
    ("status", "said", "verdict"),
    [
        ("5.1.1", "550 5.1.1 no such user", Verdict.HARD),
        ("5.1.2", "550 5.1.2 no such host", Verdict.HARD),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", Verdict.HARD),
        ("5.2.1", "550 5.2.1 mailbox disabled", Verdict.HARD),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", Verdict.HARD),
        ("5.4.310", "550 5.4.310 DNS domain does not exist", Verdict.HARD),
        ("5.0.0", "550 5.1.1 unknown", Verdict.HARD),
        ("5.0.0", "552 5.2.2 full", Verdict.SOFT),
        ("5.2.2", "552 5.2.2 mailbox full", Verdict.SOFT),
        ("5.3.4", "552 5.3.4 too large", Verdict.SOFT),
        ("5.7.1", "550 5.7.1 blocked by policy", Verdict.SOFT),
        ("5.1.8", "550 5.1.8 bad sender", Verdict.SOFT),
        ("5.4.7", "expired", Verdict.SOFT),
        ("4.4.7", "expired", Verdict.SOFT),
        ("4.2.2", "452 4.2.2 over quota", Verdict.SOFT),
        ("", "550 no such user", Verdict.HARD),
        ("", "it did not work", Verdict.SOFT),
        ("nonsense", "", Verdict.SOFT),
    ],
)
def test_an_address_is_to_blame_only_where_the_code_says_so(
    status: str, said: str, verdict: Verdict
) -> None:
    assert [one.verdict for one in read(reports.postfix(MARK, status=status, said=said))] == [
        verdict
    ]


@pytest.mark.parametrize(
    ("action", "verdict"),
    [("delayed", Verdict.DELAYED), ("delivered", Verdict.DELIVERED), ("FAILED", Verdict.HARD)],
)
def test_what_is_late_or_has_arrived_is_no_failure(action: str, verdict: Verdict) -> None:
    assert [one.verdict for one in read(reports.postfix(MARK, action=action))] == [verdict]


@pytest.mark.parametrize("action", ["relayed", "expanded", "", "exploded"])
def test_a_report_after_which_nobody_knows_more_says_nothing(action: str) -> None:
    assert not read(reports.postfix(MARK, action=action))


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "virus", ""])
def test_feedback_that_is_no_complaint_says_nothing(kind: str) -> None:
    assert not read(reports.complaint(MARK, kind=kind))


def test_an_automatic_answer_is_no_report() -> None:
    assert not read(reports.out_of_office(MARK))


def test_a_report_that_is_forwarded_inside_a_letter_is_no_report() -> None:
    forward = EmailMessage()
    forward["Subject"] = "Look what I got"
    forward.set_content("See below")
    inner = EmailMessage()
    inner["Subject"] = "x"
    inner.set_content(reports.postfix(MARK).decode())
    forward.add_attachment(inner)

    assert not read(forward.as_bytes())


def test_the_same_report_has_the_same_name_and_another_has_another() -> None:
    first, again, other, lifted = (
        read(raw)[0].id
        for raw in (
            reports.postfix(MARK),
            reports.postfix(MARK),
            reports.postfix(MARK, name="other@x"),
            reports.postfix(OTHER),  # under the Message-ID of the first
        )
    )

    assert first == again
    assert len({first, other, lifted}) == 3


def test_a_report_on_a_thousand_letters_is_read_in_part() -> None:
    block = b"Final-Recipient: rfc822; a@x.org\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    raw = reports.postfix(MARK).replace(b"Final-Recipient", block * 1000 + b"Final-Recipient")

    assert len(read(raw)) == MOST_REPORTS


def test_parts_within_parts_without_end_are_no_report() -> None:
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (at, at)
        for at in range(3000)
    )

    assert not read(deep)


@pytest.mark.parametrize(
    "refusal",
    [
        "550 5.1.1 <kim@fabrikam.example>: Recipient address rejected: User unknown",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
        "556 5.1.10 Recipient domain takes no mail",
        "550 5.4.1 Recipient address rejected: Access denied.",
        "550 5.2.1 The email account that you tried to reach is disabled.",
        "550 5.1.2 Host unknown",
    ],
)
def test_a_refusal_that_blames_the_address_is_no_better_than_a_hard_bounce(refusal: str) -> None:
    assert says_no_such_address(refusal)


@pytest.mark.parametrize(
    "refusal",
    [
        "554 5.7.1 <kim@fabrikam.example>: Relay access denied",
        "550 5.7.133 Sender not authenticated for group",
        "550 5.1.0 <incidents@contoso.example>: Sender address rejected: User unknown",
        "553 5.1.8 Sender domain not found",
        "550 5.2.2 Mailbox full",
        "500 5.3.0 Error: command failed",
        "550 5.0.0 Rejected",
        "550 No such user here",
        "550 relay not permitted",
        "450 4.1.1 Try again",
        "550 Blocked: see 5.1.1 of our policy",
        "The address has more than 254 characters.",
        "",
    ],
)
def test_a_refusal_for_another_reason_stops_no_mail(refusal: str) -> None:
    assert not says_no_such_address(refusal)


@given(st.binary(max_size=2000))
def test_garbage_is_no_report(raw: bytes) -> None:
    assert not read(raw)


@given(raw=st.sampled_from(REPORTS), data=st.data())
def test_a_damaged_report_raises_nothing_and_names_no_other_letter(
    raw: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(raw)))
    upto = data.draw(st.integers(at, min(len(raw), at + 400)))
    damaged = raw[:at] + data.draw(st.binary(max_size=40)) + raw[upto:]

    for one in read(damaged):
        assert isinstance(one.verdict, Verdict)
        believed = {m for m in one.marks if POSTMARKS.is_ours(m, key=delivery(m.delivery).key)}
        assert believed <= {OURS}
        assert len(one.detail) <= DETAIL
        assert one.detail.isprintable()
