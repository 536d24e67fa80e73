"""Whatever arrives twice changes nothing twice: messages, buttons, dialogs, forms."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from bot.cards import verbs
from bot.demo.cast import CALEB, INES, RAVI, Persona
from bot.demo.teams.activities import Activities
from bot.demo.teams.answers import Answer, AnswerKind
from bot.demo.teams.cards import filled, find_action
from comms.desk import Scene
from comms.people import SITREP, Role
from tests.journeys.team import REPORT, Team, a_team, shown, words_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def team() -> AsyncIterator[Team]:
    """One team for all of these; each test has an incident of its own."""
    async with a_team() as one:
        yield one


async def test_a_message_delivered_twice_is_acted_on_and_answered_once(team: Team) -> None:
    wire = team.stage.teams.wire
    wire.twice = True
    try:
        message = await team.stage.teams.say(RAVI, "@Sitrep declare Twice delivered sev3")
    finally:
        wire.twice = False

    await team.answer_to(message)
    await team.stage.teams.say(RAVI, "@Sitrep help", room=message.room)
    await team.actor.sight(lambda: len(message.room.messages) > 3 or None, "the second answer")
    assert ["is declared" in shown(one) for one in message.room.messages[1:]].count(True) == 1
    found = await team.read(lambda scene: scene.book.incidents.find(words="Twice", limit=9))
    assert len(found) == 1


async def test_a_declare_form_pressed_twice_declares_once(team: Team) -> None:
    asked = await team.stage.teams.say(RAVI, "@Sitrep declare")
    form = await team.answer_to(asked)
    typed = {"title": "Pressed twice", "severity": "SEV4"}

    answers = await twice(team, RAVI, form.id, verbs.DECLARE_SUBMIT, typed)

    assert [answer.kind for answer in answers] == [AnswerKind.CARD] * 2
    found = await team.read(lambda scene: scene.book.incidents.find(words="Pressed twice", limit=9))
    assert len(found) == 1


async def test_one_form_in_the_channel_declares_what_each_of_two_people_typed(team: Team) -> None:
    asked = await team.stage.teams.say(RAVI, "@Sitrep declare")
    form = await team.answer_to(asked)

    for who, title in ((RAVI, "Checkout is slow"), (INES, "Mail is down")):
        action = find_action(_card(team, form.id), verbs.DECLARE_SUBMIT) or {}
        data = filled(_card(team, form.id), action, {"title": title, "severity": "SEV4"})
        answer = await team.stage.teams.execute(who, form, action, data)
        assert title in words_of(answer.card or {})


async def test_every_button_of_an_update_changes_nothing_when_pressed_again(team: Team) -> None:
    key = await team.declare("Buttons")
    await pressed_twice(team, INES, verbs.ROLE_TAKE, incident=key, role="incident_commander")
    await pressed_twice(team, CALEB, verbs.ROLE_TAKE, incident=key, role="comms_lead")
    card = {"severity": "SEV2"}
    await pressed_twice(team, INES, verbs.SEVERITY_CHANGE, card, incident=key)
    await sent_twice(team, key, verbs.CAN_OPEN, verbs.CAN_SUBMIT, REPORT)
    await pressed_twice(team, CALEB, verbs.UPDATE_APPROVE, incident=key, number=1)
    await pressed_twice(team, INES, verbs.UPDATE_APPROVE, incident=key, number=1)
    await team.sent()
    await pressed_twice(team, RAVI, verbs.ASK_TAKE, incident=key)
    await pressed_twice(team, RAVI, verbs.ASK_MET, incident=key)
    await sent_twice(team, key, verbs.NOTE_OPEN, verbs.NOTE_ADD, {"text": "Seen twice?"})
    await sent_twice(team, key, verbs.CAN_OPEN, verbs.CAN_NOCHANGE, {})
    glass = {"reason": "Nobody answers."}
    await pressed_twice(team, RAVI, verbs.UPDATE_BREAKGLASS, glass, incident=key, number=2)
    await team.sent()
    await sent_twice(team, key, verbs.RESOLVE_OPEN, verbs.RESOLVE_SUBMIT, {})

    told = Counter(entry.kind for entry in await team.timeline(key))
    once = ("ask.taken", "ask.met", "note", "update.break_glass", "incident.severity")
    assert {kind: told[kind] for kind in once} == dict.fromkeys(once, 1)
    assert (told["role.assigned"], told["update.planned"], told["update.drafted"]) == (2, 2, 3)
    assert set(team.stage.mail.message_ids.values()) == {1}


async def test_a_form_that_comes_again_after_its_update_went_out_drafts_nothing(
    team: Team,
) -> None:
    key = await team.declare("Late form")
    for who, role in ((INES, Role.INCIDENT_COMMANDER), (CALEB, Role.COMMS_LEAD)):
        await team.press(who, verbs.ROLE_TAKE, incident=key, role=role.value)
    message, form = await team.actor.open(CALEB, verbs.CAN_OPEN, {"incident": key})
    await team.actor.send(CALEB, message, form, verbs.CAN_SUBMIT, REPORT)
    for who in (CALEB, INES):
        await team.press(who, verbs.UPDATE_APPROVE, incident=key, number=1)

    answer = await team.actor.send(CALEB, message, form, verbs.CAN_SUBMIT, REPORT)

    assert "Update 1" in answer.text
    assert await team.read(lambda scene: len(scene.book.updates.of(key))) == 1


async def test_a_button_whose_activity_comes_again_later_does_not_undo_what_came_between(
    team: Team,
) -> None:
    key = await team.declare("Between")
    message, _, action = await team.actor.button(
        RAVI, verbs.ROLE_TAKE, {"incident": key, "role": "scribe"}
    )
    value = {"action": {**action, "fallback": None}, "trigger": "manual"}
    teams = team.stage.teams
    ravis = Activities(teams.place, service_url=f"{team.stage.url}/teams").invoke(
        "adaptiveCard/action", RAVI, message.room, value, at=team.stage.clock.now()
    )
    await teams.wire.once(ravis)
    await teams.execute(CALEB, message, action, action["data"])

    reply = await teams.wire.once(ravis)

    assert reply.body["value"] == "This was done already."
    holder = (await team.incident(key)).holder(Role.SCRIBE)
    assert holder is not None
    assert holder.name == CALEB.name


async def pressed_twice(
    team: Team,
    who: Persona,
    verb: str,
    typed: Mapping[str, str] | None = None,
    **where: object,
) -> None:
    """Press a button twice at the same time, then once more."""
    message, _, _ = await team.actor.button(who, verb, where)
    await twice(team, who, message.id, verb, typed or {}, **where)


async def twice(
    team: Team,
    who: Persona,
    message_id: str,
    verb: str,
    typed: Mapping[str, str],
    **where: object,
) -> list[Answer]:
    message = team.stage.teams.rooms.message(message_id)
    assert message is not None
    _, card, action = await team.actor.button(who, verb, where)
    data = filled(card, action, dict(typed))
    teams = team.stage.teams
    answers = await asyncio.gather(*(teams.execute(who, message, action, data) for _ in range(2)))
    before = await team.read(everything)
    again = await teams.execute(who, message, action, data)
    assert not any(answer.is_error for answer in (*answers, again))
    assert await team.read(everything) == before
    return answers


async def sent_twice(
    team: Team, key: str, verb: str, submit: str, typed: Mapping[str, str]
) -> None:
    """Send a dialog twice at the same time, then once more."""
    message, form = await team.actor.open(CALEB, verb, {"incident": key})
    send = team.actor.send
    await asyncio.gather(*(send(CALEB, message, form, submit, typed) for _ in range(2)))
    before = await team.read(everything)
    answer = await send(CALEB, message, form, submit, typed)
    assert answer.kind is AnswerKind.MESSAGE
    assert await team.read(everything) == before


def everything(scene: Scene) -> object:
    """All that an act of a person could have changed twice."""
    return [
        (
            incident,
            [entry for entry in scene.book.timeline.of(incident.key) if entry.by != SITREP],
            scene.book.updates.of(incident.key),
            scene.book.asks.of(incident.key),
            scene.book.promises.of(incident.key),
        )
        for incident in scene.book.incidents.find(limit=50)
    ]


def _card(team: Team, message_id: str) -> dict[str, Any]:
    message = team.stage.teams.rooms.message(message_id)
    assert message is not None
    card: dict[str, Any] = message.activity["attachments"][0]["content"]
    return card
