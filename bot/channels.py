"""The channels as this installation has them set up: how each sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot import identity
from bot.edge.connector import Connector
from bot.links import Links
from bot.room.transport import TeamsTransport
from bot.settings import Settings
from comms.book import Store
from comms.channels.mail import limits as mail_limits
from comms.channels.mail import writer as mail_writer
from comms.channels.mail.address import mailbox
from comms.channels.mail.postmark import Postmarks, ReturnPath, return_path
from comms.channels.mail.relay import Relay, relay
from comms.channels.mail.transport import MailTransport
from comms.channels.page import writer as page_writer
from comms.channels.page.state import Site
from comms.channels.page.transport import PageTransport
from comms.channels.teams import limits as teams_limits
from comms.channels.teams import writer as teams_writer
from comms.channels.transport import Transport
from comms.channels.unconfigured import Unconfigured
from comms.clock import Clock
from comms.delivery import Delivery
from comms.fanout import Slots
from comms.gate import Gate, Limits
from comms.plan.model import ChannelName, Plan
from comms.render import Writer
from comms.throttle import Throttle

WRITERS: Mapping[ChannelName, Writer] = {
    ChannelName.TEAMS: teams_writer.write,
    ChannelName.MAIL: mail_writer.write,
    ChannelName.PAGE: page_writer.write,
}
"""Adding a channel means a folder in `comms.channels`, a line here and one in `transports`."""

SLOTS: Mapping[ChannelName, Slots] = {
    ChannelName.TEAMS: Slots(lanes=4, batch=1),
    ChannelName.MAIL: Slots(lanes=4, batch=50),
    ChannelName.PAGE: Slots(lanes=1, batch=1),
}


def slots(settings: Settings) -> Mapping[ChannelName, Slots]:
    """Return how much of each channel is under way at once, as this installation has it."""
    lease = timedelta(seconds=settings.lease)
    mail = SLOTS[ChannelName.MAIL]
    wanted = {**SLOTS, ChannelName.MAIL: replace(mail, batch=settings.slots // mail.lanes)}
    return {channel: replace(slots, lease=lease) for channel, slots in wanted.items()}


def transports(
    settings: Settings,
    *,
    connector: Connector,
    store: Store,
    page: PageTransport,
    links: Links,
    postmarks: Postmarks,
    clock: Clock,
) -> Mapping[ChannelName, Transport]:
    """Return how each channel sends; one that is not set up refuses, and says what is missing."""
    return {
        ChannelName.TEAMS: TeamsTransport(connector=connector, store=store),
        ChannelName.MAIL: _mail(settings, links, postmarks, clock),
        ChannelName.PAGE: page,
    }


def rates(settings: Settings, plan: Plan) -> Mapping[ChannelName, float]:
    """Return the known limits of channels, in messages a second.

    Of the relay's own rate (in its URL) and the plan's the lower one is kept.
    """
    to = _relay(settings)
    known = [rate for rate in (to.rate if to else 0.0, plan.mail_rate) if rate]
    return {ChannelName.MAIL: min(known)} if known else {}


def gates(
    settings: Settings, plan: Plan, *, throttle: Throttle, clock: Clock
) -> Mapping[ChannelName, Gate]:
    """Return the gates of the channels that have limits, shared by all who share the throttle."""
    limits: dict[ChannelName, Limits] = {
        ChannelName.TEAMS: teams_limits.limits(settings.bot_tenant_id or "")
    }
    if settings.mail_from is not None:
        sender = mailbox(settings.mail_from, option="SITREP_MAIL_FROM")
        rate = rates(settings, plan).get(ChannelName.MAIL, 0.0)
        limits[ChannelName.MAIL] = mail_limits.limits(sender, rate)
    return {
        channel: Gate(limits=of, throttle=throttle, clock=clock) for channel, of in limits.items()
    }


def status_page(settings: Settings, plan: Plan, clock: Clock) -> PageTransport:
    """Return the page's transport into the snapshot directory."""
    site = Site(
        organisation=plan.organisation,
        time_zone=plan.time_zone,
        url=settings.status_url or "http://127.0.0.1:8080",
    )
    return PageTransport(settings.status_dir, site, clock)


def _mail(settings: Settings, links: Links, postmarks: Postmarks, clock: Clock) -> Transport:
    to = _relay(settings)
    if to is None:
        return Unconfigured("No mail relay is set up: set SITREP_SMTP_URL and SITREP_MAIL_FROM.")
    if settings.mail_from is None:
        return Unconfigured("Mail has no sender: set SITREP_MAIL_FROM.")

    def own(delivery: Delivery) -> Mapping[str, str]:
        url = links.make("seen", str(delivery.id))
        return {"seen": url} if url else {}

    return MailTransport(
        to,
        sender=mailbox(settings.mail_from, option="SITREP_MAIL_FROM"),
        links=own,
        postmarks=postmarks,
        back_to=_return_path(settings),
        clock=clock,
        token=identity.mail_token(settings),
    )


def _return_path(settings: Settings) -> ReturnPath | None:
    path = settings.mail_return_path
    return return_path(path, option="SITREP_MAIL_RETURN_PATH") if path else None


def _relay(settings: Settings) -> Relay | None:
    return relay(settings.smtp_url.get_secret_value()) if settings.smtp_url else None
