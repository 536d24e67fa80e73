"""Writes the letter of an update: from an audience's context to what everybody in it gets."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import TemplateNotFound, UndefinedError

from comms.channels.mail.letter import letter
from comms.channels.mail.words import words
from comms.errors import Invalid
from comms.incident import Severity
from comms.language import SOURCE
from comms.plan.model import Audience, ChannelName
from comms.projection import Telling
from comms.render import thread
from comms.statement import Statement


def write(
    telling: Telling,
    audience: Audience,
    context: Mapping[str, object],
    language: str = SOURCE,
) -> Statement:
    """Return the letter of this update to this audience; Invalid where the plan and the templates
    disagree about what the audience sees. Its fixed words are in `language`."""
    folder, kind = audience.template, telling.update.kind.value
    told = {**context, **words(context, language)}
    try:
        made = letter(
            f"{folder}/{kind}",
            told,
            language,
            subject=f"{folder}/mail.subject",
            opening=str(told.get("impact") or told.get("symptom") or told["holding"]),
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
    return Statement(
        incident=telling.update.incident,
        update=telling.update.number,
        audience=audience.name,
        channel=ChannelName.MAIL,
        subject=made.subject,
        parts=made.parts,
        thread=thread(telling.update, audience),
        urgent=context.get("severity") == Severity.SEV1 and not context["is_last"],
    )
