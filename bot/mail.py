"""Mail as this installation has it set up: its transports by name, and who takes which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from aiohttp import ClientSession

from bot import identity
from bot.letter_links import letter_links
from bot.links import Links
from bot.settings import Settings
from comms.channels.mail.address import mailbox
from comms.channels.mail.azure.resource import AzureResource
from comms.channels.mail.azure.transport import AzureTransport
from comms.channels.mail.graph.mailbox import GraphMailbox
from comms.channels.mail.graph.transport import GraphTransport
from comms.channels.mail.letters import Letters
from comms.channels.mail.named import Named, named
from comms.channels.mail.postmark import Postmarks, ReturnPath, return_path
from comms.channels.mail.relay import Relay
from comms.channels.mail.transport import MailTransport
from comms.channels.unconfigured import Unconfigured
from comms.clock import Clock
from comms.gate import Gate
from comms.plan.model import ChannelName, Plan
from comms.plan.transports import Transports
from comms.routes import Route, Routes, only
from comms.throttle import Limit, Throttle

NOT_SET_UP = "No mail relay is set up: set SITREP_SMTP_URL and SITREP_MAIL_FROM."


def transports(settings: Settings) -> Mapping[str, Named]:
    """Return the transports by name, the default one first. Invalid says what cannot be read."""
    url, lines = settings.smtp_url, settings.mail_transports
    return named(
        url.get_secret_value() if url else "",
        lines.get_secret_value() if lines else "",
        sender=settings.mail_from or "",
    )


def known(settings: Settings) -> Transports:
    """Return what the plan's check has to know of them."""
    return {name: transport.internal for name, transport in transports(settings).items()}


def order(plan: Plan, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the transports that each audience with mail takes, in order."""
    return {
        audience.name: audience.mail or tuple(names[:1])
        for audience in plan.enabled()
        if ChannelName.MAIL in audience.ways
    }


def limits(settings: Settings, plan: Plan) -> Callable[[str], Sequence[Limit]]:
    """Return what tells the limits by which mail reaches an audience, by its first transport."""
    there = transports(settings)
    held = {name: one.limits(plan.mail_rate) for name, one in there.items()}
    taken = order(plan, [*there])
    return lambda audience: next((held[name] for name in taken.get(audience, ()) if there), ())


@dataclass(frozen=True, kw_only=True)
class Office:
    """What letters are made and sent with."""

    settings: Settings
    session: ClientSession
    links: Links
    postmarks: Postmarks
    clock: Clock


def routes(office: Office, plan: Callable[[], Plan], throttle: Throttle) -> Routes:
    """Return the routes of mail; where none is set up, one that says what is missing.

    `plan` gives the one that is in use at the moment.
    """
    there = transports(office.settings)
    if not there:
        return only(Unconfigured(NOT_SET_UP))
    return Routes(
        by_name={
            name: Route(
                transport=transport(office, one), gate=_gate(one, plan, throttle, office.clock)
            )
            for name, one in there.items()
        },
        order=lambda: order(plan(), [*there]),
    )


def transport(office: Office, one: Named) -> MailTransport | GraphTransport | AzureTransport:
    """Return what sends by a transport of the settings; Invalid where it lacks something."""
    settings = office.settings
    links = partial(letter_links, office.links, stop_by_mail=settings.mail_unsubscribe or "")
    letters = Letters(
        one.sender,
        links=links,
        clock=office.clock,
        mark=office.postmarks.of,
        home=_home(settings),
    )
    if isinstance(one.to, GraphMailbox):
        return GraphTransport(
            one.to,
            session=office.session,
            tokens=identity.graph_tokens(settings, one.name),
            letters=letters,
            graph_url=settings.graph_url,
            clock=office.clock,
        )
    if isinstance(one.to, AzureResource):
        tokens = None if one.to.key else identity.azure_tokens(settings, one.name)
        return AzureTransport(one.to, tokens=tokens, letters=letters, clock=office.clock)
    return MailTransport(
        one.to,
        sender=one.sender,
        links=links,
        postmarks=office.postmarks,
        back_to=_return_path(settings, one.to),
        clock=office.clock,
        home=_home(settings),
        tokens=identity.mail_tokens(settings, one.name, one.to),
    )


def _home(settings: Settings) -> str:
    """The domain of Message-IDs: one for all transports, so that a mailbox drops a duplicate."""
    if settings.mail_from is not None:
        return mailbox(settings.mail_from, option="SITREP_MAIL_FROM").domain
    return next(iter(transports(settings).values())).sender.domain


def _gate(one: Named, plan: Callable[[], Plan], throttle: Throttle, clock: Clock) -> Gate:
    held = lru_cache(maxsize=8)(one.limits)
    return Gate(limits=lambda _fanout: held(plan().mail_rate), throttle=throttle, clock=clock)


def _return_path(settings: Settings, to: Relay) -> ReturnPath | None:
    """The installation's, but for a relay that names a sender: it sends as nobody else."""
    path = settings.mail_return_path
    if path is None or to.sender:
        return None
    return return_path(path, option="SITREP_MAIL_RETURN_PATH")
