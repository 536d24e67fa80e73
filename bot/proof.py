"""The proof of a transport: one small letter, really sent, the way that every letter goes."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from aiohttp import ClientSession

from bot import identity, mail
from bot.doctor import Finding, Health
from bot.edge.connector import open_session
from bot.links import Links
from bot.settings import Settings
from comms.channels.mail.address import addr_spec
from comms.channels.mail.azure.resource import AzureResource
from comms.channels.mail.graph.mailbox import GraphMailbox
from comms.channels.mail.graph.transport import GraphTransport
from comms.channels.mail.letter import letter
from comms.channels.mail.named import RELAY, Named
from comms.channels.mail.opening import NotOpened, Opened, open_connection
from comms.channels.mail.postmark import Postmarks
from comms.clock import Clock, SystemClock
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.errors import Invalid, SitrepError
from comms.plan.model import ChannelName
from comms.plan.problem import nearest
from comms.statement import Statement

TODO = {
    Reason.AUTHENTICATION: "Check who logs in and by what: the user and password, or the app's"
    " credential and its permission (SMTP.SendAsApp, or Mail.Send for that mailbox).",
    Reason.UNREACHABLE: "Check the server's name and port, the firewall on the way, and that this"
    " machine trusts its certificate.",
    Reason.FORBIDDEN: "Let the server accept this sender from this machine: a connector, an"
    " allowed address, the right to send as the mailbox.",
    Reason.ADDRESS_INVALID: "Check the address after --send-to.",
    Reason.MAILBOX_UNKNOWN: "Check the address after --send-to; a server for inside mail refuses"
    " everybody outside.",
    Reason.THROTTLED: "The server takes no more for now: wait, and lower rate= in the URL.",
    Reason.TEMPORARY: "Try again in some minutes: a server that does not know the sender yet may"
    " greylist it.",
    Reason.CONTENT_REFUSED: "The server's filter refuses the letter: allow the sender there.",
    Reason.NO_REPLY: "The letter was handed over and no answer came: look into the mailbox before"
    " trying again.",
}
ARRIVAL = "Now see that it arrived, and not among the junk."
LOOK_AT = (
    "Is it in the inbox, and not among the junk? Does the sender look right? In the message's"
    " headers, Authentication-Results should say pass for spf, dkim and dmarc."
)


async def prove(settings: Settings, address: str, names: Collection[str] = ()) -> list[Finding]:
    """Send a letter to the address by each transport of these names, or by all; say what became
    of it. Invalid for an address or a name that is none."""
    addr_spec(address, utf8=True)
    there = mail.transports(settings)
    if not there:
        raise Invalid("No mail transport is set up: set SITREP_SMTP_URL and SITREP_MAIL_FROM.")
    for name in names:
        if name not in there:
            raise Invalid(
                f"There is no transport {name!r}.{nearest(name, there)} Known: {', '.join(there)}."
            )
    async with open_session() as session:
        return [await _proved(settings, session, there[name], address) for name in (names or there)]


async def _proved(settings: Settings, session: ClientSession, one: Named, address: str) -> Finding:
    part = "mail" if one.name == RELAY else f"mail by {one.name}"
    try:
        entered = await _entered(settings, one)
        became = await _sent(settings, session, one, address)
    except NotOpened as refused:
        return _failed(part, refused.drop.detail, refused.drop.reason)
    except SitrepError as wrong:
        return _failed(part, wrong.detail, Reason.AUTHENTICATION)
    if became.state is not DeliveryState.ACCEPTED:
        return _failed(part, became.detail or became.state.value, became.reason)
    receipt = f", receipt {became.provider_id}" if became.provider_id else ""
    return Finding(
        part=part,
        health=Health.GOOD,
        detail=f"{entered} It took the letter to {address}: {became.detail}{receipt}.",
        todo=ARRIVAL,
    )


async def _entered(settings: Settings, one: Named) -> str:
    """How we get in; NotOpened where we do not."""
    to = one.to
    if isinstance(to, GraphMailbox):
        return f"Graph sends as {one.sender.address}, by HTTPS with a token of the app."
    if isinstance(to, AzureResource):
        way = "its access key" if to.key else "a token of the app"
        return f"Azure sends as {one.sender.address}, by HTTPS with {way}."
    opened = await open_connection(to, tokens=identity.mail_tokens(settings, one.name, to))
    opened.transport.close()
    return f"{to.host}:{to.port}: {', '.join(_facts(opened))}."


def _facts(opened: Opened) -> list[str]:
    return [
        opened.tls or "not encrypted",
        f"logged in by {opened.auth}" if opened.auth else "no login",
        "with pipelining" if opened.pipelining else "without pipelining",
    ]


async def _sent(settings: Settings, session: ClientSession, one: Named, address: str) -> Outcome:
    clock = SystemClock()
    office = mail.Office(
        settings=settings,
        session=session,
        # The letter has no links, and what comes back of it is nobody's delivery.
        links=Links(key=b"", base_url=""),
        postmarks=Postmarks(secrets.token_bytes(32)),
        clock=clock,
    )
    transport = mail.transport(office, one)
    delivery = Delivery(id=1, key=f"proof:{secrets.token_hex(8)}", address=address)
    try:
        [outcome] = await transport.send(_statement(one, address, clock), [delivery])
    finally:
        if not isinstance(transport, GraphTransport):
            await transport.close()
    return outcome


def _statement(one: Named, address: str, clock: Clock) -> Statement:
    written = letter(
        "mail/proof",
        {
            "organisation": "Sitrep",
            "exercise": "",
            "only_in": "",
            "remark": "",
            "transport": one.name,
            "sender": one.sender.address,
            "to": address,
            "sent_at": f"{clock.now():%Y-%m-%d %H:%M} UTC",
            "look_at": LOOK_AT,
        },
        subject="mail/proof.subject",
        opening="There is no incident. Nothing has to be done.",
    )
    return Statement(
        incident="proof",
        update=0,
        audience="operator",
        channel=ChannelName.MAIL,
        subject=written.subject,
        parts=written.parts,
        thread=f"proof:{one.name}",
    )


def _failed(part: str, detail: str, reason: Reason | None) -> Finding:
    todo = TODO.get(reason, "") if reason else ""
    return Finding(part=part, health=Health.BAD, detail=f"{detail.rstrip('.')}.", todo=todo)
