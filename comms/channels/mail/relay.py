"""The relay: where mail is handed over, read from one URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from comms.errors import Invalid

OPTIONS = ("starttls", "auth", "connections", "rate", "timeout")
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

    Who throttles to `rate` is the fan-out.
    """

    host: str
    port: int
    tls: Tls
    auth: Auth = Auth.NONE
    username: str = ""
    password: str = field(default="", repr=False)
    connections: int = 4
    rate: float = 0.0
    timeout: float = 60.0


def relay(url: str, *, option: str = "SITREP_SMTP_URL") -> Relay:
    """Return the relay of `smtp://user:pass@host:587?starttls=true&auth=xoauth2&connections=16`.

    The port is 25, or 587 where a user is named; `smtps://` (TLS from the first byte) has 465.
    STARTTLS is demanded where a user is named, else used if offered, unless `starttls` says
    otherwise. Invalid names `option`, the part that is wrong and its bounds, never the password.
    """
    try:
        return _parsed(urlsplit(url.strip()))
    except Invalid as error:
        raise Invalid(f"{option}: {error.detail} Example: {EXAMPLE}") from None
    except ValueError as error:  # urlsplit and .port on a malformed host or port
        raise Invalid(f"{option}: it is not a URL: {error}. Example: {EXAMPLE}") from None


def _parsed(url: SplitResult) -> Relay:
    if url.scheme not in {"smtp", "smtps"}:
        raise Invalid("it must begin with smtp:// or smtps://.")
    if not url.hostname:
        raise Invalid("it names no host.")
    if url.path not in {"", "/"} or url.fragment:
        raise Invalid("nothing may stand between the port and the '?'.")
    options = _options(url.query)
    username, password = unquote(url.username or ""), unquote(url.password or "")
    tls = _tls(url.scheme, options.get("starttls"), demanded=bool(username))
    return Relay(
        host=url.hostname,
        port=url.port or (465 if tls is Tls.IMPLICIT else 587 if username else 25),
        tls=tls,
        auth=_auth(options.get("auth"), username, password),
        username=username,
        password=password,
        connections=int(_number(options, "connections", "4", low=1, high=64, whole=True)),
        rate=_number(options, "rate", "0", low=0, high=10_000),
        timeout=_number(options, "timeout", "60", low=1, high=600),
    )


def _options(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in OPTIONS:
            raise Invalid(f"it has no option {name!r}. Known: {', '.join(OPTIONS)}.")
        if name in options:
            raise Invalid(f"{name} stands there twice.")
        options[name] = value
    return options


def _tls(scheme: str, starttls: str | None, *, demanded: bool) -> Tls:
    if starttls not in {None, "true", "false"}:
        raise Invalid(f"starttls is true or false, not {starttls!r}.")
    if scheme == "smtps":
        if starttls == "true":
            raise Invalid("smtps:// is encrypted from the first byte; leave starttls out.")
        return Tls.IMPLICIT
    if starttls is None:
        return Tls.REQUIRED if demanded else Tls.OFFERED
    return Tls.REQUIRED if starttls == "true" else Tls.NONE


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


def _number(
    options: dict[str, str], name: str, default: str, *, low: int, high: int, whole: bool = False
) -> float:
    try:
        value = float(int(options.get(name, default)) if whole else options.get(name, default))
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise Invalid(f"{name} is {kind} from {low} to {high}, not {options[name]!r}.")
    return value
