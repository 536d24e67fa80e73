"""Subscribing to service notices: a form, a letter that asks, and a button that confirms.

The answer to the form is the same for every address, so nobody learns whose is known. Scanners open
the link in the letter; only the button behind it makes somebody a recipient.
"""

from __future__ import annotations

import ipaddress

from aiohttp import web

from bot.choosing import MANAGE, READER, language_options, zones
from bot.links import Links
from bot.web_page import message, page, refused, speech
from comms.acts.subscriptions import Wanted, ask, asked, confirm, open_to_all
from comms.desk import Desk
from comms.errors import Invalid, SitrepError
from comms.plan.model import Plan

CONFIRM = "confirm"


def subscribing_routes(desk: Desk, links: Links) -> list[web.RouteDef]:
    """Return the routes of subscribing; without an audience that anybody may enter they say so."""

    async def form(_request: web.Request) -> web.Response:
        return _form(desk.house.plan)

    async def enter(request: web.Request) -> web.Response:
        given = {name: str(value) for name, value in (await request.post()).items()}
        audiences = open_to_all(desk.house.plan)
        name = given.get("audience", audiences[0].name if audiences else "")
        wanted = Wanted(
            email=given.get("email", ""),
            language=given.get("language", ""),
            time_zone=given.get("time_zone", ""),
            source=links.fingerprint("source", source_of(request)),
        )
        try:
            await desk.do(ask, READER, "web", name, wanted)
        except Invalid as wrong:
            return _form(desk.house.plan, given=given, wrong=wrong)
        except SitrepError as wrong:
            return refused(desk.house.plan.organisation, wrong)
        language, _ = speech(wanted.language)
        return message(
            desk.house.plan.organisation,
            _("Look into your inbox"),
            _("If this address can be written to, a mail is on its way. Click the link in it."),
            _("The link works for two days. Nothing else is sent before that."),
            language=language,
        )

    async def question(request: web.Request) -> web.Response:
        try:
            audience = await desk.read(asked, READER, "mail", _nonce(request, links))
        except SitrepError as wrong:
            return refused(desk.house.plan.organisation, wrong)
        language, _ = speech("")
        return message(
            desk.house.plan.organisation,
            _("Do you want to hear from us?"),
            _("You subscribe to: %(audience)s.") % {"audience": audience.label},
            language=language,
            button=_("Yes, write to me"),
        )

    async def answer(request: web.Request) -> web.Response:
        try:
            done = await desk.do(confirm, READER, "mail", _nonce(request, links))
        except SitrepError as wrong:
            return refused(desk.house.plan.organisation, wrong)
        language, _ = speech(done.language)
        return message(
            desk.house.plan.organisation,
            _("You have subscribed"),
            _("You get every update by mail. Each has a link to stop."),
            language=language,
            link=(links.make(MANAGE, str(done.delivery)), _("Choose what you receive")),
        )

    return [
        web.get("/subscribe", form),
        web.post("/subscribe", enter),
        web.get(f"/{CONFIRM}/{{token}}", question),
        web.post(f"/{CONFIRM}/{{token}}", answer),
    ]


def source_of(request: web.Request) -> str:
    """Return the address that asks: behind a proxy of ours, what that proxy says last."""
    remote = request.remote or ""
    try:
        is_ours = ipaddress.ip_address(remote).is_private
    except ValueError:
        is_ours = False
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded if is_ours and forwarded else remote


def _nonce(request: web.Request, links: Links) -> str:
    return links.read(CONFIRM, request.match_info["token"])


def _form(
    plan: Plan,
    *,
    given: dict[str, str] | None = None,
    wrong: SitrepError | None = None,
) -> web.Response:
    typed, audiences, zone = given or {}, open_to_all(plan), plan.time_zone.key
    language, _ = speech(typed.get("language", ""))
    if not audiences:
        return message(
            plan.organisation,
            _("There is nothing here to subscribe to."),
            language=language,
            status=404,
        )
    context = {
        "organisation": plan.organisation,
        "heading": _("Get service notices by mail"),
        "audiences": [(audience.name, audience.label) for audience in audiences],
        "given": {"email": "", "language": "", "time_zone": zone, "audience": "", **typed},
        "languages": language_options(typed.get("language", ""), _("As the sender writes")),
        "zones": zones(zone),
        "wrong": wrong.detail if wrong else "",
    }
    return page("subscribe", context, language=language, status=wrong.status if wrong else 200)
