"""A team on the demo's stage: the product over real HTTP and SMTP, and what its people see."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import aiohttp

from bot.cards import verbs
from bot.demo.actor import Actor
from bot.demo.cast import CALEB, INES, RAVI, Persona
from bot.demo.catcher import Mail
from bot.demo.scenario import Fill, Press, Scenario
from bot.demo.stage import Stage, stage
from bot.demo.teams.answers import Answer
from bot.demo.teams.cards import card_of
from bot.demo.teams.rooms import Json, Message, Room
from comms.delivery import DeliveryState
from comms.desk import Scene
from comms.incident import Incident
from comms.people import SITREP
from comms.timeline import Entry

T = TypeVar("T")

NOBODY_PLAYS = Scenario(name="nobody-plays", title="Nobody plays", steps=())

TITLE = "Card payments failing"
REPORT = {
    "conditions": "4 in 10 card payments fail since 09:12.",
    "doing": "Rolling back release 412\nComparing both acquirers",
    "next": "Retry the failed payments",
    "needs": "A database engineer | Payments team",
    "risk": "Settlement at noon may be short.",
    "symptom": "Some card payments are declined.",
    "workaround": "Pay by bank transfer.",
    "status": "investigating",
}


@dataclass(frozen=True)
class Asked:
    """What the API said."""

    status: int
    body: Json


@dataclass(frozen=True, kw_only=True)
class Team:
    """The stage with hands: what people do, and what the world shows afterwards."""

    stage: Stage
    actor: Actor
    http: aiohttp.ClientSession

    async def api(self, method: str, path: str, body: object = None) -> Json:
        """Ask the API; it must agree."""
        told = await self.asked(method, path, body)
        assert told.status < 300, told.body
        return told.body

    async def asked(self, method: str, path: str, body: object = None) -> Asked:
        """Ask the API."""
        url = f"{self.stage.url}/api/v1{path}"
        async with self.http.request(method, url, json=body) as answer:
            return Asked(answer.status, await answer.json(content_type=None))

    async def declare(self, title: str = TITLE, severity: str = "SEV1") -> str:
        """Ravi declares from the form; return the key once the war room is open."""
        await self.stage.teams.say(RAVI, "@Sitrep declare")
        typed = {"title": title, "severity": severity}
        answer = await self.press(RAVI, verbs.DECLARE_SUBMIT, typed=typed)
        [key] = set(re.findall(r"INC-\d+", words_of(answer.card or {})))
        await self.actor.button(RAVI, verbs.ROLE_TAKE, {"incident": key})
        return str(key)

    async def led(self) -> str:
        """Declare, and have Ines lead and Caleb communicate."""
        key = await self.declare()
        await self.press(INES, verbs.ROLE_TAKE, role="incident_commander")
        await self.press(CALEB, verbs.ROLE_TAKE, role="comms_lead")
        return key

    async def drafted(self, **typed: str) -> None:
        """Caleb writes an update."""
        act = Fill(verb=verbs.CAN_OPEN, submit=verbs.CAN_SUBMIT, typed={**REPORT, **typed})
        await self.actor.fill(CALEB, act)

    async def approved(self, number: int) -> None:
        """Both leads approve the draft as it is now, and every delivery gets its outcome."""
        await self.press_approvals(number)
        await self.sent()

    async def press_approvals(self, number: int) -> None:
        """Both leads approve the draft as it is now."""
        # A change just before may not be on the card yet; pressing the old one is refused.
        await self.becomes(lambda scene: _is_shown(scene, number))
        await self.press(CALEB, verbs.UPDATE_APPROVE, number=number)
        await self.press(INES, verbs.UPDATE_APPROVE, number=number)
        await self.becomes(lambda scene: _is_approved(scene, number))

    async def press(
        self, who: Persona, verb: str, typed: dict[str, str] | None = None, **where: object
    ) -> Answer:
        """Press a button, once it is there."""
        return await self.actor.press(who, Press(verb=verb, where=where, typed=typed or {}))

    async def say(self, who: Persona, text: str, *, room: Room | None = None) -> str:
        """Type to the bot and return what it answers, in one text."""
        message = await self.stage.teams.say(who, f"@Sitrep {text}", room=room)
        return shown(await self.answer_to(message))

    async def answer_to(self, message: Message) -> Message:
        """Wait for the bot's next message in the same conversation."""

        def find() -> Message | None:
            said = message.room.messages
            return next((m for m in said[said.index(message) + 1 :] if m.sender == "bot"), None)

        return await self.actor.sight(find, "an answer")

    async def until(self, minute: float) -> None:
        """Let time pass until so many minutes after the declaration."""
        incident = await self.read(lambda scene: scene.book.incidents.find(limit=1)[0])
        self._step_to(incident.declared_at + timedelta(minutes=minute))

    async def until_promised(self, audience: str, *, minutes: int = 0) -> None:
        """Let time pass until so many minutes after the moment that an audience was promised."""
        promises = await self.read(lambda scene: scene.book.promises.of("INC-1"))
        [due] = [p.due_at for p in promises if p.is_owed and p.audience == audience]
        self._step_to(due + timedelta(minutes=minutes))

    async def see(self, words: str, *, who: Persona | None = None) -> Message:
        """Wait until a message shows these words, to this person or to all."""

        def find() -> Message | None:
            said = self.stage.teams.rooms.newest()
            return next((message for message in said if words in shown(message, who)), None)

        return await self.actor.sight(find, repr(words))

    async def sent(self) -> None:
        """Wait until every planned delivery has an outcome."""
        await self.becomes(lambda scene: not any(_waiting(scene)))

    async def becomes(self, look: Callable[[Scene], T]) -> T:
        """Wait until the book shows something."""
        async with asyncio.timeout(60):
            while not (found := await self.read(look)):  # noqa: ASYNC110 (other processes too)
                await asyncio.sleep(0.02)
        return found

    async def read(self, look: Callable[[Scene], T]) -> T:
        """Look into the book."""
        return await self.stage.product.desk.read(look, SITREP, "demo")

    async def incident(self, key: str) -> Incident:
        """Read an incident."""
        return await self.read(lambda scene: scene.book.incidents.get(key))

    async def timeline(self, key: str) -> list[Entry]:
        """Read what happened."""
        return list(await self.read(lambda scene: scene.book.timeline.of(key)))

    def mails(self, update: int, audience: str) -> list[Mail]:
        """What the inbox holds of one update."""
        return [
            mail
            for mail in self.stage.mail.mails
            if mail.tag and (mail.tag.update, mail.tag.audience) == (update, audience)
        ]

    async def page(self, path: str = "/", *, shows: str) -> str:
        """Wait until the status process shows these words; return the whole answer."""
        async with asyncio.timeout(60):
            while shows not in (text := await self._page(path)):  # noqa: ASYNC110 (a process)
                await asyncio.sleep(0.05)
        return text

    def _step_to(self, moment: datetime) -> None:
        self.stage.clock.step(max(moment - self.stage.clock.now(), timedelta()))

    async def _page(self, path: str) -> str:
        async with self.http.get(f"{self.stage.status_url}{path}") as answer:
            return await answer.text()


@asynccontextmanager
async def a_team(**more: Any) -> AsyncIterator[Team]:
    """Set the stage; time stands still but for `until`."""
    async with stage(NOBODY_PLAYS, **more) as set_up, aiohttp.ClientSession() as http:
        set_up.clock.pause()
        actor = Actor(teams=set_up.teams, feed=set_up.feed, patience=60)
        yield Team(stage=set_up, actor=actor, http=http)


def shown(message: Message, who: Persona | None = None) -> str:
    """All text of a message, as one person sees it."""
    card = (message.views.get(who.key) if who else None) or card_of(message.activity)
    return f"{message.activity.get('text', '')}\n{words_of(card or {})}"


def words_of(card: Json) -> str:
    """All text of a card, line by line."""
    return "\n".join(_words(card))


def _words(part: object) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _words(one)
    elif isinstance(part, dict):
        for name in ("text", "title", "value", "label"):
            if isinstance(part.get(name), str):
                yield part[name]
        for name, one in part.items():
            if name not in {"data", "fallback", "msteams", "choices"}:
                yield from _words(one)


def _waiting(scene: Scene) -> Iterator[int]:
    for incident in scene.book.incidents.find(limit=20):
        for update in scene.book.updates.of(incident.key):
            for states in scene.book.fanouts.totals(incident.key, update.number).values():
                yield states[DeliveryState.PLANNED] + states[DeliveryState.SENDING]


def _is_shown(scene: Scene, number: int) -> bool:
    key = scene.book.incidents.find(limit=1)[0].key
    drafted = scene.book.updates.get(key, number)
    return scene.book.rooms.card(key, f"update:{number}:{drafted.hash[:12]}") is not None


def _is_approved(scene: Scene, number: int) -> bool:
    key = scene.book.incidents.find(limit=1)[0].key
    return scene.book.updates.get(key, number).approved_at is not None
