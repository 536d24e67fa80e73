"""Whatever a server does wrong, each recipient has one outcome, and unknown is told seldom.

The server is smtp-sink with its fault modes; `smtp-sink(1)` says what each does.
"""

from __future__ import annotations

import pytest

from comms.delivery import DeliveryState, Reason
from tests.comms.mail.relays import Relayed
from tests.comms.mail.sending import people, sent
from tests.comms.mail.sinks import sink

ACCEPTED, REJECTED = DeliveryState.ACCEPTED, DeliveryState.REJECTED
UNKNOWN, HELD = DeliveryState.UNKNOWN, DeliveryState.PLANNED
Verdict = tuple[DeliveryState, Reason | None]

UNREACHABLE: Verdict = (REJECTED, Reason.UNREACHABLE)
TEMPORARY: Verdict = (REJECTED, Reason.TEMPORARY)
THROTTLED: Verdict = (REJECTED, Reason.THROTTLED)
NOT_TRIED: Verdict = (HELD, None)
NO_REPLY: Verdict = (UNKNOWN, Reason.NO_REPLY)

FAULTS: dict[str, set[Verdict]] = {
    # A soft refusal.
    "-r CONNECT": {TEMPORARY},
    "-r EHLO": {(ACCEPTED, None)},  # HELO is tried instead, as RFC 5321 has it
    "-r EHLO,HELO": {TEMPORARY},
    "-r MAIL": {TEMPORARY},
    "-r RCPT": {TEMPORARY},
    "-r DATA": {TEMPORARY},
    "-r .": {TEMPORARY},
    # A hard one.
    "-f CONNECT": {UNREACHABLE},
    "-f EHLO,HELO": {UNREACHABLE},
    "-f MAIL": {(REJECTED, Reason.FORBIDDEN)},
    "-f RCPT": {(REJECTED, Reason.MAILBOX_UNKNOWN)},
    "-f DATA": {(REJECTED, Reason.CONTENT_REFUSED)},
    "-f .": {(REJECTED, Reason.CONTENT_REFUSED)},
    "-f MAIL,RSET": {(REJECTED, Reason.FORBIDDEN)},
    # It hangs up without a word.
    "-q CONNECT": {UNREACHABLE},
    "-q EHLO": {UNREACHABLE},
    "-q MAIL": {UNREACHABLE},
    "-q RCPT": {UNREACHABLE},
    "-q DATA": {UNREACHABLE},
    "-q .": {NO_REPLY, UNREACHABLE},
    "-q QUIT": {(ACCEPTED, None)},
    # It says 421 and hangs up.
    "-Q CONNECT": {THROTTLED},
    "-Q EHLO": {THROTTLED},
    "-Q MAIL": {THROTTLED, NOT_TRIED},
    "-Q RCPT": {THROTTLED, NOT_TRIED},
    "-Q DATA": {THROTTLED, NOT_TRIED},
    "-Q .": {THROTTLED, NOT_TRIED},
    "-Q QUIT": {(ACCEPTED, None)},
    # It refuses in the middle of the content, and reads on or not.
    "-A 0": {
        (REJECTED, Reason.MAILBOX_UNKNOWN),
        (REJECTED, Reason.CONTENT_REFUSED),
        NO_REPLY,
        UNREACHABLE,
    },
    # It is slow, or falls silent.
    "-w 1": {(ACCEPTED, None)},
    "-W MAIL:60": {UNREACHABLE},
    "-W RCPT:60": {UNREACHABLE},
    "-W DATA:60": {UNREACHABLE},
    # What comes behind the content in the pipe cuts its wait short.
    "-W .:60": {NO_REPLY, UNREACHABLE, (ACCEPTED, None)},
    # It can less.
    "-e": {(ACCEPTED, None)},
    "-P": {(ACCEPTED, None)},
    "-E": {(ACCEPTED, None)},
    "-8 -a -N -C -F": {(ACCEPTED, None)},
    "-m 1": {(ACCEPTED, None)},
    "-n 1000": {(ACCEPTED, None)},
}
SILENT = ":60"
HANDED_OVER = ("-q .", "-W .:60", "-A 0")
"""Where the content has left when it happens."""


IN_STEP = [("-p", *fault.split()) for fault in FAULTS if fault[:2] not in {"-r", "-f"}]
"""What refuses does not pipeline anyway."""


@pytest.mark.parametrize("options", [*(tuple(f.split()) for f in FAULTS), *IN_STEP], ids=" ".join)
async def test_each_recipient_has_one_outcome_with_the_reason_of_the_fault(
    options: tuple[str, ...],
) -> None:
    fault = " ".join(options).removeprefix("-p ")
    async with sink(*options) as port:
        outcomes = await sent(
            Relayed(port=port), people(3), timeout=0.25 if SILENT in fault else 30
        )

    verdicts = {(outcome.state, outcome.reason) for outcome in outcomes.values()}
    assert verdicts <= FAULTS[fault]
    if fault not in HANDED_OVER:
        assert NO_REPLY not in verdicts
