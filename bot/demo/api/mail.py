"""The Inbox pane: what the mail catcher holds."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from bot.demo.catcher import Catcher, Mail

# A mail's document may style itself and show inlined pictures; it may do nothing else. It is a
# document of its own because a `srcdoc` would inherit the page's policy, which allows no styles.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


class MailApi:
    """Routes below /api/mails."""

    def __init__(self, mail: Catcher) -> None:
        self._mail = mail

    def routes(self) -> list[web.RouteDef]:
        """Return what to mount."""
        return [
            web.get("/api/mails", self.index),
            web.get("/api/mails/{id:\\d+}", self.show),
            web.get("/api/mails/{id:\\d+}/html", self.html),
        ]

    async def index(self, request: web.Request) -> web.Response:
        """The mails, newest first (at most 200); `to` keeps one person’s, `all` counts any."""
        to = request.query.get("to", "").casefold()
        mails = [
            mail
            for mail in reversed(self._mail.mails)
            if not to or to in {one.casefold() for one in mail.recipients}
        ]
        rows = [self._row(mail) for mail in mails[:200]]
        return web.json_response({"total": len(mails), "all": len(self._mail.mails), "mails": rows})

    async def show(self, request: web.Request) -> web.Response:
        """One mail with its headers, text and source."""
        mail = self._find(request)
        return web.json_response(
            self._row(mail)
            | {"headers": mail.headers, "text": mail.text, "source": mail.source}
            | {"html": bool(mail.html)}
        )

    async def html(self, request: web.Request) -> web.Response:
        """The mail's HTML as its own document, under a policy that runs nothing."""
        mail = self._find(request)
        # Links open beside the demo, not inside the small frame.
        body, found = _HEAD.subn(lambda m: f'{m[0]}<base target="_blank">', mail.html, count=1)
        return web.Response(
            text=body if found else f'<base target="_blank">{mail.html}',
            content_type="text/html",
            headers={"Content-Security-Policy": MAIL_POLICY},
        )

    def _find(self, request: web.Request) -> Mail:
        mail = self._mail.find(int(request.match_info["id"]))
        if mail is None:
            raise web.HTTPNotFound(text="No such mail.")
        return mail

    def _row(self, mail: Mail) -> dict[str, Any]:
        return {
            "id": mail.id,
            "at": mail.at.isoformat(),
            "from": mail.sender,
            "to": mail.to or ", ".join(mail.recipients),
            "recipients": mail.recipients,
            "subject": mail.subject,
            "opening": " ".join(mail.text.split())[:160],
            "audience": mail.tag.audience if mail.tag else "",
            "update": mail.tag.update if mail.tag else None,
            "copies": self._mail.message_ids[mail.message_id] if mail.message_id else 1,
        }
