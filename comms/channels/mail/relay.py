"""The relay: where mail is handed over, read from one URL."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit

from comms.channels.mail.options import Options, Quota, options
from comms.errors import Invalid

OPTIONS = (
    "starttls",
    "auth",
    "connections",
    "messages",
    "rate",
    "quota",
    "timeout",
    "from",
    "internal",
)
PRESET_OPTIONS = (*OPTIONS, "user", "host")
EXAMPLE = "smtp://user:password@relay.contoso.com:587?starttls=true&connections=16&rate=0"


class Tls(StrEnum):
    """How a session is encrypted."""

    IMPLICIT = "implicit"
    REQUIRED = "required"
    OFFERED = "offered"
    NONE = "none"


class Auth(StrEnum):
    """How Sitrep says who it is; AUTO takes the best that the relay offers for a password."""

    NONE = "none"
    AUTO = "auto"
    PLAIN = "plain"
    LOGIN = "login"
    XOAUTH2 = "xoauth2"


@dataclass(frozen=True, kw_only=True)
class Relay:
    """`rate` is in messages a second (0: as fast as it takes them), `timeout` in seconds.

    `messages` is how many one connection carries (0: any number). `sender` is who writes ('': who
    writes for the whole installation). An `internal` relay reaches only the organisation itself.
    Who throttles to `rate` and `quota` is the fan-out.
    """

    host: str
    port: int
    tls: Tls
    auth: Auth = Auth.NONE
    username: str = ""
    password: str = field(default="", repr=False)
    connections: int = 4
    messages: int = 0
    rate: float = 0.0
    quota: Quota | None = None
    timeout: float = 60.0
    sender: str = ""
    internal: bool = False


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A relay that everybody reaches at the same place, with STARTTLS on 587, and its limits."""

    host: str
    connections: int = 4
    rate: float = 0.0
    quota: Quota | None = None
    internal: bool = False
    takes_tokens: bool = True


ANYWHERE = Preset(host="")
"""A relay of which nothing is known."""

PRESETS = {
    # learn.microsoft.com: "Exchange Online limits" (sending), "SMTP AUTH client submission".
    "exchange": Preset(
        host="smtp.office365.com",
        connections=3,
        rate=30 / 60,
        quota=Quota(messages=10_000, within=timedelta(days=1)),
    ),
    # learn.microsoft.com: "Manage high volume emails for Microsoft 365".
    "hve": Preset(host="smtp-hve.office365.com", internal=True),
    # learn.microsoft.com: "Service limits for Azure Communication Services", of an own domain.
    "acs": Preset(
        host="smtp.azurecomm.net",
        rate=30 / 60,
        quota=Quota(messages=100, within=timedelta(hours=1)),
        takes_tokens=False,
    ),
}


def relay(url: str, *, option: str = "SITREP_SMTP_URL") -> Relay:
    """Return the relay of `smtp://user:pass@host:587?starttls=true&auth=xoauth2&connections=16`.

    The port is 25, or 587 where a user is named; `smtps://` (TLS from the first byte) has 465.
    STARTTLS is demanded where a user is named, else used if offered, unless `starttls` says
    otherwise. `exchange://`, `hve://` and `acs://` stand before the mailbox that sends. Invalid
    names `option`, the part that is wrong and its bounds, never the password.
    """
    try:
        split = urlsplit(url.strip())
        preset = PRESETS.get(split.scheme)
        return _preset(split, preset) if preset else _parsed(split)
    except Invalid as error:
        raise Invalid(f"{option}: {error.detail} Example: {EXAMPLE}") from None
    except ValueError as error:  # urlsplit and .port on a malformed host or port
        raise Invalid(f"{option}: it is not a URL: {error}. Example: {EXAMPLE}") from None


def _parsed(url: SplitResult) -> Relay:
    if url.scheme not in {"smtp", "smtps"}:
        raise Invalid("it must begin with smtp:// or smtps://.")
    _refuse_path(url)
    given = options(url.query, known=OPTIONS)
    username, password = unquote(url.username or ""), unquote(url.password or "")
    tls = _tls(url.scheme, given.flag("starttls"), demanded=bool(username))
    return replace(
        _limited(given, ANYWHERE),
        host=url.hostname or "",
        port=url.port or (465 if tls is Tls.IMPLICIT else 587 if username else 25),
        tls=tls,
        auth=_auth(given.text("auth") or None, username, password),
        username=username,
        password=password,
    )


def _preset(url: SplitResult, preset: Preset) -> Relay:
    _refuse_path(url)
    if not url.username or url.port:
        raise Invalid(f"it names the mailbox that sends: {url.scheme}://incidents@contoso.com.")
    given = options(url.query, known=PRESET_OPTIONS)
    mailbox, password = f"{unquote(url.username)}@{url.hostname}", unquote(url.password or "")
    username = given.text("user") or mailbox
    auth = given.text("auth") or (None if password else Auth.XOAUTH2)
    if auth == Auth.XOAUTH2 and not preset.takes_tokens:
        raise Invalid(f"{url.scheme}:// takes a password, the secret of its app, and no token.")
    host, port = _host(given.text("host"), preset)
    return replace(
        _limited(given, preset),
        host=host,
        port=port,
        tls=_tls("smtp", given.flag("starttls"), demanded=True),
        auth=_auth(auth, username, password),
        username=username,
        password=password,
        sender=given.text("from") or mailbox,
    )


def _limited(given: Options, preset: Preset) -> Relay:
    """What all relays have: limits, those of the preset where the URL names no other."""
    return Relay(
        host=preset.host,
        port=587,
        tls=Tls.REQUIRED,
        connections=given.whole("connections", preset.connections, low=1, high=64),
        messages=given.whole("messages", 0, low=0, high=1_000_000),
        rate=given.rate(preset.rate),
        quota=given.quota(preset.quota),
        timeout=given.number("timeout", 60, low=1, high=600),
        sender=given.text("from"),
        internal=given.flag("internal") or preset.internal,
    )


def _refuse_path(url: SplitResult) -> None:
    if not url.hostname:
        raise Invalid("it names no host.")
    if url.path not in {"", "/"} or url.fragment:
        raise Invalid("nothing may stand between the port and the '?'.")


def _host(given: str, preset: Preset) -> tuple[str, int]:
    """Another server in place of the preset's: a national cloud's, say."""
    split = urlsplit(f"//{given or preset.host}")
    if not split.hostname or split.netloc != (given or preset.host):
        raise Invalid("host is a server, such as smtp.office365.us or relay.contoso.com:2525.")
    return split.hostname, split.port or 587


def _tls(scheme: str, starttls: bool | None, *, demanded: bool) -> Tls:
    if scheme == "smtps":
        if starttls:
            raise Invalid("smtps:// is encrypted from the first byte; leave starttls out.")
        return Tls.IMPLICIT
    if starttls is None:
        return Tls.REQUIRED if demanded else Tls.OFFERED
    return Tls.REQUIRED if starttls else Tls.NONE


def _auth(name: str | None, username: str, password: str) -> Auth:
    if name is None:
        auth = Auth.AUTO if username else Auth.NONE
    elif name in {Auth.PLAIN, Auth.LOGIN, Auth.XOAUTH2}:
        auth = Auth(name)
    else:
        raise Invalid(f"auth is plain, login or xoauth2, not {name!r}.")
    if auth is not Auth.NONE and not username:
        raise Invalid(f"auth={auth} needs a user: smtp://user@host.")
    if auth in {Auth.AUTO, Auth.PLAIN, Auth.LOGIN} and not password:
        raise Invalid("a user needs a password, or auth=xoauth2.")
    return auth
