"""What a reader wants to receive: the link in a letter, and the page behind it.

Scanners and previews open every link, so opening one changes nothing; only a POST does. The link
itself is the permission: a page without a cookie has nothing that a foreign site could ride on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from aiohttp import web
from babel import Locale

from bot.links import Links
from bot.web_page import page, refused, speech
from comms.acts.choices import Reader, choose, reader
from comms.choice import Choice, Wish
from comms.desk import Desk
from comms.errors import Invalid, SitrepError
from comms.language import locale_of, marked, spoken
from comms.people import Person
from comms.quiet import NEVER, checked_quiet
from comms.render import fill
from comms.slot import WEEKDAYS

READER = Person(name="Reader of a letter")
MANAGE = "manage"

HOURS = tuple(f"{hour:02}:00" for hour in range(24))

WISHES: Mapping[Wish, tuple[str, str]] = {
    Wish.EVERY: (marked("Every update"), marked("As soon as it is published.")),
    Wish.CHANGES: (
        marked("Only what changes something"),
        marked("The first notice, a new severity, status or impact, corrections, and the end."),
    ),
    Wish.DAILY: (marked("A daily digest"), marked("One mail a day, if there is something new.")),
    Wish.WEEKLY: (
        marked("A weekly digest"),
        marked("One mail a week, if there is something new."),
    ),
    Wish.NOTHING: (marked("Nothing"), marked("You get no more mail of this kind.")),
}


def choosing_routes(desk: Desk, links: Links) -> list[web.RouteDef]:
    """Return the routes of the link to choose."""

    def delivery(request: web.Request) -> int:
        return int(links.read(MANAGE, request.match_info["token"]))

    async def show(request: web.Request) -> web.Response:
        try:
            found = await desk.read(reader, READER, "mail", delivery(request))
        except SitrepError as wrong:
            return refused(desk.house.plan.organisation, wrong)
        return _form(desk.house.plan.organisation, found)

    async def keep(request: web.Request) -> web.Response:
        try:
            number = delivery(request)
            before = await desk.read(reader, READER, "mail", number)
        except SitrepError as wrong:
            return refused(desk.house.plan.organisation, wrong)
        try:
            wanted = _chosen(await request.post(), before.choice)
            after = await desk.do(choose, READER, "mail", number, choice=wanted)
        except SitrepError as wrong:
            return _form(desk.house.plan.organisation, before, wrong=wrong)
        return _form(desk.house.plan.organisation, after, saved=True)

    async def style(_request: web.Request) -> web.Response:
        return web.Response(text=fill("choices/style.css", {}), content_type="text/css")

    return [
        web.get("/choices/style.css", style),
        web.get(f"/{MANAGE}/{{token}}", show),
        web.post(f"/{MANAGE}/{{token}}", keep),
    ]


def _chosen(form: Mapping[str, object], before: Choice) -> Choice:
    """Return the choice that the form makes; Invalid for what our form cannot have sent."""
    wish = str(form.get("wish", before.wish))
    if wish not in tuple(Wish):
        raise Invalid("Choose one of these.", pointer="/wish")
    return Choice(
        wish=Wish(wish),
        hour=_number(form, "hour", before.hour, last=23),
        weekday=_number(form, "weekday", before.weekday, last=6),
        language=str(form.get("language", before.language)),
        time_zone=str(form.get("time_zone", before.time_zone)),
        quiet=_quiet(form, before.quiet),
    )


def _quiet(form: Mapping[str, object], before: str) -> str:
    """Return the quiet hours that the form makes; '' is what the sender has."""
    if "quiet_from" not in form:
        return before
    begins, ends = str(form["quiet_from"]), str(form.get("quiet_to", ""))
    return checked_quiet(begins if begins in {"", NEVER} else f"{begins}-{ends}")


def _number(form: Mapping[str, object], name: str, before: int, *, last: int) -> int:
    given = str(form.get(name, before))
    if not (given.isascii() and given.isdigit() and int(given) <= last):
        raise Invalid("Choose one of these.", pointer=f"/{name}")
    return int(given)


def _form(
    organisation: str, found: Reader, *, saved: bool = False, wrong: SitrepError | None = None
) -> web.Response:
    language, _ = speech(found.choice.language)
    days = locale_of(language).days["stand-alone"]["wide"]
    begins, _dash, ends = found.choice.quiet.removeprefix(NEVER).partition("-")
    offered = [wish for wish in Wish if wish is not Wish.NOTHING or found.audience.may_stop]
    context = {
        "organisation": organisation,
        "heading": _("Choose what you receive"),
        "audience": found.audience.label,
        "choice": found.choice,
        "wishes": [
            {"value": wish.value, "label": _(WISHES[wish][0]), "hint": _(WISHES[wish][1])}
            for wish in offered
        ],
        "weekdays": [days[number] for number in range(len(WEEKDAYS))],
        "languages": language_options(found.choice.language, _("As the sender writes")),
        "zones": zones(found.choice.time_zone),
        "quiet_from": begins,
        "quiet_to": ends,
        "hours": sorted({*HOURS, begins, ends} - {""}),
        "saved": saved,
        "wrong": wrong.detail if wrong else "",
    }
    return page("choose", context, language=language, status=wrong.status if wrong else 200)


def language_options(chosen: str, by_default: str) -> list[tuple[str, str]]:
    """Return the languages that letters have, and the one chosen, each with its own name."""
    named = [(tag, _autonym(tag)) for tag in dict.fromkeys((*spoken(), chosen)) if tag]
    return [("", by_default), *named]


def _autonym(tag: str) -> str:
    locale = locale_of(tag)
    return (Locale.parse(locale).get_display_name() or tag).capitalize()


def zones(chosen: str) -> list[str]:
    """Return the time zones to choose from, the one chosen among them."""
    return sorted({*_zones(), chosen})


@cache
def _zones() -> tuple[str, ...]:
    """The zones that people know their own by: places, not the old names and offsets."""
    areas = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/")
    return tuple(
        sorted(z for z in available_timezones() if z == "UTC" or z.startswith((*areas, "Pacific/")))
    )
