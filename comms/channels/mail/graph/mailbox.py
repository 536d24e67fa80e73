"""The mailbox that Microsoft Graph sends from, read from one URL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from comms.channels.mail.options import Quota, options
from comms.errors import Invalid

OPTIONS = ("connections", "rate", "quota", "timeout")
EXAMPLE = "graph://incidents@contoso.com?rate=30/min"

# learn.microsoft.com: "Microsoft Graph service-specific throttling limits" (Outlook: four requests
# at a time to a mailbox) and "Exchange Online limits" (30 messages a minute, 10,000 recipients a
# day).
CONNECTIONS = 4
RATE = 30 / 60
DAILY = Quota(messages=10_000, within=timedelta(days=1))


@dataclass(frozen=True, kw_only=True)
class GraphMailbox:
    """`sender` is a user's or a shared mailbox. `rate` is in messages a second, `timeout` in
    seconds. Who throttles to `rate` and `quota` is the fan-out."""

    sender: str
    connections: int = CONNECTIONS
    rate: float = RATE
    quota: Quota | None = DAILY
    timeout: float = 60.0
    internal: bool = False


def graph_mailbox(url: str, *, option: str) -> GraphMailbox:
    """Return the mailbox of `graph://incidents@contoso.com`; Invalid names `option`."""
    try:
        split = urlsplit(url.strip())
        if not split.username or not split.hostname or split.password or split.port:
            raise Invalid("it names the mailbox that sends, and nothing else.")
        if split.path not in {"", "/"} or split.fragment:
            raise Invalid("nothing may stand between the mailbox and the '?'.")
        given = options(split.query, known=OPTIONS)
        return GraphMailbox(
            sender=f"{unquote(split.username)}@{split.hostname}",
            connections=given.whole("connections", CONNECTIONS, low=1, high=CONNECTIONS),
            rate=given.rate(RATE),
            quota=given.quota(DAILY),
            timeout=given.number("timeout", 60, low=1, high=600),
        )
    except Invalid as error:
        raise Invalid(f"{option}: {error.detail} Example: {EXAMPLE}") from None
    except ValueError as error:
        raise Invalid(f"{option}: it is not a URL: {error}. Example: {EXAMPLE}") from None
