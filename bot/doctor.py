"""The doctor: looks at what Sitrep stands on, and says of each what it is and what to do."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import aiohttp

from bot import identity, mail
from bot.bounces import mailbox
from bot.bounces.letterbox import LetterboxClosed
from bot.settings import Settings
from bot.sources.feed import feeds_of
from comms.backlog import warnings
from comms.channels.mail.azure.resource import AzureResource
from comms.channels.mail.graph.mailbox import GraphMailbox
from comms.channels.mail.named import RELAY, Named
from comms.channels.mail.opening import NotOpened, open_connection
from comms.channels.mail.postmark import return_path
from comms.errors import PlanInvalid, SitrepError
from comms.plan.load import load
from comms.source import SourceKind
from comms.trial_apart import trial

HERE = "http://127.0.0.1:3978"
PATIENCE = aiohttp.ClientTimeout(total=10)


class Health(StrEnum):
    """GOOD; OFF: not set up, and the rest works without; BAD: it has to be mended."""

    GOOD = "good"
    OFF = "off"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one part is like. `todo` says what to do, where there is something."""

    part: str
    health: Health
    detail: str
    todo: str = ""


Database = Callable[[str], str]
"""Says what a database URL leads to; raises why it cannot be worked with."""

Stranded = Callable[[str], int | None]
"""How many deliveries wait with no worker alive; None where no worker is needed."""

Look = Callable[[Settings], Awaitable[Finding | list[Finding]]]


async def examine(settings: Settings, database: Database, stranded: Stranded) -> list[Finding]:
    """Look at every part in turn; what one raises is its finding, the others go on."""

    async def look_at_database(given: Settings) -> Finding:
        return _good("database", database(given.database_url.get_secret_value()))

    async def look_at_workers(given: Settings) -> Finding:
        return _workers(stranded(given.database_url.get_secret_value()))

    looks: tuple[tuple[str, Look], ...] = (
        ("plan", _plan),
        ("database", look_at_database),
        ("workers", look_at_workers),
        ("app", _app),
        ("API", _api),
        ("mail", _mail),
        ("bounces", _bounces),
        ("sources", _sources),
        ("Teams", _teams),
        ("status page", _page),
    )
    return [found for part, look in looks for found in await _look(part, look, settings)]


async def _look(part: str, look: Look, settings: Settings) -> list[Finding]:
    try:
        found = await look(settings)
    except SitrepError as wrong:
        return [Finding(part=part, health=Health.BAD, detail=wrong.detail)]
    return found if isinstance(found, list) else [found]


async def _plan(settings: Settings) -> Finding:
    plan = load(settings.plan, mail.known(settings), templates=settings.templates)
    used = ", ".join(audience.name for audience in plan.enabled())
    if problems := trial(plan, settings.plan, settings.templates):
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        return Finding(
            part="plan",
            health=Health.BAD,
            detail=f"{problems[0]}{more}",
            todo=f"Mend it, then run: sitrep plan check {plan.source}",
        )
    return _good("plan", f"{plan.source}: {used}.")


async def _sources(settings: Settings) -> list[Finding]:
    """Whether the sources of people can be asked; what their copies are like the app says."""
    try:
        plan = load(settings.plan, mail.known(settings), templates=settings.templates)
    except PlanInvalid:
        return []  # said of the plan itself
    kept = plan.kept_sources()
    if not kept:
        return []
    known = feeds_of(settings).by_name
    for rota in plan.rotas.values():
        if not rota.feed and rota.name not in known:
            return [
                Finding(
                    part="sources",
                    health=Health.BAD,
                    detail=f"The rota {rota.name} has no feed.",
                    todo="Name it in the plan, or give it a line in SITREP_ROTA_FEEDS.",
                )
            ]
    if any(source.kind is SourceKind.GROUP for source in kept.values()):
        await identity.group_tokens(settings).token()
    detail = f"{', '.join(kept)} can be asked. How fresh they are: sitrep sources list."
    return [_good("sources", detail)]


def _workers(stranded: int | None) -> Finding:
    if stranded is None:
        return _good("workers", "None is needed: the app sends everything itself.")
    if not stranded:
        return _good("workers", "Nothing waits for one.")
    told, todo = warnings(stranded)[0].split(": ")
    return Finding(
        part="workers", health=Health.BAD, detail=f"{told}.", todo=f"{todo.capitalize()}"
    )


async def _app(settings: Settings) -> Finding:
    base = settings.base_url or HERE
    try:
        async with (
            aiohttp.ClientSession(timeout=PATIENCE) as session,
            session.get(f"{base}/readyz") as answer,
        ):
            if answer.status == 200:
                return _answering(base, await answer.json())
            detail = f"{base}/readyz answers {answer.status}."
            return Finding(part="app", health=Health.BAD, detail=detail, todo="Look at its log.")
    except (aiohttp.ClientError, TimeoutError):
        return Finding(
            part="app",
            health=Health.OFF,
            detail=f"Nothing answers at {base}.",
            todo="Start it with `sitrep serve`, or say with SITREP_BASE_URL where it is.",
        )


def _answering(base: str, told: object) -> Finding:
    warnings = told.get("warnings", []) if isinstance(told, Mapping) else []
    if not warnings:
        return _good("app", f"It answers at {base}.")
    more = f", and {len(warnings) - 1} more" if len(warnings) > 1 else ""
    return Finding(
        part="app",
        health=Health.BAD,
        detail=f"It answers at {base}, and warns: {warnings[0]}{more}",
        todo="Mend it; what works goes on meanwhile.",
    )


async def _api(settings: Settings) -> Finding:
    if settings.api_token is None:
        return Finding(
            part="API",
            health=Health.OFF,
            detail="There is no token, so the API and most commands are closed.",
            todo="Set SITREP_API_TOKEN to a long random word, for the app and for its callers.",
        )
    return _good("API", "It has a token.")


async def _mail(settings: Settings) -> list[Finding]:
    there = mail.transports(settings)
    if not there:
        return [
            Finding(
                part="mail",
                health=Health.OFF,
                detail="There is no relay, so no mail leaves.",
                todo="Set SITREP_SMTP_URL and SITREP_MAIL_FROM.",
            )
        ]
    found: list[Finding] = []
    for one in there.values():
        part = "mail" if one.name == RELAY else f"mail by {one.name}"
        found += await _look(part, partial(_transport, part, one), settings)
    return found


async def _transport(part: str, one: Named, settings: Settings) -> Finding:
    to = one.to
    if isinstance(to, AzureResource):
        if not to.key:
            await identity.azure_tokens(settings, one.name).token()
        return _good(part, f"Azure is set up for {to.sender}. Whether it may send: --send-to.")
    if isinstance(to, GraphMailbox):
        await identity.graph_tokens(settings, one.name).token()
        return _good(part, f"Graph gives a token. Whether {to.sender} may send: --send-to.")
    try:
        opened = await open_connection(to, tokens=identity.mail_tokens(settings, one.name, to))
    except NotOpened as refused:
        return Finding(
            part=part,
            health=Health.BAD,
            detail=f"{to.host}:{to.port} does not let us in: {refused.drop.detail}",
            todo=f"Check {one.option}, the relay, and the way to it.",
        )
    opened.transport.close()
    quick = "with" if opened.pipelining else "without"
    return _good(part, f"{to.host}:{to.port} lets us in, {quick} pipelining.")


async def _bounces(settings: Settings) -> Finding:
    if settings.mail_return_path is not None:
        return_path(settings.mail_return_path, option="SITREP_MAIL_RETURN_PATH")
    async with aiohttp.ClientSession(timeout=PATIENCE) as session:
        there = mailbox.letterbox(settings, session)
        if there is None:
            return Finding(
                part="bounces",
                health=Health.OFF,
                detail="Mail that comes back is not read, so the ledger takes it for delivered.",
                todo="Set SITREP_BOUNCES_URL, or have it posted to /inbound/bounces.",
            )
        try:
            waiting = len(await there.fetch(1))
        except LetterboxClosed as closed:
            return Finding(
                part="bounces",
                health=Health.BAD,
                detail=str(closed),
                todo="Check SITREP_BOUNCES_URL, and what the app may do there.",
            )
    return _good("bounces", f"The mailbox opens; {'some' if waiting else 'none'} are unread.")


async def _teams(settings: Settings) -> Finding:
    if not settings.bot_app_id:
        return Finding(
            part="Teams",
            health=Health.OFF,
            detail="The bot has no identity: it believes anybody, on 127.0.0.1 only.",
            todo="Set SITREP_BOT_APP_ID, SITREP_BOT_TENANT_ID and one of its credentials.",
        )
    await identity.tokens(settings).token()
    return _good("Teams", f"The bot signs in as {settings.bot_app_id}.")


async def _page(settings: Settings) -> Finding:
    directory = settings.status_dir
    there = directory if directory.exists() else directory.absolute().parent
    if not os.access(there, os.W_OK):
        return Finding(
            part="status page",
            health=Health.BAD,
            detail=f"{directory} cannot be written.",
            todo="Mend its owner, or set SITREP_STATUS_DIR.",
        )
    if settings.status_url is None:
        return Finding(
            part="status page",
            health=Health.OFF,
            detail=f"It is written to {directory}; where customers find it is not set.",
            todo="Set SITREP_STATUS_URL.",
        )
    return _good("status page", f"It is written to {directory} for {settings.status_url}.")


def _good(part: str, detail: str) -> Finding:
    return Finding(part=part, health=Health.GOOD, detail=detail)
