"""Rendering: the very function behind preview and send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.resources import files

from jinja2 import (
    BaseLoader,
    Environment,
    StrictUndefined,
    Template,
    TemplateNotFound,
    select_autoescape,
)
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.sandbox import ImmutableSandboxedEnvironment

from comms.errors import Invalid
from comms.language import SOURCE, heading, listed, translations
from comms.overrides import NONE, Overrides
from comms.plan.model import Audience, ChannelName
from comms.projection import Telling, project
from comms.statement import Statement
from comms.update import Update

LONGEST = 1_000_000
"""Characters that a template may make: ten texts of the greatest length that may be typed."""

Writer = Callable[[Telling, Audience, Mapping[str, object]], Statement]
"""What a channel contributes: it writes the statement from an audience's context."""


class Shipped(BaseLoader):
    """Templates from the `templates` package: the same from a checkout and from a wheel."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source = files("templates").joinpath(*template.split("/"))
        if ".." in template or not source.is_file():
            raise TemplateNotFound(template)
        return source.read_text(encoding="utf-8"), template, lambda: True


class Overridden(Shipped):
    """The shipped templates, an organisation's own before them; `shipped/…` is always shipped."""

    def __init__(self, overrides: Overrides) -> None:
        self._own = overrides.files

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        own = self._own.get(template)
        if own is not None:
            return own.source, own.file, lambda: True
        return super().get_source(environment, template.removeprefix("shipped/"))


class Compiled(BytecodeCache):
    """What templates were compiled to, for the environments of all languages."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what the same source was compiled to before."""
        known = self._kept.get((bucket.key, bucket.checksum))
        if known is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it for the next."""
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


COMPILED = Compiled()


@cache
def environment(language: str = SOURCE, overrides: Overrides = NONE) -> Environment:
    """The Jinja environment of a language: `_`, `ngettext`, `pgettext` and `{% trans %}` speak it.

    What a context lacks is an error; HTML and MJML are escaped. Templates reach their context and
    nothing of Python (Jinja's sandbox).
    """
    made = ImmutableSandboxedEnvironment(
        loader=Overridden(overrides),
        bytecode_cache=COMPILED,
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html", "mjml", "xml", "svg"], default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(  # type: ignore[attr-defined]
        translations(language), newstyle=True
    )
    made.filters["heads"] = partial(heading, language=language)
    made.filters["listed"] = partial(listed, language=language)
    return made


def fill(
    template: str,
    context: Mapping[str, object],
    language: str = SOURCE,
    overrides: Overrides = NONE,
) -> str:
    """Return the template of that path, filled, with its fixed words in that language.

    Invalid where an organisation's own template does not come to an end.
    """
    found = environment(language, overrides).get_template(template)
    return _bounded(found, context) if overrides.files else found.render(context)


def _bounded(template: Template, context: Mapping[str, object]) -> str:
    pieces: list[str] = []
    size = 0
    for piece in template.generate(context):
        pieces.append(piece)
        size += len(piece)
        if size > LONGEST:
            raise Invalid(f"{template.name} makes more than {LONGEST:,} characters.")
    return "".join(pieces)


def render(
    telling: Telling,
    audience: Audience,
    channel: ChannelName,
    writers: Mapping[ChannelName, Writer],
) -> Statement:
    """Return what this audience would read by this channel."""
    writer = writers.get(channel)
    if writer is None or channel not in audience.ways:
        known = ", ".join(audience.ways)
        raise Invalid(f"{audience.name} has no channel {channel}. It has: {known}.")
    return writer(telling, audience, project(telling, audience))


def render_all(
    telling: Telling, audiences: tuple[Audience, ...], writers: Mapping[ChannelName, Writer]
) -> tuple[Statement, ...]:
    """Return every statement of an update, in the plan's order.

    What stands in for a channel that fails is approved with the rest.
    """
    return tuple(
        render(telling, audience, channel, writers)
        for audience in sorted(audiences, key=lambda a: a.position)
        for channel in audience.ways
    )


def thread(update: Update, audience: Audience) -> str:
    """Return what is equal for all statements of one incident to one audience."""
    return f"{update.incident}:{audience.name}"
