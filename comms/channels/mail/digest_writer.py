"""Writes the digest of an audience: from the last approved word on each incident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from comms.channels.mail.digest import Item, digest_letter
from comms.channels.mail.placeholders import UNSUBSCRIBE, without
from comms.channels.mail.times import in_zone
from comms.channels.mail.words import words
from comms.moment import Moment, moment
from comms.plan.model import Audience, ChannelName, Plan
from comms.projection import Telling, project
from comms.statement import Statement, Version


@dataclass(frozen=True, kw_only=True)
class LastWord:
    """An update that went out at `at` (UTC): the last of `of` on its incident."""

    telling: Telling
    at: datetime
    of: int


@dataclass(frozen=True, kw_only=True)
class Period:
    """What a digest is about: from `since` to `until` (UTC), a week or a day."""

    since: datetime
    until: datetime
    weekly: bool


def write(
    plan: Plan, audience: Audience, key: str, told: Sequence[LastWord], period: Period
) -> Statement:
    """Return the digest in each of the audience's languages. Nothing new is written: it holds what
    the audience may see of what was approved. `key` is its bulletin's."""
    first, *others = plan.languages_of(audience)
    mine = _in_one_language(plan, audience, told, period, first)
    return Statement(
        incident=key,
        update=0,
        audience=audience.name,
        channel=ChannelName.MAIL,
        subject=mine.subject,
        parts=mine.parts,
        thread=key,
        language=plan.language,
        time_zone=plan.time_zone.key,
        versions={
            language: _in_one_language(plan, audience, told, period, language)
            for language in others
        },
    )


def _in_one_language(
    plan: Plan, audience: Audience, told: Sequence[LastWord], period: Period, language: str
) -> Version:
    made = digest_letter(
        [_item(word, audience, language, period.until) for word in told],
        plan=plan,
        audience=audience,
        since=moment(period.since, plan.time_zone, language=language),
        until=moment(period.until, plan.time_zone, language=language),
        weekly=period.weekly,
        language=language,
    )
    parts = made.parts
    if not audience.may_stop:
        parts = {media: without(part, UNSUBSCRIBE) for media, part in parts.items()}
    return Version(subject=in_zone(made.subject, plan.time_zone.key, language), parts=parts)


def _item(word: LastWord, audience: Audience, language: str, until: datetime) -> Item:
    telling = replace(word.telling, language=language)
    seen = project(telling, audience)
    impact = str(seen.get("impact") or seen.get("symptom") or words(seen, language)["holding"])
    promised = seen["next_update"]
    return Item(
        title=str(seen.get("title") or impact.splitlines()[0]),
        status=str(seen["status"]),
        impact=impact,
        told_at=telling.at(word.at),
        updates=word.of,
        severity=str(seen.get("severity", "")),
        # What was promised for a time that has passed is answered by now, or missed.
        next_update=promised if isinstance(promised, Moment) and promised.at > until else None,
        url=str(seen.get("incident_url", "")),
        drill=telling.incident.drill,
    )
