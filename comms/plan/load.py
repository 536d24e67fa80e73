"""The plan file: read, check, and make the engine's plan of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from comms.brand import Brand
from comms.errors import PlanInvalid
from comms.overrides import Overrides
from comms.people import Person
from comms.plan import document, letters, schema
from comms.plan.approval_entry import ApprovalTimeoutEntry, roles_at
from comms.plan.cadence_entry import cadences, cases, check_cadences
from comms.plan.called_entry import called, steps
from comms.plan.catalogue import Catalogue
from comms.plan.catalogue_check import check_catalogue
from comms.plan.chains import check_chains
from comms.plan.conduct_entry import conduct
from comms.plan.entry import PersonEntry
from comms.plan.escalation import ESCALATION
from comms.plan.explain import explain
from comms.plan.model import ApprovalTimeout, Audience, ChannelName, Plan, SoftBounces
from comms.plan.problem import Problem, nearest
from comms.plan.service_entry import service
from comms.plan.sources import check_sources, rotas, sources
from comms.plan.tempo import check_tempo
from comms.plan.transports import NONE, Transports, check_transports
from comms.plan.whole import check_whole_part
from comms.rule import Level, Rule

SHIPPED = "the shipped plan"
FORMS = {ChannelName.CHAT: ChannelName.TEAMS}
"""Which channel's templates word what goes by another."""
SHOWN = 50
"""So many problems are listed; a file with more is not a plan at all."""


def load(
    path: Path | None, transports: Transports = NONE, *, templates: Path | None = None
) -> Plan:
    """Return the plan of that file, or the shipped one. PlanInvalid lists all its problems.

    `transports` are those of mail that this installation has; without any, what the plan says of
    them is taken as it stands. `templates` is a folder whose letters go before the plan's own.
    """
    source = str(path) if path else SHIPPED
    plan, problems = read(content(path), source, transports, templates=templates)
    if plan is None:
        lines = [str(problem) for problem in problems[:SHOWN]]
        if len(problems) > SHOWN:
            lines.append(f"{source}: and {len(problems) - SHOWN} more")
        raise PlanInvalid("\n".join(lines))
    return plan


def check(content: str | bytes, source: str) -> list[Problem]:
    """Return all that is wrong with a plan, in the order of its lines; nothing: it is good."""
    return read(content, source)[1]


def read(
    content: str | bytes,
    source: str,
    transports: Transports = NONE,
    *,
    templates: Path | None = None,
) -> tuple[Plan | None, list[Problem]]:
    """Return the plan, or None and what is wrong with it, its own templates' names included."""
    raw = content.encode() if isinstance(content, str) else content
    found = document.read(raw, source)
    plan = _checked(found, transports, templates) if found.value is not None else None
    problems = sorted(found.problems, key=lambda problem: (problem.line, problem.column))
    if plan is None or problems:
        return None, problems
    return replace(plan, digest=_digest(raw, plan.overrides)), []


def shipped() -> str:
    """The text of the shipped plan: what a plan of one's own starts from."""
    return files("comms.plan").joinpath("shipped.yaml").read_text(encoding="utf-8")


def content(path: Path | None) -> bytes:
    """Return the bytes of that file, or of the shipped plan; PlanInvalid where it is unreadable."""
    if path is None:
        return shipped().encode()
    try:
        if path.exists() and not path.is_file():
            raise PlanInvalid(f"{path}: this is not a file")
        with path.open("rb") as file:
            return file.read(document.LIMIT + 1)
    except OSError as error:
        raise PlanInvalid(f"{path}: cannot be read: {error.strerror or error}") from None


def _digest(raw: bytes, own: Overrides) -> str:
    """Twelve digits that name the content of a plan and of the letters that it brings along."""
    whole = sha256(raw)
    for path, letter in sorted(own.files.items()):
        whole.update(f"\n{path}\n{letter.source}".encode())
    return whole.hexdigest()[:12]


def _checked(
    found: document.Document, transports: Transports, templates: Path | None
) -> Plan | None:
    try:
        entry = schema.PlanFile.model_validate(found.value)
    except ValidationError as error:
        explain(error, found)
        check_whole_part(found, lambda part: _crosswise(part, found, transports, templates))
        return None
    own = _crosswise(entry, found, transports, templates)
    audiences = {
        name: _audience(name, position, audience, entry)
        for position, (name, audience) in enumerate(entry.audiences.items())
    }
    return Plan(
        organisation=entry.organisation,
        version=entry.version,
        letters=_letters(entry, found),
        time_zone=entry.time_zone,
        audiences=audiences,
        approvers={role: _people(people) for role, people in entry.approvers.items()},
        duty_manager=_person(entry.duty_manager) if entry.duty_manager else None,
        four_eyes=entry.four_eyes,
        mail_rate=entry.mail_rate or 0,
        regulators=tuple(dict.fromkeys(entry.regulators)),
        rotas=rotas(entry),
        language=entry.language,
        soft_bounces=SoftBounces(
            count=entry.soft_bounces.count,
            within=entry.soft_bounces.within,
            pause=entry.soft_bounces.pause,
        ),
        source=found.source,
        brand=Brand(**entry.brand.model_dump()),
        overrides=own,
        conduct=conduct(
            severities=entry.severities,
            types=entry.types,
            house_rules=entry.house_rules,
            checklists=entry.checklists,
        ),
        catalogue=Catalogue(
            services={
                name: service(name, one, entry.time_zone) for name, one in entry.services.items()
            },
            listed_only=entry.listed_services_only,
        ),
        escalation=steps(entry.escalation) if entry.escalation else ESCALATION,
        approval_timeout=_timeout(entry.approval_timeout),
    )


def _crosswise(
    entry: schema.PlanFile,
    found: document.Document,
    transports: Transports,
    templates: Path | None,
) -> Overrides:
    """Check what takes more than one place of the file; return the letters that it brings along."""
    own = _own_templates(entry, found, templates)
    for name, audience in entry.audiences.items():
        _check_templates(name, audience, found, own)
        check_transports(name, audience, found, transports)
        check_tempo(name, audience, found, entry.mail_rate)
        check_cadences(audience.cadence, entry.time_zone, found, ("audiences", name, "cadence"))
        check_sources(name, audience, entry.rotas, found)
    check_catalogue(entry, found, partial(_worded_with, own), transports)
    check_chains(entry, found)
    return own


def _own_templates(
    entry: schema.PlanFile, found: document.Document, templates: Path | None
) -> Overrides:
    """The organisation's letters: those of the installation, then those that the plan names."""
    folders = [templates] if templates else []
    folder = _letters(entry, found)
    if folder is not None and folder.is_dir():
        folders.append(folder)
    elif folder is not None:
        at = ("templates",)
        found.problem(f"there is no folder {folder}", found.values[at], at)
    own, problems = letters.read(folders)
    found.problems.extend(problems)
    return own


def _letters(entry: schema.PlanFile, found: document.Document) -> Path | None:
    """The folder that the plan names, as seen from its file."""
    return Path(found.source).parent / entry.templates if entry.templates else None


def _check_templates(
    name: str, entry: schema.AudienceEntry, found: document.Document, own: Overrides
) -> None:
    """An audience in use without words for a channel would fail in the middle of an incident."""
    if not entry.enabled:
        return
    template = entry.template or name
    chased = entry.acknowledge.then if entry.acknowledge else ()
    used = (
        dict.fromkeys(chased, "acknowledge")
        | dict.fromkeys(entry.failover.values(), "failover")
        | dict.fromkeys(entry.channels, "channels")
    )
    worded = {channel: set(_worded_with(own, channel)) for channel in used}
    missing = [channel for channel in used if template not in worded[channel]]
    if missing:
        known = sorted(set.intersection(*(worded[channel] for channel in missing)))
        at: document.Path = ("audiences", name, "template" if entry.template else used[missing[0]])
        found.problem(
            f"there are no {' and '.join(missing)} templates {template!r}."
            f"{nearest(template, known)} Known: {', '.join(known) or 'none'}.",
            found.keys[at],
            at,
        )


def _worded_with(own: Overrides, channel: ChannelName) -> list[str]:
    form = FORMS.get(channel, channel)
    return sorted({*_worded(form), *_worded_by(own, form)})


def _worded_by(own: Overrides, channel: ChannelName) -> Iterator[str]:
    for path in own.files:
        folder, _, name = path.partition("/")
        if name.startswith(f"update.{channel}."):
            yield folder


@cache
def _worded(channel: ChannelName) -> list[str]:
    """The folders of templates that word an update for that channel."""
    return sorted(
        folder.name
        for folder in files("templates").iterdir()
        if folder.is_dir()
        and any(file.name.startswith(f"update.{channel}.") for file in folder.iterdir())
    )


def _audience(
    name: str, position: int, entry: schema.AudienceEntry, plan: schema.PlanFile
) -> Audience:
    override = plan.lint_override if entry.lint_override is None else entry.lint_override
    approval = roles_at(entry.approval)
    default = max(approval.values(), key=list(approval.values()).count)
    return Audience(
        name=name,
        label=entry.label,
        position=position,
        channels=tuple(entry.channels),
        sees=frozenset(entry.sees),
        approval=default,
        approval_at={row: roles for row, roles in approval.items() if roles != default},
        cadence=cadences(entry.cadence, plan.time_zone),
        cases=cases(entry.cadence, plan.time_zone),
        template=entry.template or name,
        external=entry.external,
        enabled=entry.enabled,
        failover=entry.failover,
        on_unknown=entry.on_unknown,
        may_stop=entry.external if entry.may_stop is None else entry.may_stop,
        self_subscribed=entry.self_subscribe,
        empty_digest=entry.empty_digest,
        languages=tuple(entry.languages),
        mail=tuple(entry.mail),
        lint=_levels(entry, plan),
        lint_override=tuple(override),
        sources=sources(entry, plan.rotas),
        acknowledge=entry.acknowledge.read() if entry.acknowledge else None,
        quiet=entry.quiet_hours.read() if entry.quiet_hours else None,
    )


def _levels(entry: schema.AudienceEntry, plan: schema.PlanFile) -> dict[Rule, Level]:
    """What the plan blocks for customers is a warning to people inside, unless theirs blocks it."""
    inside = not {"conditions", "impact"}.isdisjoint(entry.sees)
    house = {
        rule: Level.WARN if inside and level is Level.BLOCK else level
        for rule, level in plan.lint.items()
    }
    return house | entry.lint


def _timeout(entry: ApprovalTimeoutEntry | None) -> ApprovalTimeout | None:
    if entry is None:
        return None
    return ApprovalTimeout(after=entry.after, then=tuple(called(whom) for whom in entry.then))


def _people(entries: list[PersonEntry]) -> tuple[Person, ...]:
    return tuple(_person(entry) for entry in entries)


def _person(entry: PersonEntry) -> Person:
    return Person(name=entry.name, email=entry.email, entra_id=entry.entra_id)
