"""Writes the card of an update for the war room, and the same as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from jinja2 import UndefinedError

from comms.channels.teams.card import dumped, fill_card, tone
from comms.errors import Invalid
from comms.language import SOURCE, translations
from comms.moment import Moment
from comms.plan.model import Audience, ChannelName
from comms.projection import Telling
from comms.remark import LAST, data_loss, remark
from comms.render import fill, thread
from comms.statement import CARD, PLAIN, Statement

ENGLISH = translations(SOURCE)
"""Cards speak the language of the app."""

_LISTS = (("done", "Done"), ("doing", "Doing"), ("next", "Next"))
_BRIEF = (
    ("impact", "Impact"),
    ("risk", "Risk"),
    ("workaround", "Workaround"),
    ("symptom", "What customers are told"),
)
"""What a reader of mail is told, in this order; the decisions come after the impact."""


def write(telling: Telling, audience: Audience, context: Mapping[str, object]) -> Statement:
    """Return the card and its text; Invalid where the templates ask for what this audience may
    not see."""
    return _written(telling, audience, context, ChannelName.TEAMS)


def write_chat(telling: Telling, audience: Audience, context: Mapping[str, object]) -> Statement:
    """Return the same for one reader's chat, with a button that says 'I have seen this'."""
    return _written(telling, audience, context, ChannelName.CHAT)


def _written(
    telling: Telling, audience: Audience, context: Mapping[str, object], channel: ChannelName
) -> Statement:
    told = _told(telling, context) | {"asks_seen": channel is ChannelName.CHAT}
    source = f"{audience.template}/update.teams"
    try:
        card = fill_card(f"{source}.json", told)
        text = fill(f"{source}.txt", told)
    except UndefinedError as error:
        raise Invalid(
            f"The plan does not let {audience.name} see what {source}.json shows: {error.message}."
        ) from error
    return Statement(
        incident=telling.update.incident,
        update=telling.update.number,
        audience=audience.name,
        channel=channel,
        subject=str(told["fallback"]),
        parts={CARD: dumped(card), PLAIN: text},
        thread=thread(telling.update, audience),
    )


def _told(telling: Telling, context: Mapping[str, object]) -> dict[str, object]:
    """The audience's context, with the wording that both templates share."""
    incident, update = telling.incident, telling.update
    issued, promised = (
        cast(Moment, context["issued_at"]),
        cast(Moment | None, context["next_update"]),
    )
    named = f"{context['key']} update {context['number']}"
    return {
        "incident_url": "",
        "room_url": "",
        "review_url": "",
        **context,
        "fallback": f"{'DRILL · ' if context['drill'] else ''}{named}:"
        f" {context.get('title', context['status_label'])}",
        "severity_style": tone(incident.severity, update.status),
        "about": f"Update {context['number']} · {issued.clock}",
        "next_update": _next(promised, is_last=bool(context["is_last"])),
        "opening": _opening(context),
        "data_loss": data_loss(context, ENGLISH) if context["is_last"] else "",
        **_worded(context),
    }


def _opening(context: Mapping[str, object]) -> str:
    """What sets this update apart from an ordinary one, as letters say it."""
    return ENGLISH.gettext(LAST) if context["is_last"] else remark(context, ENGLISH)


def _next(promised: Moment | None, *, is_last: bool) -> str:
    if promised:
        return f"by {promised.clock}"
    return "none, this was the last" if is_last else "when something changes"


def _worded(context: Mapping[str, object]) -> dict[str, object]:
    """What the audience sees of lists, in words; a field that it does not see stays absent."""
    worded: dict[str, object] = {
        "actions": [
            {"label": label, "lines": context[name]} for name, label in _LISTS if context.get(name)
        ],
        "brief": _brief(context),
    }
    if "needs" in context:
        worded["needs"] = [
            _need(need) for need in cast(Iterable[Mapping[str, object]], context["needs"])
        ]
    if "people" in context:
        people = cast(Mapping[str, str], context["people"])
        worded["people"] = [
            {"role": role.capitalize(), "name": name} for role, name in people.items()
        ]
    return worded


def _brief(context: Mapping[str, object]) -> list[dict[str, object]]:
    parts: list[dict[str, object]] = [
        {"label": label, "lines": [context[name]]} for name, label in _BRIEF if context.get(name)
    ]
    wanted = [
        _need(need) for need in cast(Iterable[Mapping[str, object]], context.get("decisions", ()))
    ]
    if wanted:
        lines = [f"{need['text']} {need['note']}".strip() for need in wanted]
        parts.insert(1, {"label": "Decision needed", "lines": lines})
    return parts


def _need(need: Mapping[str, object]) -> dict[str, object]:
    owner, by = need["owner"], need["by"]
    parts = [
        "a decision" if need["decision"] else "",
        f"from {owner}" if owner else "",
        f"by {by}" if by else "",
    ]
    said = ", ".join(part for part in parts if part)
    return {"text": need["text"], "note": f"({said})" if said else ""}
