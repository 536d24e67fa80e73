"""The preview: what every audience would read, how many they are, and the button that approves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.cards.wording import approval_line, duration, eyes_line, headed, listed, people
from comms.acts.draft import Preview
from comms.approval import asked_by
from comms.channels.mail.placeholders import NAMES, fill, settle
from comms.channels.mail.times import in_zone
from comms.channels.teams.card import fill_card
from comms.estimate import Estimate
from comms.incident import Incident
from comms.language import name_of
from comms.lint import Level
from comms.people import Role
from comms.plan.model import Audience, ChannelName, Plan
from comms.statement import PLAIN, Statement
from comms.update import Update

CHANNELS = {
    ChannelName.TEAMS: "Teams",
    ChannelName.CHAT: "chat",
    ChannelName.MAIL: "mail",
    ChannelName.PAGE: "status page",
}

_PLACES = {ChannelName.TEAMS: "the war room", ChannelName.PAGE: "the status page"}


def preview_card(
    *, incident: Incident, preview: Preview, plan: Plan, incident_url: str = ""
) -> dict[str, object]:
    """Return the card to approve. Its actions carry the hash of exactly what it shows.

    A blocking finding of any audience leaves only 'Edit', and 'Override…' where the plan lets
    somebody override it.
    """
    update = preview.update
    asked = {
        name: asked_by(plan.look_up(name), update, incident, plan) for name in update.audiences
    }
    told = plan.under(incident)
    # What needs nobody's approval is read last.
    chosen = sorted(
        (told.look_up(name) for name in update.audiences),
        key=lambda audience: (not asked[audience.name], audience.position),
    )
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key} update {update.number} awaits approval",
        "number": update.number,
        "kind": _kind(update),
        "drafted_by": update.drafted_by.name,
        "hash": update.hash,
        "short_hash": short_hash(update.hash),
        "estimate": _total(preview, chosen),
        "approvals": _approvals(preview, plan),
        "blocked": bool(preview.blocks),
        "may_override": preview.can_override,
        "may_break_glass": bool(preview.missing),
        "previews": [_section(preview, audience, asked[audience.name]) for audience in chosen],
    }
    return fill_card("cards/preview.json", context)


def short_hash(digest: str) -> str:
    """Return the first eight digits, by which people compare two drafts."""
    return digest[:8]


def _kind(update: Update) -> str:
    """'Severity change, SEV2 → SEV1': what it is to its readers."""
    if update.severity_was:
        return f"{update.kind.label}, {update.severity_was} → {update.severity}"
    return update.kind.label


def _approvals(preview: Preview, plan: Plan) -> list[str]:
    """Who has approved already, and who else must."""
    lines = [approval_line(approval, plan) for approval in preview.update.approvals]
    if preview.update.asked and preview.missing:
        names = listed([person.name for person in preview.update.asked])
        lines.append(f"Asked as well, and may approve: {names}")
    eyes = eyes_line(preview.update, preview.missing)
    return [*lines, eyes] if eyes else lines


def _total(preview: Preview, audiences: Sequence[Audience]) -> str:
    addressed = sum(_addressed(preview.estimates[a.name], a) for a in audiences)
    if not addressed:
        return "To nobody by mail"
    longest = max((e.eta_seconds for e in preview.estimates.values()), default=0)
    if longest < 60:
        return f"To {people(addressed)}"
    return f"To {people(addressed)}, {duration(timedelta(seconds=longest))} at the relay’s limit"


def _section(preview: Preview, audience: Audience, asked: Sequence[Role]) -> dict[str, object]:
    statements = [s for s in preview.statements if s.audience == audience.name]
    missing = [role.label for role in asked if role in preview.missing]
    return {
        "audience": audience.label,
        "counts": _counts(preview.estimates[audience.name], audience),
        "findings": [
            {
                "message": finding.message,
                "blocks": finding in preview.blocks,
                "overridden": finding.level is Level.BLOCK and finding not in preview.blocks,
            }
            for finding in preview.findings
            if finding.audience == audience.name
        ],
        "texts": _texts(statements, audience),
        "awaits": f"Needs the approval of: {listed(missing)}" if missing else "",
    }


def _counts(estimate: Estimate, audience: Audience) -> str:
    where = [_PLACES[channel] for channel in audience.channels if channel in _PLACES]
    if any(channel.is_personal for channel in audience.channels):
        where.insert(0, people(_addressed(estimate, audience)))
        if estimate.kept_back:
            where[0] += f" ({estimate.kept_back} more chose a digest, or less)"
    if estimate.waiting:
        where[-1] += f" · {estimate.waiting} of them when their quiet hours end"
    if estimate.eta_seconds < 60:
        return listed(where)
    return f"{listed(where)} · {duration(timedelta(seconds=estimate.eta_seconds))}"


def _addressed(estimate: Estimate, audience: Audience) -> int:
    """How many people: the room and the page count as one recipient each, but are none."""
    return estimate.recipients - sum(channel in _PLACES for channel in audience.channels)


def _texts(statements: Sequence[Statement], audience: Audience) -> list[dict[str, object]]:
    """What is read by each channel in each language; those that say the same share one text."""
    channels: dict[tuple[str, str], list[str]] = {}
    for whole in statements:
        for statement in whole.in_each():
            said = (statement.subject, _readable(statement))
            named = _named(statement.channel, audience)
            if statement.language != whole.language:
                named = f"{named} in {name_of(statement.language)}"
            channels.setdefault(said, []).append(named)
    return [
        {"channels": _capitalized(listed(names)), "subject": subject, "body": body}
        for (subject, body), names in channels.items()
    ]


def _named(channel: ChannelName, audience: Audience) -> str:
    """The channel, and when it is used if it only stands in for another."""
    fails = [CHANNELS[one] for one, instead in audience.failover.items() if instead is channel]
    when = [f"if {listed(fails)} fails"] if fails else []
    if audience.acknowledge and channel in audience.acknowledge.then:
        when.append("to whoever does not acknowledge")
    return f"{CHANNELS[channel]} ({', or '.join(when)})" if when else CHANNELS[channel]


def _readable(statement: Statement) -> str:
    """The text with its placeholders named: each recipient gets a link of their own there."""
    text = in_zone(statement.parts.get(PLAIN, ""), statement.time_zone, statement.language)
    return fill(settle(text, NAMES), lambda _name: "(personal link)").strip()


def _capitalized(words: str) -> str:
    return words[:1].upper() + words[1:]
