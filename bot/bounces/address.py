"""Where the letterbox is: `SITREP_BOUNCES_URL`, read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from comms.channels.mail.address import addr_spec
from comms.errors import Invalid

OPTION = "SITREP_BOUNCES_URL"
EXAMPLES = (
    "imaps://bounces%40contoso.com:password@imap.contoso.com/INBOX or graph://bounces@contoso.com"
)
IMAP_OPTIONS = ("auth", "starttls", "done", "every")
GRAPH_OPTIONS = ("done", "every")

SHORTEST, LONGEST = 5, 3600
"""Seconds between two looks."""


class Tls(StrEnum):
    """How an IMAP connection is encrypted."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class ImapBox:
    """A folder on an IMAP server; `has_token` logs in by XOAUTH2, as the app.

    `done` is the folder into which messages are moved that have been looked at; '' marks them read.
    """

    host: str
    port: int
    tls: Tls
    user: str
    password: str = field(default="", repr=False)
    has_token: bool = False
    folder: str = "INBOX"
    done: str = ""
    every: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class GraphBox:
    """A mailbox in Microsoft 365; `folder` and `done` are well-known names or ids of folders."""

    user: str
    folder: str = "inbox"
    done: str = ""
    every: timedelta = timedelta(seconds=60)


def box(url: str) -> ImapBox | GraphBox:
    """Return the letterbox that a URL names. Invalid says what is wrong, never the password."""
    try:
        return _box(urlsplit(url.strip()))
    except Invalid as error:
        raise Invalid(f"{OPTION}: {error.detail} Examples: {EXAMPLES}") from None
    except ValueError:  # urlsplit and .port on a malformed host or port
        raise Invalid(f"{OPTION}: it is not a URL. Examples: {EXAMPLES}") from None


def _box(url: SplitResult) -> ImapBox | GraphBox:
    if url.scheme not in {"imap", "imaps", "graph"}:
        raise Invalid("it must begin with imaps://, imap:// or graph://.")
    if not url.hostname or url.fragment:
        raise Invalid("it names no host, or has a '#'.")
    return _graph(url) if url.scheme == "graph" else _imap(url)


def _graph(url: SplitResult) -> GraphBox:
    options = _options(url.query, GRAPH_OPTIONS)
    if url.password or url.port:
        raise Invalid("graph:// takes neither a password nor a port: the app logs in as itself.")
    return GraphBox(
        user=addr_spec(f"{unquote(url.username or '')}@{url.hostname}"),
        folder=_folder(url.path) or "inbox",
        done=options.get("done", ""),
        every=_every(options),
    )


def _imap(url: SplitResult) -> ImapBox:
    options = _options(url.query, IMAP_OPTIONS)
    user, password = unquote(url.username or ""), unquote(url.password or "")
    auth = options.get("auth", "password")
    if auth not in {"password", "xoauth2"}:
        raise Invalid(f"auth is password or xoauth2, not {auth!r}.")
    if not user:
        raise Invalid("it names no user.")
    if auth == "password" and not password:
        raise Invalid("a user needs a password, or auth=xoauth2.")
    tls = _tls(url.scheme, options)
    return ImapBox(
        host=url.hostname or "",
        port=url.port or (993 if tls is Tls.IMPLICIT else 143),
        tls=tls,
        user=user,
        password=password,
        has_token=auth == "xoauth2",
        folder=_folder(url.path) or "INBOX",
        done=options.get("done", ""),
        every=_every(options),
    )


def _tls(scheme: str, options: dict[str, str]) -> Tls:
    starttls = options.get("starttls")
    if starttls not in {None, "true", "false"}:
        raise Invalid(f"starttls is true or false, not {starttls!r}.")
    if scheme == "imaps":
        if starttls == "true":
            raise Invalid("imaps:// is encrypted from the first byte; leave starttls out.")
        return Tls.IMPLICIT
    return Tls.NONE if starttls == "false" else Tls.STARTTLS


def _folder(path: str) -> str:
    return unquote(path.removeprefix("/"))


def _every(options: dict[str, str]) -> timedelta:
    given = options.get("every", "60")
    if not given.isdecimal() or not SHORTEST <= int(given) <= LONGEST:
        raise Invalid(f"every is {SHORTEST} to {LONGEST} seconds, not {given!r}.")
    return timedelta(seconds=int(given))


def _options(query: str, known: tuple[str, ...]) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise Invalid(f"it has no option {name!r}. Known: {', '.join(known)}.")
        if name in options:
            raise Invalid(f"{name} stands there twice.")
        options[name] = value
    return options
