"""The resource of Azure Communication Services that sends, read from one URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import SplitResult, unquote, urlsplit

from comms.channels.mail.options import Quota, options
from comms.errors import Invalid

OPTIONS = ("endpoint", "connections", "rate", "quota", "timeout")
EXAMPLE = (
    "azure://donotreply@notices.contoso.com?endpoint=contoso-acs.europe.communication.azure.com"
)

# learn.microsoft.com: "Service limits for Azure Communication Services", of an own domain.
RATE = 30 / 60
HOURLY = Quota(messages=100, within=timedelta(hours=1))


@dataclass(frozen=True, kw_only=True)
class AzureResource:
    """`endpoint` is the resource's root; without an access `key` the app's token is shown there.

    `rate` is in messages a second, `timeout` in seconds. Who throttles to `rate` and `quota` is
    the fan-out.
    """

    endpoint: str
    sender: str
    key: str = field(default="", repr=False)
    connections: int = 4
    rate: float = RATE
    quota: Quota | None = HOURLY
    timeout: float = 60.0
    internal: bool = False


def azure_resource(url: str, *, option: str) -> AzureResource:
    """Return the resource of `azure://donotreply@notices.contoso.com?endpoint=…`; Invalid names
    `option`, never the key."""
    try:
        return _parsed(urlsplit(url.strip()))
    except Invalid as error:
        raise Invalid(f"{option}: {error.detail} Example: {EXAMPLE}") from None
    except ValueError as error:
        raise Invalid(f"{option}: it is not a URL: {error}. Example: {EXAMPLE}") from None


def _parsed(url: SplitResult) -> AzureResource:
    if not url.username or not url.hostname or url.port:
        raise Invalid("it names the address that sends.")
    if url.path not in {"", "/"} or url.fragment:
        raise Invalid("nothing may stand between the address and the '?'.")
    given = options(url.query, known=OPTIONS)
    endpoint = given.text("endpoint")
    if not endpoint:
        raise Invalid("endpoint names the resource, as the portal shows it.")
    root = endpoint if "://" in endpoint else f"https://{endpoint}"
    split = urlsplit(root)
    if not split.hostname or (split.scheme != "https" and split.hostname != "127.0.0.1"):
        raise Invalid("endpoint is a host, or a URL that begins with https://.")
    return AzureResource(
        endpoint=root.rstrip("/"),
        sender=f"{unquote(url.username)}@{url.hostname}",
        key=unquote(url.password or ""),
        connections=given.whole("connections", 4, low=1, high=64),
        rate=given.rate(RATE),
        quota=given.quota(HOURLY),
        timeout=given.number("timeout", 60, low=1, high=600),
    )
