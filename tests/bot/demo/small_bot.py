"""A bot of a few cards that speaks nothing but public protocols: what the demo is tested with."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import aiohttp
from aiohttp import web

Json = dict[str, Any]
ADAPTIVE = "application/vnd.microsoft.card.adaptive"


def text_block(text: str, **more: Any) -> Json:
    return {"type": "TextBlock", "text": text, "wrap": True} | more


def card(*body: Json, actions: tuple[Json, ...] = (), **more: Any) -> Json:
    return {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": list(body),
        "actions": list(actions),
    } | more


def execute(title: str, verb: str, **data: Any) -> Json:
    data = {"verb": verb} | data
    return {"type": "Action.Execute", "title": title, "verb": verb, "data": data}


def dialog(title: str, verb: str) -> Json:
    data = {"verb": verb, "msteams": {"type": "task/fetch"}}
    return {"type": "Action.Submit", "title": title, "data": data}


def message(shown: Json | str, **more: Any) -> Json:
    if isinstance(shown, str):
        return {"type": "message", "text": shown} | more
    return {"type": "message", "attachments": [{"contentType": ADAPTIVE, "content": shown}]} | more


DECLARE = card(
    text_block("Declare an incident", weight="Bolder", size="Medium"),
    {"type": "Input.Text", "id": "title", "label": "What is wrong?", "isRequired": True,
     "errorMessage": "A few words, please.", "value": "Card payments failing"},
    {"type": "Input.ChoiceSet", "id": "severity", "label": "How bad is it?", "value": "SEV2",
     "choices": [{"title": one, "value": one} for one in ("SEV1", "SEV2", "SEV3")]},
    actions=(execute("Declare", "declare.submit") | {"style": "positive"},),
)  # fmt: skip
FORM = card(
    text_block("What do we know?"),
    {"type": "Input.Text", "id": "conditions", "label": "Conditions", "isMultiline": True,
     "value": "A third of card payments fails since 14:02."},
    actions=({"type": "Action.Submit", "title": "Preview", "data": {"verb": "can.submit"}},),
)  # fmt: skip


ROLES = ("incident_commander", "comms_lead")


def war_room(taken: dict[str, str]) -> Json:
    free = (execute(f"Be the {one}", "role.take", role=one) for one in ROLES if one not in taken)
    return card(
        text_block("INC-1 Card payments failing", weight="Bolder", size="Medium"),
        {"type": "FactSet", "facts": [{"title": k, "value": v} for k, v in taken.items()]},
        actions=(*free, dialog("Write an update", "can.open")),
    )


class SmallBot:
    """Answers `declare`, carries one incident to one mail, and keeps what it heard."""

    def __init__(self, *, smtp_port: int = 0) -> None:
        self.heard: list[Json] = []
        self.smtp_port = smtp_port
        self.answers: dict[str, Any] = {}
        self.delay = 0.0
        self.toil: Callable[[], None] = lambda: None
        self.taken: dict[str, str] = {"severity": "SEV2"}
        self._session: aiohttp.ClientSession | None = None

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/messages", self._messages)
        app.cleanup_ctx.append(self._with_session)
        return app

    async def call(self, method: str, path: str, body: Json | None = None) -> tuple[int, Any]:
        assert self._session is not None
        base = self.heard[-1]["serviceUrl"]
        async with self._session.request(method, f"{base}v3/{path}", json=body) as response:
            return response.status, await response.json() if response.content_length else None

    async def _with_session(self, _: web.Application) -> Any:
        async with aiohttp.ClientSession() as self._session:
            yield

    async def _messages(self, request: web.Request) -> web.Response:
        activity = await request.json()
        self.heard.append(activity)
        self.toil()
        await asyncio.sleep(self.delay)
        if activity["type"] == "message":
            await self._hear(activity)
            return web.Response(status=202)
        if activity["type"] == "invoke":
            name = activity["name"]
            if name in self.answers:
                return web.json_response(self.answers[name])
            answer = await self._invoked(activity)
            return web.json_response(answer) if answer is not None else web.Response()
        return web.Response(status=202)

    async def _hear(self, activity: Json) -> None:
        room = activity["conversation"]["id"]
        said = activity.get("text", "").replace("<at>Sitrep</at>", "").strip()
        shown = message(DECLARE) if said.startswith("declare") else message(f"You said: {said}")
        await self.call("POST", f"conversations/{room}/activities", shown)

    async def _invoked(self, activity: Json) -> Json | None:
        if activity["name"] == "task/fetch":
            value = {"title": "Update", "card": {"contentType": ADAPTIVE, "content": FORM}}
            return {"task": {"type": "continue", "value": value}}
        if activity["name"] == "task/submit":
            await self._preview(activity)
            return None
        action = activity["value"]["action"]
        steps = {
            "declare.submit": self._declare,
            "role.take": self._take,
            "update.approve": self._approve,
        }
        return await steps[action["verb"]](activity, action["data"])

    async def _declare(self, activity: Json, data: Json) -> Json:
        opened = {
            "channelData": {"channel": {"id": activity["channelData"]["channel"]["id"]}},
            "isGroup": True,
            "activity": message(war_room(self.taken)),
        }
        await self.call("POST", "conversations", opened)
        done = card(text_block(f"Declared INC-1: {data['title']}"))
        return {"statusCode": 200, "type": ADAPTIVE, "value": done}

    async def _take(self, activity: Json, data: Json) -> Json:
        self.taken[data["role"]] = activity["from"]["name"]
        edited = message(war_room(self.taken))
        room, at = activity["conversation"]["id"], activity["replyToId"]
        await self.call("PUT", f"conversations/{room}/activities/{at}", edited)
        told = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message"}
        return told | {"value": f"You are {data['role']}."}

    async def _preview(self, activity: Json) -> None:
        shown = card(
            text_block(activity["value"]["data"]["conditions"]),
            actions=(execute("Approve and send", "update.approve"),),
        )
        room = activity["conversation"]["id"]
        await self.call("POST", f"conversations/{room}/activities", message(shown))

    async def _approve(self, activity: Json, data: Json) -> Json:
        await asyncio.to_thread(send_mail, self.smtp_port, html="<h1>Card payments</h1>")
        tagged = {"sitrep": {"incident": "INC-1", "update": 1, "audience": "responders"}}
        room = activity["conversation"]["id"]
        update = message("Update 1 is out.", channelData=tagged)
        await self.call("POST", f"conversations/{room}/activities", update)
        return {"statusCode": 200, "type": ADAPTIVE, "value": card(text_block("Approved."))}


def send_mail(
    port: int,
    *,
    to: str = "elena.exner@northwindpay.example",
    subject: str = "INC-1 Card payments failing",
    text: str = "A third of card payments fails.",
    html: str = "",
    update: int = 1,
    message_id: str = "<1.1@sitrep.example>",
) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Sitrep <sitrep@northwindpay.example>", to, subject
    mail["Message-ID"] = message_id
    mail["X-Sitrep-Incident"], mail["X-Sitrep-Update"] = "INC-1", str(update)
    mail["X-Sitrep-Audience"] = "executives"
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.send_message(mail)
