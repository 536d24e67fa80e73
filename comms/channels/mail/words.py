"""The sentences that a letter adds to what people typed: short, calm, decided here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from comms.moment import Moment

HOLDING = "We are aware of a problem with our service and are working on it."
HOLDING_RESOLVED = "The problem that we wrote to you about is over."
NOTHING_PUBLISHED = (
    "Nothing has been published for customers yet. Please pass their questions on to the"
    " incident team and do not promise a time."
)

HEADLINES = {
    "investigating": "We are looking into a problem",
    "identified": "We have found the cause",
    "monitoring": "A fix is in place and we are watching it",
    "resolved": "This problem is resolved",
}
"""A customer's headline. Before 'investigating' and after 'resolved' they are told the same."""

_TOLD_AS = {"triage": "investigating", "declared": "investigating"}
_OVER = {"resolved", "reviewed", "closed"}


def words(context: Mapping[str, object]) -> dict[str, object]:
    """Return the sentences that this context allows, by the names that templates use."""
    told: dict[str, object] = {
        "promise": promise(context),
        "correction": correction(context),
        "headline": headline(context),
        "holding": HOLDING_RESOLVED if context["is_last"] else HOLDING,
    }
    if "decisions" in context:
        told["decisions_needed"] = asked(context["decisions"])
    if "needs" in context:
        told["needs_named"] = asked(context["needs"])
    if {"symptom", "scope"} <= context.keys():
        told["tell_customers"] = tell_customers(context)
    return told


def promise(context: Mapping[str, object]) -> str:
    """When the next update comes, or that none does. Names the day where it is another."""
    if context["is_last"]:
        return "This was the last update. No further one will follow."
    following, issued = context["next_update"], context["issued_at"]
    if isinstance(following, Moment) and isinstance(issued, Moment):
        same_day = _day(following) == _day(issued)
        return f"Next update by {following.clock if same_day else following.full}."
    if context["status"] in _OVER:
        return "No further update will follow."
    return "We will write again as soon as something changes."


def correction(context: Mapping[str, object]) -> str:
    """What a corrected letter inside the organisation opens with; empty for the other kinds."""
    if context["kind"] != "correction":
        return ""
    corrected = context["corrects"]
    earlier = f"update {corrected}" if corrected else "what we wrote before"
    return f"Correction: this replaces {earlier}. We are sorry for the error."


def headline(context: Mapping[str, object]) -> str:
    """The status in a customer's words."""
    status = str(context["status"])
    return HEADLINES["resolved" if status in _OVER else _TOLD_AS.get(status, status)]


def asked(needs: object) -> tuple[str, ...]:
    """Each need, or decision that is needed, with who gives it and by when."""
    return tuple(_asked(need) for need in cast("tuple[Mapping[str, object], ...]", needs))


def tell_customers(context: Mapping[str, object]) -> tuple[str, ...]:
    """What a stakeholder may repeat to a customer: what customers themselves are told."""
    symptom, scope = str(context["symptom"]), str(context["scope"])
    if not symptom:
        return (NOTHING_PUBLISHED,)
    return (symptom, f"Affected: {scope}") if scope else (symptom,)


def _asked(need: Mapping[str, object]) -> str:
    by = need["by"]
    whom = [str(need["owner"])] if need["owner"] else []
    if isinstance(by, Moment):
        whom.append(f"by {by.clock}")
    return f"{need['text']} ({', '.join(whom)})" if whom else str(need["text"])


def _day(when: Moment) -> str:
    return when.full.partition(",")[0]
