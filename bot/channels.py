"""The channels as this installation has them set up: how each sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bot import mail
from bot.edge.connector import Connector
from bot.room.transport import TeamsTransport
from bot.settings import Settings
from comms.acts.subscriptions import open_to_all
from comms.book import Store
from comms.channels.mail import writer as mail_writer
from comms.channels.page import writer as page_writer
from comms.channels.page.notice import public_id
from comms.channels.page.state import Site
from comms.channels.page.transport import PageTransport
from comms.channels.teams import limits as teams_limits
from comms.channels.teams import writer as teams_writer
from comms.clock import Clock
from comms.fanout import Slots
from comms.gate import Gate
from comms.incident import Incident
from comms.plan.model import ChannelName, Plan
from comms.render import Writer
from comms.routes import Routes, only
from comms.throttle import Limit, Throttle

WRITERS: Mapping[ChannelName, Writer] = {
    ChannelName.TEAMS: teams_writer.write,
    ChannelName.CHAT: teams_writer.write_chat,
    ChannelName.MAIL: mail_writer.write,
    ChannelName.PAGE: page_writer.write,
}
"""Adding a channel means a folder in `comms.channels`, a line here and one in `routes`."""

SLOTS: Mapping[ChannelName, Slots] = {
    ChannelName.TEAMS: Slots(lanes=4, batch=1),
    ChannelName.CHAT: Slots(lanes=4, batch=5),
    ChannelName.MAIL: Slots(lanes=4, batch=50),
    ChannelName.PAGE: Slots(lanes=1, batch=1),
}


def slots(settings: Settings) -> Mapping[ChannelName, Slots]:
    """Return how much of each channel is under way at once, as this installation has it."""
    lease = timedelta(seconds=settings.lease)
    mails = SLOTS[ChannelName.MAIL]
    wanted = {**SLOTS, ChannelName.MAIL: replace(mails, batch=settings.slots // mails.lanes)}
    return {channel: replace(slots, lease=lease) for channel, slots in wanted.items()}


def routes(
    office: mail.Office,
    plan: Callable[[], Plan],
    *,
    connector: Connector,
    store: Store,
    page: PageTransport,
    throttle: Throttle,
) -> Mapping[ChannelName, Routes]:
    """Return by what each channel sends; one that is not set up refuses, and says what is missing.

    Limits are kept by all who share the throttle. `plan` gives the one in use at the moment.
    """
    tenant = office.settings.bot_tenant_id or ""
    teams = TeamsTransport(connector=connector, store=store)

    def in_teams(limits: teams_limits.Limits) -> Routes:
        return only(teams, Gate(limits=limits, throttle=throttle, clock=office.clock))

    return {
        ChannelName.TEAMS: in_teams(teams_limits.limits(tenant)),
        ChannelName.CHAT: in_teams(teams_limits.of_chats(tenant)),
        ChannelName.MAIL: mail.routes(office, plan, throttle),
        ChannelName.PAGE: only(page),
    }


def limits(settings: Settings, plan: Plan) -> Callable[[str, ChannelName], Sequence[Limit]]:
    """Return what tells the known limits by which a channel reaches an audience."""
    mailed = mail.limits(settings, plan)
    return lambda audience, channel: mailed(audience) if channel is ChannelName.MAIL else ()


def status_page(settings: Settings, plan: Plan, clock: Clock) -> PageTransport:
    """Return the page's transport into the snapshot directory."""
    return PageTransport(settings.status_dir, site(settings, plan), clock)


def site(settings: Settings, plan: Plan) -> Site:
    """Return what the page says of the organisation."""
    return Site(
        organisation=plan.organisation,
        time_zone=plan.time_zone,
        url=settings.status_url or "http://127.0.0.1:8080",
        subscribe_url=f"{settings.base_url}/subscribe"
        if settings.base_url and open_to_all(plan)
        else "",
        manage_url=f"{settings.base_url}/manage" if settings.base_url else "",
    )


def page_url(settings: Settings, incident: Incident) -> str:
    """Return where customers read of an incident; '' where the page has no known address."""
    base = settings.status_url
    return f"{base}/incidents/{public_id(incident)}" if base else ""
