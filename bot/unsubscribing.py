"""Stopping a letter: by its link, by its button, by one click of a mail program, or by a mail.

Scanners and previews open every link, so opening one changes nothing; only a POST does.
"""

from __future__ import annotations

import re

from aiohttp import web

from bot.choosing import MANAGE, READER
from bot.links import Links
from bot.web_page import message, refused, speech
from comms.acts.choices import reader, unsubscribe
from comms.desk import Desk
from comms.errors import SitrepError

UNSUBSCRIBE = "unsubscribe"

_SUBJECT = re.compile(r"\bunsubscribe\s+([0-9]+\.[\w-]+)", re.ASCII)


def unsubscribing_routes(desk: Desk, links: Links) -> list[web.RouteDef]:
    """Return the routes of the link to stop."""

    def delivery(request: web.Request) -> int:
        return int(links.read(UNSUBSCRIBE, request.match_info["token"]))

    async def ask(request: web.Request) -> web.Response:
        try:
            found = await desk.read(reader, READER, "mail", delivery(request))
        except SitrepError as wrong:
            return refused(desk.house.plan.organisation, wrong)
        language, _ = speech(found.choice.language)
        return message(
            desk.house.plan.organisation,
            _("Stop this mail?"),
            _("You are on the list: %(audience)s.") % {"audience": found.audience.label},
            language=language,
            button=_("Unsubscribe"),
        )

    async def stop(request: web.Request) -> web.Response:
        # RFC 8058: the body (List-Unsubscribe=One-Click) adds nothing to the link, so it is not
        # read; a mailbox provider and the button on the page do the same.
        try:
            number = delivery(request)
            found = await desk.do(unsubscribe, READER, "mail", number)
        except SitrepError as wrong:
            return refused(desk.house.plan.organisation, wrong)
        language, _ = speech(found.choice.language)
        return message(
            desk.house.plan.organisation,
            _("You are unsubscribed"),
            _("No more mail of this kind is sent to you."),
            language=language,
            link=(links.make(MANAGE, str(number)), _("Choose what you receive")),
        )

    return [
        web.get(f"/{UNSUBSCRIBE}/{{token}}", ask),
        web.post(f"/{UNSUBSCRIBE}/{{token}}", stop),
    ]


async def stopped_by_mail(desk: Desk, links: Links, subject: str) -> bool:
    """Unsubscribe whoever wrote with this subject, which the letter's mailto link had made.

    For whoever reads the mailbox. False where the subject asks for no such thing, or its token is
    not ours: the mail is for somebody else then. Hearing it twice is all one.
    """
    asked = _SUBJECT.search(subject)
    if asked is None:
        return False
    try:
        delivery = int(links.read(UNSUBSCRIBE, asked[1]))
        await desk.do(unsubscribe, READER, "mail", delivery)
    except SitrepError:
        return False
    return True
