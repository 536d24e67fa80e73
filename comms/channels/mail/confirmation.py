"""The letter that asks whether somebody really wants to be written to (double opt-in)."""

from __future__ import annotations

from comms.channels.mail.letter import Letter, letter
from comms.language import translations
from comms.moment import Moment
from comms.plan.model import Plan


def confirmation_letter(*, plan: Plan, confirm_url: str, until: Moment, language: str) -> Letter:
    """Return the letter with the link that confirms; the link works `until` then."""
    context = {
        "organisation": plan.organisation,
        "confirm_url": confirm_url,
        "until": until,
        "exercise": "",
        "remark": "",
        "look": (),
    }
    return letter(
        "subscription/confirm",
        context,
        language,
        plan=plan,
        subject="subscription/mail.subject",
        opening=translations(language).gettext("One click, and you will hear from us."),
    )
