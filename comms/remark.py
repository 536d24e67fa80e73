"""What sets an update apart from an ordinary one: said in the same words by every channel."""

from __future__ import annotations

from collections.abc import Mapping

from babel.support import NullTranslations

from comms.language import marked
from comms.moment import Moment

LAST = marked("This was the last update. No further one will follow.")


def remark(context: Mapping[str, object], said: NullTranslations) -> str:
    """What sets an update apart; empty for an ordinary one. `context` is what `project` makes."""
    match context["kind"]:
        case "first":
            return said.gettext("This is the first notice.")
        case "no_change":
            return _no_change(context, said)
        case "severity":
            return _severity(context, said)
        case "correction":
            return _correction(context, said)
        case "review":
            return said.gettext("The review is published: what happened, why, and what changes.")
        case _:
            return ""


def data_loss(context: Mapping[str, object], said: NullTranslations) -> str:
    """Whether data was lost; empty where the report does not say, or this reader may not know."""
    match context.get("data_lost"):
        case True:
            return said.gettext("Data was lost.")
        case False:
            return said.gettext("No data was lost.")
        case _:
            return ""


def _no_change(context: Mapping[str, object], said: NullTranslations) -> str:
    since, issued = context["unchanged_since"], context["issued_at"]
    if not isinstance(since, Moment) or not isinstance(issued, Moment):
        return said.gettext("Nothing has changed. What we wrote before still holds.")
    # TRANSLATORS: %(when)s is a time such as 14:30 UTC.
    text = said.gettext("Nothing has changed since %(when)s. What we wrote then still holds.")
    return text % {"when": since.beside(issued)}


def _severity(context: Mapping[str, object], said: NullTranslations) -> str:
    """From what to what; who is not told severities reads the direction."""
    raised = context["change"] == "raised"
    if not context.get("severity_was"):
        if raised:
            return said.gettext("We now treat this problem as more serious than before.")
        return said.gettext("We now treat this problem as less serious than before.")
    if raised:
        # TRANSLATORS: severities, such as SEV2 and SEV1.
        text = said.gettext("The severity was raised: %(before)s → %(now)s.")
    else:
        # TRANSLATORS: severities, such as SEV1 and SEV2.
        text = said.gettext("The severity was lowered: %(before)s → %(now)s.")
    return text % {"before": context["severity_was"], "now": context["severity"]}


def _correction(context: Mapping[str, object], said: NullTranslations) -> str:
    text = said.gettext("Correction: this replaces update %(number)s. We are sorry for the error.")
    return text % {"number": context["corrects"]}
