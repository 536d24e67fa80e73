"""Reports in the shape in which servers write them, about a letter with a given postmark."""

from __future__ import annotations

from textwrap import dedent

DOMAIN = "contoso.example"


def _message(text: str) -> bytes:
    return dedent(text).lstrip("\n").replace("\n", "\r\n").encode()


def postfix(
    mark: str,
    *,
    status: str = "5.1.1",
    said: str = "550 5.1.1 <kim@fabrikam.example>: Recipient address rejected: User unknown",
    action: str = "failed",
    path: str = f"incidents@{DOMAIN}",
    name: str = "20261121140213.1B2C@mx.contoso.example",
) -> bytes:
    """As Postfix returns a letter."""
    return _message(
        f"""
        Return-Path: <>
        Delivered-To: {path}
        Date: Sat, 21 Nov 2026 14:02:13 +0000 (UTC)
        From: MAILER-DAEMON@mx.contoso.example (Mail Delivery System)
        Subject: Undelivered Mail Returned to Sender
        To: {path}
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status;
         boundary="4dLQ1s0Xyz.1763733733/mx.contoso.example"
        Content-Transfer-Encoding: 8bit
        Message-Id: <{name}>

        This is a MIME-encapsulated message.

        --4dLQ1s0Xyz.1763733733/mx.contoso.example
        Content-Description: Notification
        Content-Type: text/plain; charset=utf-8

        This is the mail system at host mx.contoso.example.

        I'm sorry to have to inform you that your message could not
        be delivered to one or more recipients. It's attached below.

        --4dLQ1s0Xyz.1763733733/mx.contoso.example
        Content-Description: Delivery report
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.contoso.example
        X-Postfix-Queue-ID: 4dLQ1s0Xyz
        X-Postfix-Sender: rfc822; {path}
        Arrival-Date: Sat, 21 Nov 2026 14:02:12 +0000 (UTC)

        Final-Recipient: rfc822; kim@fabrikam.example
        Original-Recipient: rfc822;kim@fabrikam.example
        Action: {action}
        Status: {status}
        Remote-MTA: dns; mx.fabrikam.example
        Diagnostic-Code: smtp; {said}

        --4dLQ1s0Xyz.1763733733/mx.contoso.example
        Content-Description: Undelivered Message
        Content-Type: message/rfc822
        Content-Transfer-Encoding: 8bit

        Return-Path: <{path}>
        From: Contoso incidents <incidents@{DOMAIN}>
        To: Kim Akers <kim@fabrikam.example>
        Subject: Card payments failing
        Message-ID: <{mark}@{DOMAIN}>

        Payments fail.

        --4dLQ1s0Xyz.1763733733/mx.contoso.example--
        """
    )


def exchange(
    mark: str, *, status: str = "5.1.10", said: str = "RESOLVER.ADR.RecipientNotFound"
) -> bytes:
    """As Exchange Online writes an NDR; it may leave the letter out and only answer it."""
    return _message(
        f"""
        From: postmaster@fabrikam.example
        To: <incidents@{DOMAIN}>
        Date: Sat, 21 Nov 2026 14:02:15 +0000
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="b1f6-ab12-9c"
        X-MS-Exchange-Message-Is-Ndr:
        Content-Language: en-GB
        Message-ID: <7d6b@AM9PR01MB1234.eurprd01.prod.outlook.com>
        In-Reply-To: <{mark}@{DOMAIN}>
        References: <{mark}@{DOMAIN}>
        Subject: Undeliverable: Card payments failing
        Auto-Submitted: auto-replied

        --b1f6-ab12-9c
        Content-Type: multipart/alternative; differences=Content-Type; boundary="b2"

        --b2
        Content-Type: text/plain; charset="us-ascii"
        Content-Transfer-Encoding: quoted-printable

        Your message to kim@fabrikam.example couldn't be delivered.
        --b2--

        --b1f6-ab12-9c
        Content-Type: message/delivery-status

        Reporting-MTA: dns;AM9PR01MB1234.eurprd01.prod.outlook.com
        Received-From-MTA: dns;mx.contoso.example
        Arrival-Date: Sat, 21 Nov 2026 14:02:14 +0000

        Final-Recipient: rfc822;kim@fabrikam.example
        Action: failed
        Status: {status}
        Diagnostic-Code: smtp;550 {status} {said}; Recipient not found
        X-Display-Name: kim@fabrikam.example

        --b1f6-ab12-9c--
        """
    )


def gmail(mark: str) -> bytes:
    """As Gmail writes a DSN: a picture beside it, and the letter's headers alone."""
    return _message(
        f"""
        Return-Path: <>
        From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
        To: incidents@{DOMAIN}
        Auto-Submitted: auto-replied
        Subject: Delivery Status Notification (Failure)
        References: <{mark}@{DOMAIN}>
        In-Reply-To: <{mark}@{DOMAIN}>
        X-Failed-Recipients: kim@gmail.example
        Message-ID: <692070a5.a70a.1234.GMR@mx.google.com>
        Date: Sat, 21 Nov 2026 06:02:13 -0800
        Content-Type: multipart/report; boundary="0000aa"; report-type=delivery-status

        --0000aa
        Content-Type: multipart/related; boundary="0000bb"

        --0000bb
        Content-Type: text/html; charset="UTF-8"

        <p>Address not found</p>
        --0000bb
        Content-Type: image/png; name="icon.png"
        Content-Transfer-Encoding: base64
        Content-ID: <icon.png>

        iVBORw0KGgo=
        --0000bb--
        --0000aa
        Content-Type: message/delivery-status

        Reporting-MTA: dns; googlemail.com
        Arrival-Date: Sat, 21 Nov 2026 06:02:13 -0800
        X-Original-Message-ID: <{mark}@{DOMAIN}>

        Final-Recipient: rfc822; kim@gmail.example
        Action: failed
        Status: 5.1.1
        Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not
         exist. 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser - gsmtp
        Last-Attempt-Date: Sat, 21 Nov 2026 06:02:13 -0800

        --0000aa
        Content-Type: text/rfc822-headers

        Message-ID: <{mark}@{DOMAIN}>
        Subject: Card payments failing

        --0000aa--
        """
    )


def complaint(mark: str, *, kind: str = "abuse", path: str = f"incidents@{DOMAIN}") -> bytes:
    """As a mailbox provider reports that somebody pressed 'this is spam' (ARF)."""
    return _message(
        f"""
        From: <abusedesk@provider.example>
        Date: Sat, 21 Nov 2026 15:00:00 +0000
        Subject: FW: Card payments failing
        To: <abuse@{DOMAIN}>
        Message-ID: <20261121.arf@provider.example>
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report;
         boundary="part1_13d.2e68ed54_boundary"

        --part1_13d.2e68ed54_boundary
        Content-Type: text/plain; charset="US-ASCII"

        This is an email abuse report.

        --part1_13d.2e68ed54_boundary
        Content-Type: message/feedback-report

        Feedback-Type: {kind}
        User-Agent: SomeGenerator/1.0
        Version: 1
        Original-Mail-From: <{path}>

        --part1_13d.2e68ed54_boundary
        Content-Type: message/rfc822
        Content-Disposition: inline

        From: <incidents@{DOMAIN}>
        To: <undisclosed@provider.example>
        Subject: Card payments failing
        Message-ID: <{mark}@{DOMAIN}>

        Payments fail.
        --part1_13d.2e68ed54_boundary--
        """
    )


def out_of_office(mark: str) -> bytes:
    """As a mailbox answers whose owner is away: no report of any kind."""
    return _message(
        f"""
        From: Kim Akers <kim@fabrikam.example>
        To: incidents@{DOMAIN}
        Subject: Automatic reply: Card payments failing
        Auto-Submitted: auto-replied
        X-Auto-Response-Suppress: All
        In-Reply-To: <{mark}@{DOMAIN}>
        Message-ID: <ooo@fabrikam.example>
        Content-Type: text/plain

        I am out of the office: 5.1.1 failed.
        """
    )
