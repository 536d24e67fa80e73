"""The sentences that a letter adds to what people typed: short, calm, decided here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from babel.support import NullTranslations

from comms.language import SOURCE, marked, name_of, translations
from comms.moment import Moment
from comms.remark import LAST, data_loss, remark
from comms.update import Kind

HOLDING = marked("We are aware of a problem with our service and are working on it.")
HOLDING_RESOLVED = marked("The problem that we wrote to you about is over.")
NOTHING_PUBLISHED = marked(
    "Nothing has been published for customers yet. Please pass their questions on to the"
    " incident team and do not promise a time."
)

DRILL = marked("DRILL")
"""Begins the subject of every letter of a drill."""

EXERCISE = marked("This is a drill. Nothing is wrong, and nobody outside is told of it.")

HEADLINES = {
    "investigating": marked("We are looking into a problem"),
    "identified": marked("We have found the cause"),
    "monitoring": marked("A fix is in place and we are watching it"),
    "resolved": marked("This problem is resolved"),
}
"""A customer's headline. Before 'investigating' and after 'resolved' they are told the same."""

BASES = (marked("measured"), marked("reported"))
"""What conditions may rest on, as `comms.report.Basis` has it."""

_TOLD_AS = {"triage": "investigating", "declared": "investigating"}
_OVER = {"resolved", "reviewed", "closed"}


def words(context: Mapping[str, object], language: str = SOURCE) -> dict[str, object]:
    """Return the sentences that this context allows, by the names that templates use."""
    said = translations(language)
    holding = HOLDING_RESOLVED if context["is_last"] else HOLDING
    told: dict[str, object] = {
        "promise": promise(context, said),
        "remark": remark(context, said),
        "data_loss": data_loss(context, said),
        "look": look(context, said),
        "exercise": said.gettext(EXERCISE) if context["drill"] else "",
        "status_label": said.gettext(str(context["status_label"])),
        "headline": said.gettext(headline(context)),
        "holding": said.gettext(holding),
        "only_in": only_in(context, said, language),
    }
    if "basis" in context:
        told["basis"] = said.gettext(str(context["basis"]))
    if "decisions" in context:
        told["decisions_needed"] = asked(context["decisions"], context["issued_at"], said)
    if "needs" in context:
        told["needs_named"] = asked(context["needs"], context["issued_at"], said)
    if {"symptom", "scope"} <= context.keys():
        told["tell_customers"] = tell_customers(context, said)
    return told


def promise(context: Mapping[str, object], said: NullTranslations) -> str:
    """When the next update comes, or that none does. Names the day where it is another."""
    if context["is_last"]:
        return said.gettext(LAST)
    following, issued = context["next_update"], context["issued_at"]
    if isinstance(following, Moment) and isinstance(issued, Moment):
        # TRANSLATORS: %(when)s is a time (14:30 UTC), with the day in front where it is another.
        return said.gettext("Next update by %(when)s.") % {"when": following.beside(issued)}
    if context["status"] in _OVER:
        return said.gettext("No further update will follow.")
    return said.gettext("We will write again as soon as something changes.")


def look(context: Mapping[str, object], said: NullTranslations) -> tuple[Mapping[str, str], ...]:
    """Where to read more: label and URL of each place that this reader may go to."""
    labels = {
        "review_url": said.gettext("Read the review"),
        "incident_url": said.gettext("Open the incident"),
        "page_url": said.gettext("See the status page"),
    }
    return tuple(
        {"label": label, "url": str(context[name])}
        for name, label in labels.items()
        if context.get(name)
    )


def headline(context: Mapping[str, object]) -> str:
    """The status in a customer's words."""
    status = str(context["status"])
    return HEADLINES["resolved" if status in _OVER else _TOLD_AS.get(status, status)]


def only_in(context: Mapping[str, object], said: NullTranslations, language: str) -> str:
    """That what was typed for this reader, or which part of it, is in another language; else ''."""
    headings = _headings(context)
    lacking = cast("tuple[str, ...]", context["untranslated_parts"])
    missing = [headings[name] for name in headings if name in lacking]
    if not missing:
        return ""
    told = {"language": name_of(str(context["untranslated"]), language)}
    if len(missing) == len(headings):
        # TRANSLATORS: %(language)s is its name in your language, such as 'English'.
        return said.gettext("This text is available in %(language)s only.") % told
    told["headings"] = " · ".join(said.gettext(heading) for heading in missing)
    # TRANSLATORS: %(headings)s are headings of this letter, such as 'Who is affected'.
    return said.gettext("Available in %(language)s only: %(headings)s") % told


def _headings(context: Mapping[str, object]) -> Mapping[str, str]:
    """What was typed for customers, as far as this letter shows it, with what stands above it."""
    is_over = context["kind"] in {Kind.RESOLVED, Kind.REVIEW}
    shown = {
        "symptom": marked("What happened") if is_over else marked("What is happening"),
        "scope": marked("Who was affected") if is_over else marked("Who is affected"),
    }
    if context["kind"] != Kind.REVIEW:
        shown["workaround"] = marked("What you can do")
    return {name: heading for name, heading in shown.items() if context.get(name)}


def asked(needs: object, issued: object, said: NullTranslations) -> tuple[str, ...]:
    """Each need, or decision that is needed, with who gives it and by when."""
    return tuple(
        _asked(need, issued, said) for need in cast("tuple[Mapping[str, object], ...]", needs)
    )


def tell_customers(context: Mapping[str, object], said: NullTranslations) -> tuple[str, ...]:
    """What a stakeholder may repeat to a customer: what customers themselves are told."""
    symptom, scope = str(context["symptom"]), str(context["scope"])
    if not symptom:
        return (said.gettext(NOTHING_PUBLISHED),)
    if not scope:
        return (symptom,)
    # TRANSLATORS: %(scope)s is what somebody typed: who is affected.
    return (symptom, said.gettext("Affected: %(scope)s") % {"scope": scope})


def _asked(need: Mapping[str, object], issued: object, said: NullTranslations) -> str:
    by, told = need["by"], {"need": need["text"], "owner": need["owner"], "when": ""}
    if isinstance(by, Moment) and isinstance(issued, Moment):
        told["when"] = by.beside(issued)
    if told["owner"] and told["when"]:
        # TRANSLATORS: a need, the person or team that gives it, and a time such as 14:30 UTC.
        return said.gettext("%(need)s (%(owner)s, by %(when)s)") % told
    if told["when"]:
        return said.gettext("%(need)s (by %(when)s)") % told
    if told["owner"]:
        return said.gettext("%(need)s (%(owner)s)") % told
    return str(need["text"])
