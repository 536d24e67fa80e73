"""Mail addresses and the people behind them, as a header may carry them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from email import policy
from email.charset import Charset
from email.header import Header

import idna

from comms.errors import Invalid

# RFC 5322 dot-atom before the '@', RFC 1035 labels behind it. Quoted local parts and address
# literals are legal and unused; letting them in lets surprises in.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@({_LABEL}(?:\.{_LABEL})*)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_PLAIN = re.compile(r"[ -~]*")
_UTF_8 = Charset("utf-8")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name, perhaps empty, and an address in ASCII."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What stands behind the '@'."""
        return self.address.rpartition("@")[2]


def addr_spec(address: str, *, utf8: bool = False) -> str:
    """Return the address as SMTP carries it, its domain in ASCII (IDNA); Invalid where it is none.

    The limits are those of RFC 5321, section 4.5.3.1: 64 octets before the '@', 254 in all. With
    `utf8` letters beyond ASCII may stand before the '@' (RFC 6532): not every relay takes them.
    """
    local, at, domain = address.strip(" ").rpartition("@")
    if at and not domain.isascii():
        try:
            # Not Python's own codec: its IDNA of 2003 makes another domain of 'straße.example'.
            domain = idna.encode(domain, uts46=True).decode()
        except UnicodeError:
            domain = ""
    spec = f"{local}@{domain}"
    plain = spec
    if utf8 and not local.isascii():
        local = unicodedata.normalize("NFC", local)
        spec, plain = f"{local}@{domain}", f"{_in_ascii(local)}@{domain}"
    octets = len(local.encode("utf-8", "replace"))
    # '=?' begins an encoded word: readers would decode it, line breaks and all.
    if "=?" in local or octets > 64 or octets + len(domain) > 253 or not _ADDRESS.fullmatch(plain):
        raise Invalid("This is not an e-mail address that can be written to.", pointer="/address")
    return spec


def _in_ascii(local: str) -> str:
    """Return it with an 'x' for each letter, mark and number beyond ASCII, to check the rest."""
    return "".join(
        "x" if char > "\x7f" and unicodedata.category(char)[0] in "LMN" else char for char in local
    )


def mailbox(value: str, *, option: str) -> Mailbox:
    """Return the mailbox of 'Contoso incidents <incidents@contoso.com>'; Invalid names `option`."""
    try:
        _refuse_controls(value)
        header = policy.default.header_factory("From", value)
        if header.defects or len(header.addresses) != 1:
            raise Invalid("It must be one address, perhaps with a name.")
        found = header.addresses[0]
        return Mailbox(name=found.display_name, address=addr_spec(found.addr_spec))
    except Invalid as error:
        raise Invalid(
            f"{option} is not a sender. {error.detail} Example: Contoso incidents"
            " <incidents@contoso.com>."
        ) from error


def header(box: Mailbox, *, field: str) -> bytes:
    """Return the value of an address header, folded to 76 characters where it can be."""
    return named(box.name, box.address, field=field)


def named(name: str, address: str, *, field: str) -> bytes:
    """Return the same for an address as `addr_spec` has it; Invalid for a name with control
    characters."""
    if not name:
        return address.encode()
    if _PLAIN.fullmatch(name):
        shown = f'"{_escaped(name)}"'
    else:
        _refuse_controls(name)
        shown = _encoded(name, field)
    last = len(shown.rpartition("\r\n")[2]) + len(field) + 2
    fold = "\r\n " if last + len(address) + 2 > 75 else " "
    return f"{shown}{fold}<{address}>".encode()


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _encoded(name: str, field: str) -> str:
    """Return the name in encoded words (RFC 2047)."""
    # What fits into one word needs no folding, which takes ten times as long.
    word = _UTF_8.header_encode(name)
    if len(word) + len(field) + 2 <= 75:
        return word
    return Header(name, "utf-8", 76, header_name=field).encode(linesep="\r\n")


def _refuse_controls(value: str) -> None:
    if _CONTROLS.search(value):
        raise Invalid("Line breaks and control characters cannot stand in a name or an address.")
