"""The transports of mail by their names, as the settings list them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from comms.channels.mail.address import Mailbox, mailbox
from comms.channels.mail.azure.resource import AzureResource, azure_resource
from comms.channels.mail.graph.mailbox import GraphMailbox, graph_mailbox
from comms.channels.mail.relay import Relay, relay
from comms.errors import Invalid
from comms.throttle import Limit

RELAY = "relay"
"""The name of the transport that SITREP_SMTP_URL sets up."""

LINES = "SITREP_MAIL_TRANSPORTS"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, kw_only=True)
class Named:
    """One transport: its name, the setting it comes from, where it leads, and who writes."""

    name: str
    option: str
    to: Relay | GraphMailbox | AzureResource
    sender: Mailbox

    @property
    def internal(self) -> bool:
        """True where it reaches only the organisation itself."""
        return self.to.internal

    def limits(self, plan_rate: float = 0.0) -> tuple[Limit, ...]:
        """What it lets through, for all who share the throttle.

        Of its own rate and the plan's (messages a second, 0: unknown) the lower one is kept.
        """
        address = self.sender.address.casefold()
        key = f"mail:{address}" if self.name == RELAY else f"mail:{self.name}:{address}"
        rate = min(filter(None, (self.to.rate, plan_rate)), default=0.0)
        limits = [Limit(key=key, rate=rate)]
        if quota := self.to.quota:
            each = quota.messages / quota.within.total_seconds()
            # One is free whatever was saved up.
            saved = quota.messages - 1
            limits.append(Limit(key=f"{key}:quota", rate=each, burst=saved, is_quota=True))
        return tuple(limits)


def named(smtp_url: str, lines: str, *, sender: str) -> Mapping[str, Named]:
    """Return the transports by name: `relay` first, then each line `name=url`, in their order.

    `sender` writes where a transport names nobody itself. Invalid names the setting and the line.
    """
    found: dict[str, Named] = {}
    for name, url, option in _listed(smtp_url, lines):
        if name in found:
            raise Invalid(f"{option}: there is a transport {name!r} already.")
        to = _to(url, option)
        writes = _sender(to.sender, sender, option)
        found[name] = Named(name=name, option=option, to=to, sender=writes)
    return found


def _to(url: str, option: str) -> Relay | GraphMailbox | AzureResource:
    if url.strip().startswith("graph:"):
        return graph_mailbox(url, option=option)
    if url.strip().startswith("azure:"):
        return azure_resource(url, option=option)
    return relay(url, option=option)


def _listed(smtp_url: str, lines: str) -> Iterator[tuple[str, str, str]]:
    if smtp_url:
        yield RELAY, smtp_url, "SITREP_SMTP_URL"
    for number, line in enumerate(lines.splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        option = f"{LINES}, line {number}"
        name, equals, url = text.partition("=")
        if not equals or not _NAME.fullmatch(name.strip()):
            raise Invalid(f"{option}: expected a line such as hve=hve://alerts@contoso.com.")
        yield name.strip(), url.strip(), option


def _sender(own: str, shared: str, option: str) -> Mailbox:
    if not own and not shared:
        raise Invalid(f"{option}: mail has no sender: set SITREP_MAIL_FROM, or from= in the URL.")
    box = mailbox(own or shared, option=option if own else "SITREP_MAIL_FROM")
    if own and shared and not box.name:
        named_as = mailbox(shared, option="SITREP_MAIL_FROM").name
        return Mailbox(name=named_as, address=box.address)
    return box
