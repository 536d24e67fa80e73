"""Mail as this installation has it set up: its transports by name, and who takes which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bot import identity
from bot.letter_links import letter_links
from bot.links import Links
from bot.settings import Settings
from comms.channels.mail.named import Named, named
from comms.channels.mail.postmark import Postmarks, ReturnPath, return_path
from comms.channels.mail.transport import MailTransport
from comms.channels.transport import Transport
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


def routes(
    settings: Settings,
    plan: Plan,
    *,
    links: Links,
    postmarks: Postmarks,
    clock: Clock,
    throttle: Throttle,
) -> Routes:
    """Return the routes of mail; where none is set up, one that says what is missing."""
    there = transports(settings)
    if not there:
        return only(Unconfigured(NOT_SET_UP))
    return Routes(
        by_name={
            name: Route(
                transport=_transport(one, settings, links, postmarks, clock),
                gate=_gate(one, plan, throttle, clock),
            )
            for name, one in there.items()
        },
        order=order(plan, [*there]),
    )


def _gate(one: Named, plan: Plan, throttle: Throttle, clock: Clock) -> Gate:
    held = one.limits(plan.mail_rate)
    return Gate(limits=lambda _fanout: held, throttle=throttle, clock=clock)


def _transport(
    one: Named, settings: Settings, links: Links, postmarks: Postmarks, clock: Clock
) -> Transport:
    return MailTransport(
        one.to,
        sender=one.sender,
        links=partial(letter_links, links, stop_by_mail=settings.mail_unsubscribe or ""),
        postmarks=postmarks,
        back_to=_return_path(settings, one),
        clock=clock,
        token=identity.mail_token(settings, one),
    )


def _return_path(settings: Settings, one: Named) -> ReturnPath | None:
    """The installation's, but for a transport that names a sender: it sends as nobody else."""
    path = settings.mail_return_path
    if path is None or one.to.sender:
        return None
    return return_path(path, option="SITREP_MAIL_RETURN_PATH")
