"""Writes the letter of an invitation: what it is in words, and the same for a calendar."""

from __future__ import annotations

from comms.channels.mail.letter import letter
from comms.channels.mail.times import in_zone
from comms.invitation import Invitation, Meeting, calendar
from comms.moment import moment
from comms.plan.model import Audience, ChannelName, Plan
from comms.statement import Statement


def write(plan: Plan, audience: Audience, key: str, said: Invitation) -> Statement:
    """Return the letter in the plan's language, with a calendar part; `key` is its bulletin's.

    Its thread is the meeting's: what changes follows what it changes.
    """
    made = letter(
        "invitation/invitation",
        {
            "organisation": plan.organisation,
            "title": said.title,
            "is_review": said.meeting is Meeting.REVIEW,
            "is_off": said.is_off,
            "is_new": said.sequence == 0,
            "starts": moment(said.starts, plan.time_zone, language=plan.language),
            "minutes": int(said.length.total_seconds() // 60),
            "url": said.url,
            "exercise": "",
            "only_in": "",
            "remark": "",
            "look": (),
        },
        plan.language,
        plan=plan,
        subject="invitation/mail.subject",
        opening=said.title,
    )
    return Statement(
        incident=key,
        update=0,
        audience=audience.name,
        channel=ChannelName.MAIL,
        subject=in_zone(made.subject, plan.time_zone.key, plan.language),
        parts={**made.parts, said.media: calendar(said)},
        thread=f"meeting:{said.uid}",
        language=plan.language,
        time_zone=plan.time_zone.key,
    )
