"""Writes the letter of an update: from an audience's context to what everybody in it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jinja2 import TemplateNotFound, UndefinedError

from comms.channels.mail.letter import letter
from comms.channels.mail.placeholders import UNSUBSCRIBE, without
from comms.channels.mail.times import in_zone
from comms.channels.mail.words import DRILL, words
from comms.errors import Invalid
from comms.incident import Severity
from comms.language import translations
from comms.plan.model import Audience, ChannelName
from comms.projection import Telling, project
from comms.render import thread
from comms.statement import Statement, Version


def write(telling: Telling, audience: Audience, context: Mapping[str, object]) -> Statement:
    """Return the letter of this update to this audience, in the plan's language and a version in
    each other that the audience reads; Invalid where the plan and the templates disagree about
    what the audience sees."""
    plan = telling.plan
    first = _in_one_language(telling, audience, context)
    others = [replace(telling, language=one) for one in plan.languages_of(audience)[1:]]
    return Statement(
        incident=telling.update.incident,
        update=telling.update.number,
        audience=audience.name,
        channel=ChannelName.MAIL,
        subject=first.subject,
        parts=first.parts,
        thread=thread(telling.update, audience),
        urgent=context.get("severity") == Severity.SEV1 and not context["is_last"],
        language=plan.language,
        time_zone=plan.time_zone.key,
        versions={
            other.speaks: _in_one_language(other, audience, project(other, audience))
            for other in others
        },
    )


def _in_one_language(
    telling: Telling, audience: Audience, context: Mapping[str, object]
) -> Version:
    folder, kind, language = audience.template, telling.update.kind.value, telling.speaks
    holding = words(context, language)["holding"]
    try:
        made = letter(
            f"{folder}/{kind}",
            context,
            language,
            plan=telling.plan,
            subject=f"{folder}/mail.subject",
            mark=f"[{translations(language).gettext(DRILL)}]" if context["drill"] else "",
            opening=str(context.get("impact") or context.get("symptom") or holding),
            sentences=lambda told: words(told, language),
        )
    except UndefinedError as error:
        raise Invalid(
            f"The mail of {audience.name} asks for something that this audience does not see:"
            f" {error.message}. Add it to 'sees' in the plan, or change the template."
        ) from error
    except TemplateNotFound as error:
        raise Invalid(
            f"{audience.name} has no template '{error.name}', so it cannot be written to by mail."
            " Take 'mail' out of its channels in the plan."
        ) from error
    # A subject is the same for all who read the language, or it would break their threads.
    subject = in_zone(made.subject, telling.plan.time_zone.key, language)
    parts = made.parts if audience.may_stop else _without_a_stop(made.parts)
    return Version(subject=subject, parts=parts)


def _without_a_stop(parts: Mapping[str, str]) -> Mapping[str, str]:
    """Offer no way to stop to those whom the plan does not let stop."""
    return {media: without(part, UNSUBSCRIBE) for media, part in parts.items()}
