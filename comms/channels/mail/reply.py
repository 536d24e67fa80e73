"""What a mail server answers, and what it means for a delivery."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from comms.delivery import Reason

DETAIL = 200
"""Characters of an answer that the ledger keeps."""

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")
_QUEUED = re.compile(
    r"queued(?: mail)? as (\S+)|\bid=([^\s,\]]+)|InternalId=(\d+)|\bok:? +([\w.-]{10,})",
    re.IGNORECASE,
)
_TOO_FAST = re.compile(
    r"\brate|throttl|too (many|fast|much|high)|limit|quota|slow(er| down)|again later|busy"
    r"|overload",
    re.IGNORECASE,
)
_THIS_CONNECTION = re.compile(r"(this|per|each) (smtp )?(connection|session)", re.I)
_GREYLISTED = re.compile(r"gr[ae]y-?list", re.I)


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: its code and its lines, joined by a space."""

    code: int
    text: str

    @property
    def is_good(self) -> bool:
        """True for 2xx."""
        return 200 <= self.code < 300

    @property
    def enhanced(self) -> str:
        """The enhanced status code of RFC 3463 ('5.1.1'), or ''."""
        found = _ENHANCED.match(self.text)
        return found[0] if found else ""

    @property
    def detail(self) -> str:
        """The reply as the ledger keeps it, short and on one line."""
        text = self.text
        if not text.isprintable():
            text = "".join(char if char.isprintable() else " " for char in text)
        return " ".join(f"{self.code} {text}".split())[:DETAIL]

    @property
    def receipt(self) -> str:
        """The queue id where the server names one as Postfix, Exchange, Exim or SES do, or ''."""
        found = _QUEUED.search(self.text)
        return next((group for group in found.groups() if group), "").rstrip(".,;") if found else ""


@lru_cache(maxsize=64)
def reply_of(last: bytes, *before: bytes) -> Reply:
    """Return the reply that ends with this line. Its code is 0 where there is none.

    Three of a letter's four replies are the same each time.
    """
    text = " ".join(line[4:].decode("utf-8", "replace").rstrip("\r") for line in (*before, last))
    return Reply(int(last[:3]) if last[:3].isdigit() else 0, text)


# RFC 3463 and, for Exchange's own, learn.microsoft.com 'Email non-delivery reports in Exchange
# Online'. Class 4 is decided before this table is asked.
_BY_ENHANCED = {
    "5.1.0": Reason.MAILBOX_UNKNOWN,
    "5.1.1": Reason.MAILBOX_UNKNOWN,
    "5.1.2": Reason.ADDRESS_INVALID,
    "5.1.3": Reason.ADDRESS_INVALID,
    "5.1.6": Reason.MAILBOX_UNKNOWN,
    "5.1.7": Reason.FORBIDDEN,
    "5.1.8": Reason.FORBIDDEN,
    "5.1.10": Reason.MAILBOX_UNKNOWN,
    "5.2.1": Reason.MAILBOX_UNKNOWN,
    "5.2.2": Reason.TEMPORARY,  # a full mailbox: refused now, and perhaps not tomorrow
    "5.2.3": Reason.TOO_LARGE,
    "5.3.4": Reason.TOO_LARGE,
    "5.4.1": Reason.MAILBOX_UNKNOWN,
    "5.4.4": Reason.ADDRESS_INVALID,
    "5.4.310": Reason.ADDRESS_INVALID,
    "5.7.3": Reason.AUTHENTICATION,
    "5.7.8": Reason.AUTHENTICATION,
    "5.7.57": Reason.AUTHENTICATION,
}
_BY_CODE = {
    530: Reason.AUTHENTICATION,
    534: Reason.AUTHENTICATION,
    535: Reason.AUTHENTICATION,
    538: Reason.AUTHENTICATION,
    551: Reason.MAILBOX_UNKNOWN,
    552: Reason.TOO_LARGE,
}
_ENVELOPE_BY_CODE = {501: Reason.ADDRESS_INVALID, 553: Reason.ADDRESS_INVALID}
_THROTTLES = {"4.7.0", "4.5.3", "4.3.2", "4.7.500", "4.4.5"}
_OF_THE_RECIPIENT = ("4.1.", "4.2.", "4.4.")
"""Addresses, mailboxes and the way to them: sending slower to others would not help."""


def reason(reply: Reply, step: str) -> Reason:
    """Return why a server refused, from its reply to `step`: 'MAIL', 'RCPT', 'DATA' or 'content'.

    The enhanced code is believed first, then the code, then the step.
    """
    if reply.code < 500:
        return Reason.THROTTLED if _is_too_fast(reply) else Reason.TEMPORARY
    known = _BY_ENHANCED.get(reply.enhanced) or _BY_CODE.get(reply.code)
    if known:
        return known
    if step in {"DATA", "content"}:
        return Reason.CONTENT_REFUSED
    if reply.enhanced.startswith("5.7.") or step == "MAIL":
        return Reason.FORBIDDEN
    return _ENVELOPE_BY_CODE.get(reply.code, Reason.MAILBOX_UNKNOWN)


def _is_too_fast(reply: Reply) -> bool:
    """True where the relay as a whole wants less, or later: not this recipient's host alone."""
    if _GREYLISTED.search(reply.text) or _THIS_CONNECTION.search(reply.text):
        return False
    if reply.enhanced in _THROTTLES:
        return True
    if reply.enhanced.startswith(_OF_THE_RECIPIENT):
        return False
    is_policy = reply.enhanced.startswith("4.7.")
    return reply.code == 421 or is_policy or bool(_TOO_FAST.search(reply.text))
