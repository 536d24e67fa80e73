"""A trial of a plan's letters: each is written, with all that may be said and with nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.resources import files
from traceback import extract_tb

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.meta import find_referenced_templates

from comms.channels.mail import writer as mail_writer
from comms.channels.mail.confirmation import confirmation_letter
from comms.channels.mail.digest import Item, digest_letter
from comms.channels.mail.placeholders import NAMES
from comms.channels.mail.words import words
from comms.channels.page import writer as page_writer
from comms.channels.teams import writer as teams_writer
from comms.errors import Invalid
from comms.moment import moment
from comms.plan.model import Audience, ChannelName, Plan
from comms.plan.problem import Problem, nearest
from comms.projection import FIELDS, project
from comms.render import environment, render
from comms.sample import AT, EMPTY, FULL, sample
from comms.trial_names import unknown_names
from comms.update import Kind

WRITERS = {
    ChannelName.TEAMS: teams_writer.write,
    ChannelName.CHAT: teams_writer.write_chat,
    ChannelName.MAIL: mail_writer.write,
    ChannelName.PAGE: page_writer.write,
}
_UNDEFINED = re.compile(r"'(\w+)' is undefined")
_OF_EVERY_LETTER = {*NAMES, "brand", "language", "direction", "subject", "preheader"}

Begin = Callable[[str], None]
"""Told the name of each letter before it is written."""


def tried(plan: Plan, *, begin: Begin = lambda _letter: None) -> list[Problem]:
    """Write every letter of the plan once; return what is wrong, each thing once.

    Every audience in use by each of its channels, in its languages, of every kind; the digests and
    the question to a new subscriber.
    """
    strict = replace(plan, overrides=replace(plan.overrides, strict=True))
    found = dict.fromkeys(_unreadable(strict))
    stopped: set[str] = set()
    for name, write, audience in _letters(strict):
        if stopped and stopped.intersection(_made_of(name, strict)):
            continue  # it would take as long again
        begin(name)
        try:
            write()
        except Exception as wrong:  # noqa: BLE001 (a template may fail in any way)
            problem = _problem(wrong, strict, name, audience)
            found |= dict.fromkeys((problem, *_unknown(strict, name, audience)))
            if not isinstance(wrong, Invalid | TemplateError):
                stopped.add(problem.source)
    return list(found)


def _unreadable(plan: Plan) -> Iterator[Problem]:
    """What is no template at all, wherever it is used."""
    for path in plan.overrides.files:
        try:
            environment(plan.language, plan.overrides).get_template(path)
        except TemplateError as wrong:
            yield _problem(wrong, plan, path, None)


def _letters(plan: Plan) -> Iterator[tuple[str, Callable[[], object], Audience | None]]:
    for audience in plan.enabled():
        for channel in audience.ways:
            for kind in Kind:
                for report in (FULL, EMPTY):
                    telling = sample(plan, kind, report, drill=report is FULL)
                    yield (
                        f"{audience.template}/{kind}.{channel}",
                        partial(render, telling, audience, channel, WRITERS),
                        audience,
                    )
    if plan.overrides.files:
        yield "digest/digest.mail", partial(_digest, plan), None
        yield "subscription/confirm.mail", partial(_confirmation, plan), None


def _digest(plan: Plan) -> None:
    at = moment(AT, plan.time_zone, language=plan.language)
    told = Item(
        title="Card payments failing",
        status="identified",
        impact=FULL.conditions,
        told_at=at,
        updates=2,
        severity="SEV1",
        next_update=at,
        url="https://example.org/incidents/INC-41",
    )
    for items in ((), (told,)):
        for audience in plan.enabled():
            digest_letter(
                items,
                plan=plan,
                audience=audience,
                since=at,
                until=at,
                weekly=False,
                language=plan.language,
            )


def _confirmation(plan: Plan) -> None:
    at = moment(AT, plan.time_zone, language=plan.language)
    confirmation_letter(
        plan=plan, confirm_url="https://example.org/c", until=at, language=plan.language
    )


def _problem(wrong: Exception, plan: Plan, letter: str, audience: Audience | None) -> Problem:
    cause = wrong.__cause__ if isinstance(wrong.__cause__, TemplateError) else wrong
    source, line = _place(cause, plan) or ((*_made_of(letter, plan), f"{letter}.mjml")[0], 0)
    return Problem(
        source=source,
        line=line,
        column=1 if line else 0,
        field="",
        message=_message(cause, plan, audience),
    )


def _unknown(plan: Plan, letter: str, audience: Audience | None) -> Iterator[Problem]:
    """All fields that a letter's templates ask for in vain: it ends at the first of them."""
    if audience is None or not letter.endswith(".mail"):
        return
    chain, usable = _chain(letter, plan), _usable(plan, audience)
    unknown = unknown_names(chain, environment(plan.language, plan.overrides), usable)
    for path, names in unknown.items():
        own = plan.overrides.files.get(path)
        for name, line in names:
            yield Problem(
                source=own.file if own else path.removeprefix("shipped/"),
                line=line,
                column=1,
                field="",
                message=_no_field(name, usable, audience),
            )


def _place(wrong: BaseException, plan: Plan) -> tuple[str, int] | None:
    """The template's file and line; None where it is the whole letter that is wrong."""
    if isinstance(wrong, TemplateSyntaxError):
        return wrong.filename or wrong.name or "", wrong.lineno
    own = {override.file for override in plan.overrides.files.values()}
    frames = [(frame.filename, frame.lineno or 0) for frame in extract_tb(wrong.__traceback__)]
    ours = [place for place in frames if place[0] in own]
    if ours and not isinstance(wrong, TemplateError):
        return ours[-1]  # it was stopped wherever it just was
    known = [place for place in frames if place[0] in own or _is_shipped(place[0])]
    return known[-1] if known else None


def _is_shipped(name: str) -> bool:
    if name.startswith(("/", "<")):
        return False
    return files("templates").joinpath(*name.split("/")).is_file()


def _made_of(letter: str, plan: Plan) -> tuple[str, ...]:
    """The files of the organisation that a letter is made of, the nearest first."""
    own = plan.overrides.files
    return tuple(own[path].file for path in _chain(letter, plan) if path in own)


def _chain(letter: str, plan: Plan) -> dict[str, str]:
    """The templates that a letter is made of, the nearest first, with their sources."""
    made = environment(plan.language, plan.overrides)
    seen: dict[str, str] = {}
    queue = [f"{letter}.mjml", f"{letter}.txt"]
    while queue and made.loader is not None:
        path = queue.pop(0)
        if path in seen:
            continue
        seen[path] = ""
        try:
            seen[path] = source = made.loader.get_source(made, path)[0]
            queue += [name for name in find_referenced_templates(made.parse(source)) if name]
        except TemplateError:
            continue  # told when it is written
    return seen


def _message(wrong: BaseException, plan: Plan, audience: Audience | None) -> str:
    if isinstance(wrong, UndefinedError) and audience is not None:
        return _undefined(str(wrong.message), plan, audience)
    if isinstance(wrong, TemplateNotFound):
        return f"there is no template {wrong.name!r}"
    if isinstance(wrong, MemoryError):
        return "it needs too much memory"
    if isinstance(wrong, RecursionError):
        return "it includes itself without end"
    return str(wrong) or type(wrong).__name__


def _undefined(message: str, plan: Plan, audience: Audience) -> str:
    usable = _usable(plan, audience)
    named = _UNDEFINED.match(message)
    if named is None:
        return f"{message}. It may use: {', '.join(usable)}."
    return _no_field(named[1], usable, audience)


def _usable(plan: Plan, audience: Audience) -> list[str]:
    context = project(sample(plan, Kind.UPDATE, FULL), audience)
    return sorted({*context, *words(context), *_OF_EVERY_LETTER})


def _no_field(name: str, usable: list[str], audience: Audience) -> str:
    listed = f"It may use: {', '.join(usable)}."
    if name in FIELDS:
        return (
            f"{audience.name} may not see {name!r}: add it to its 'sees', or leave it out. {listed}"
        )
    return f"there is no field {name!r}.{nearest(name, usable)} {listed}"
