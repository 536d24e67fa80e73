"""A digest: one letter instead of many, to whoever wants to read once a day or a week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from comms.channels.mail.letter import Letter, letter
from comms.language import translations
from comms.moment import Moment
from comms.plan.model import Audience, Plan
from comms.projection import STATUS_LABELS


@dataclass(frozen=True, kw_only=True)
class Item:
    """One incident of a digest, as the audience may know it: the last that was told of it.

    `title` is the incident's (outside: the symptom's first line), `impact` what was said last.
    `severity` and `url` are '' for who may not know them. `updates` counts those of the period,
    `status` is a `comms.incident.Status`' value.
    """

    title: str
    status: str
    impact: str
    told_at: Moment
    updates: int
    severity: str = ""
    next_update: Moment | None = None
    url: str = ""
    drill: bool = False


def digest_letter(
    items: Sequence[Item],
    *,
    plan: Plan,
    audience: Audience,
    since: Moment,
    until: Moment,
    weekly: bool,
    language: str,
) -> Letter:
    """Return the digest of what an audience was told from `since` to `until`, in that order.

    Its times are tokens that each reader's zone fills, as with every letter.
    """
    said = translations(language)
    context = {
        "organisation": plan.organisation,
        "audience_label": audience.label,
        "since": since,
        "until": until,
        "weekly": weekly,
        "items": tuple(_told(item, language) for item in items),
        "exercise": "",
        "remark": "",
        "look": (),
    }
    opening = ", ".join(item.title for item in items)
    return letter(
        "digest/digest",
        context,
        language,
        plan=plan,
        subject="digest/mail.subject",
        opening=opening or said.gettext("Nothing was told in this time."),
    )


def _told(item: Item, language: str) -> dict[str, object]:
    said = translations(language)
    state = [item.severity, said.gettext(STATUS_LABELS[item.status])]
    if item.drill:
        state.insert(0, said.gettext("DRILL"))
    return {
        "title": item.title,
        "state": " · ".join(part for part in state if part),
        "impact": item.impact,
        "told_at": item.told_at,
        "updates": item.updates,
        "next_update": item.next_update,
        "url": item.url,
    }
