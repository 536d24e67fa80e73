"""`sitrep plan simulate`: who would be told when, by how many messages, held up by which limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import channels, settings
from bot.cards.wording import duration, number
from bot.cli import db, say
from bot.simulation_drawn import drawn
from comms.channels.teams import limits as teams
from comms.errors import Invalid, SitrepError
from comms.incident import IncidentType, Severity
from comms.moment import moment
from comms.plan.load import load
from comms.plan.model import ChannelName, Plan
from comms.simulation import Limits, Sending, Simulation, Update
from comms.simulation import simulate as simulated
from comms.throttle import Limit


def simulate(
    file: Path,
    severity: Severity,
    hours: float,
    *,
    recipients: Sequence[str],
    at: str,
    svg: Path | None,
    as_json: bool,
    type: IncidentType = IncidentType.SERVICE,  # noqa: A002 (the product's word)
    services: Sequence[str] = (),
    monitored_after: float | None = None,
) -> None:
    """Print it, and draw it where a file is named; nothing is kept and nothing is sent."""
    plan = load(file)
    found = simulated(
        plan,
        severity,
        begin=_begin(at),
        length=timedelta(hours=hours),
        recipients=_people(plan, recipients),
        limits=_limits(plan),
        type=type,
        services=[plan.catalogue.named(name, pointer="") for name in services],
        monitored_after=None if monitored_after is None else timedelta(hours=monitored_after),
    )
    if svg:
        _write(svg, drawn(found, plan))
    if as_json:
        say.document(_told(found))
    else:
        _print(found, plan)
        if svg:
            say.line(f"Drawn into {svg}.")


def _begin(at: str) -> datetime:
    if not at:
        return datetime.now(UTC).replace(second=0, microsecond=0)
    try:
        begin = datetime.fromisoformat(at)
    except ValueError:
        raise Invalid(f"--at: {at[:40]!r} is not a time, such as 2026-03-29T00:30Z.") from None
    begin = begin if begin.tzinfo else begin.replace(tzinfo=UTC)
    if not 2000 <= begin.year <= 2200:
        raise Invalid("--at: write a time between the years 2000 and 2200.")
    return begin.astimezone(UTC)


def _people(plan: Plan, given: Sequence[str]) -> dict[str, int]:
    """What the options say; of the other audiences, what the database has."""
    named = dict(_counted(word, plan) for word in given)
    left = [audience.name for audience in plan.enabled() if audience.name not in named]
    try:
        kept = db.people(left) if left else {}
    except SitrepError as wrong:
        say.aside(f"The database is left out of it: {wrong.detail}")
        kept = None
    if kept is None:
        mailed = [name for name in left if ChannelName.MAIL in plan.audience(name).channels]
        if mailed:
            say.aside(
                f"Nobody is counted in {', '.join(mailed)}: say how many with"
                f" --recipients {mailed[0]}=412."
            )
    return named | (kept or {})


def _counted(word: str, plan: Plan) -> tuple[str, int]:
    name, _, count = word.partition("=")
    if not count.strip().isdecimal() or len(count) > 9:
        raise Invalid(f"--recipients: {word[:40]!r} is not NAME=COUNT, such as executives=12.")
    return plan.audience(name.strip()).name, int(count)


def _limits(plan: Plan) -> Limits:
    """Those of this installation; the plan's own rate where no transport is set up."""
    given = settings.read()
    known = channels.limits(given, plan)
    room = teams.thread(given.bot_tenant_id or "", "simulated")

    def limits(audience: str, channel: ChannelName) -> Sequence[Limit]:
        if channel is ChannelName.TEAMS:
            return (room,)
        if channel is ChannelName.MAIL and plan.mail_rate and not known(audience, channel):
            return (Limit(key="mail", rate=plan.mail_rate),)
        return known(audience, channel)

    return limits


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as wrong:
        raise Invalid(f"{file}: cannot be written: {wrong.strerror or wrong}") from None


def _print(found: Simulation, plan: Plan) -> None:
    began = moment(found.begin, plan.time_zone)
    updates = len(found.updates)
    length = duration(found.end - found.begin)
    say.line(
        f"{found.severity}, declared {began.full}, {length} long:"
        f" {updates} update{'' if updates == 1 else 's'} at the least."
    )
    say.line()
    say.table(
        ("after", "at", "told", "messages"),
        [_row(update, found, plan) for update in found.updates],
    )
    say.line()
    for channel, messages in found.messages.items():
        say.line(f"{channel}: {number(messages)} messages.")
    for role, times in found.approvals.items():
        say.line(f"The {role.label} approves {times} times.")
    for name in found.on_change:
        say.line(f"{name}: after the first update, on change only.")
    for name in found.unpromised:
        say.line(f"{name}: no first update is promised.")
    _print_held(found, plan)


def _row(update: Update, found: Simulation, plan: Plan) -> tuple[str, ...]:
    told = ", ".join(f"{name} ({why})" for name, why in update.audiences.items())
    sent: dict[ChannelName, int] = {}
    for sending in update.sendings:
        sent[sending.channel] = sent.get(sending.channel, 0) + sending.messages
    messages = ", ".join(f"{number(count)} {channel}" for channel, count in sent.items())
    return after(update.at - found.begin), moment(update.at, plan.time_zone).clock, told, messages


def _print_held(found: Simulation, plan: Plan) -> None:
    say.line()
    if not found.held:
        say.line("No limit is hit.")
    longest: dict[tuple[str, ChannelName], Sending] = {}
    for sending in found.held:
        worst = longest.setdefault((sending.audience, sending.channel), sending)
        if sending.done_at - sending.at > worst.done_at - worst.at:
            longest[sending.audience, sending.channel] = sending
    for sending in longest.values():
        say.line(held_words(sending, plan))


def held_words(sending: Sending, plan: Plan) -> str:
    """Return what a limit does to a sending: how long it takes, and whether that is too long."""
    limit = rate_words(sending.held_by) if sending.held_by else "no limit"
    takes = duration(sending.done_at - sending.at)
    until = moment(sending.done_at, plan.time_zone).clock
    late = "; the last readers get it after the next one is due" if sending.is_late else ""
    return (
        f"{sending.audience} by {sending.channel}, limited to {limit}:"
        f" {number(sending.messages)} messages take {takes}, until {until}{late}."
    )


def rate_words(limit: Limit) -> str:
    """Return '20/s', '30/min' or '100/h', and of a quota how many may leave at once."""
    for seconds, unit in ((1, "s"), (60, "min"), (3600, "h")):
        if limit.rate * seconds >= 1:
            rate = f"{limit.rate * seconds:,.4g}/{unit}"
            break
    else:
        rate = f"{limit.rate * 86_400:,.4g}/d"
    return f"{number(limit.burst + 1)} at once, then {rate}" if limit.is_quota else rate


def after(span: timedelta) -> str:
    """Return '0:05' or '26:30': hours and minutes since the declaration."""
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60}:{minutes % 60:02}"


def _told(found: Simulation) -> Mapping[str, Any]:
    return {
        "severity": found.severity.value,
        "begin": _stamp(found.begin),
        "end": _stamp(found.end),
        "updates": [
            {
                "at": _stamp(update.at),
                "told": {name: why.value for name, why in update.audiences.items()},
                "approvals": [role.value for role in update.approvals],
                "sendings": [_sending(sending) for sending in update.sendings],
            }
            for update in found.updates
        ],
        "messages": {channel.value: count for channel, count in found.messages.items()},
        "approvals": {role.value: times for role, times in found.approvals.items()},
        "on_change": list(found.on_change),
        "unpromised": list(found.unpromised),
        "held": [_sending(sending) for sending in found.held],
    }


def _sending(sending: Sending) -> Mapping[str, Any]:
    return {
        "at": _stamp(sending.at),
        "audience": sending.audience,
        "channel": sending.channel.value,
        "why": sending.why.value,
        "messages": sending.messages,
        "done_at": _stamp(sending.done_at),
        "limit": rate_words(sending.held_by) if sending.held_by else None,
        "is_late": sending.is_late,
    }


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
