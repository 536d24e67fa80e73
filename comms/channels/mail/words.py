"""The sentences that a letter adds to what people typed: short, calm, decided here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from babel.support import NullTranslations

from comms.language import SOURCE, marked, translations
from comms.moment import Moment

HOLDING = marked("We are aware of a problem with our service and are working on it.")
HOLDING_RESOLVED = marked("The problem that we wrote to you about is over.")
NOTHING_PUBLISHED = marked(
    "Nothing has been published for customers yet. Please pass their questions on to the"
    " incident team and do not promise a time."
)

HEADLINES = {
    "investigating": marked("We are looking into a problem"),
    "identified": marked("We have found the cause"),
    "monitoring": marked("A fix is in place and we are watching it"),
    "resolved": marked("This problem is resolved"),
}
"""A customer's headline. Before 'investigating' and after 'resolved' they are told the same."""

_TOLD_AS = {"triage": "investigating", "declared": "investigating"}
_OVER = {"resolved", "reviewed", "closed"}


def words(context: Mapping[str, object], language: str = SOURCE) -> dict[str, object]:
    """Return the sentences that this context allows, by the names that templates use."""
    said = translations(language)
    told: dict[str, object] = {
        "status_label": said.gettext(str(context["status_label"])),
        "promise": promise(context, said),
        "correction": correction(context, said),
        "headline": said.gettext(headline(context)),
        "holding": said.gettext(HOLDING_RESOLVED if context["is_last"] else HOLDING),
    }
    if "decisions" in context:
        told["decisions_needed"] = asked(context["decisions"], said)
    if "needs" in context:
        told["needs_named"] = asked(context["needs"], said)
    if {"symptom", "scope"} <= context.keys():
        told["tell_customers"] = tell_customers(context, said)
    return told


def promise(context: Mapping[str, object], said: NullTranslations) -> str:
    """When the next update comes, or that none does. Names the day where it is another."""
    if context["is_last"]:
        return said.gettext("This was the last update. No further one will follow.")
    following, issued = context["next_update"], context["issued_at"]
    if isinstance(following, Moment) and isinstance(issued, Moment):
        # TRANSLATORS: %(when)s is a time (14:30 UTC), with the day in front where it is another.
        return said.gettext("Next update by %(when)s.") % {"when": following.beside(issued)}
    if context["status"] in _OVER:
        return said.gettext("No further update will follow.")
    return said.gettext("We will write again as soon as something changes.")


def correction(context: Mapping[str, object], said: NullTranslations) -> str:
    """What a corrected letter inside the organisation opens with; empty for the other kinds."""
    if context["kind"] != "correction":
        return ""
    corrected = context["corrects"]
    if corrected:
        text = said.gettext(
            "Correction: this replaces update %(number)s. We are sorry for the error."
        )
        return text % {"number": corrected}
    return said.gettext(
        "Correction: this replaces what we wrote before. We are sorry for the error."
    )


def headline(context: Mapping[str, object]) -> str:
    """The status in a customer's words."""
    status = str(context["status"])
    return HEADLINES["resolved" if status in _OVER else _TOLD_AS.get(status, status)]


def asked(needs: object, said: NullTranslations) -> tuple[str, ...]:
    """Each need, or decision that is needed, with who gives it and by when."""
    return tuple(_asked(need, said) for need in cast("tuple[Mapping[str, object], ...]", needs))


def tell_customers(context: Mapping[str, object], said: NullTranslations) -> tuple[str, ...]:
    """What a stakeholder may repeat to a customer: what customers themselves are told."""
    symptom, scope = str(context["symptom"]), str(context["scope"])
    if not symptom:
        return (said.gettext(NOTHING_PUBLISHED),)
    if not scope:
        return (symptom,)
    # TRANSLATORS: %(scope)s is what somebody typed: who is affected.
    return (symptom, said.gettext("Affected: %(scope)s") % {"scope": scope})


def _asked(need: Mapping[str, object], said: NullTranslations) -> str:
    by = need["by"]
    told = {"need": need["text"], "owner": need["owner"], "when": by}
    if need["owner"] and isinstance(by, Moment):
        # TRANSLATORS: a need, the person or team that gives it, and a time such as 14:30 UTC.
        return said.gettext("%(need)s (%(owner)s, by %(when)s)") % told
    if isinstance(by, Moment):
        return said.gettext("%(need)s (by %(when)s)") % told
    if need["owner"]:
        return said.gettext("%(need)s (%(owner)s)") % told
    return str(need["text"])
