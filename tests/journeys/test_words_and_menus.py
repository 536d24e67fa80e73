"""Working without buttons: commands that are typed, a message's menu, the search of incidents."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.cards import verbs
from bot.demo.cast import CALEB, ELENA, INES, RAVI
from bot.demo.teams.answers import Answer, AnswerKind
from bot.demo.teams.cards import card_of, filled, find_action
from bot.demo.teams.rooms import Message, Room
from comms.incident import Severity, Status
from comms.people import Role
from tests.journeys import reading
from tests.journeys.team import REPORT, Team, a_team, shown

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAID = "Checkout answers 500 for every third order\nSince 09:10, only in Europe <script>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def team() -> AsyncIterator[Team]:
    """One team for all of these; each test has an incident of its own."""
    async with a_team() as one:
        yield one


async def test_an_incident_is_led_from_declare_to_resolve_with_typed_commands(team: Team) -> None:
    assert "is declared" in await team.say(RAVI, "declare Card payments failing sev1")
    key = await newest(team)
    room = (await team.see(f"{key} · **SEV1**")).room

    # In the war room nobody has to name the incident.
    assert "incident commander" in await team.say(INES, "take ic", room=room)
    assert "comms lead" in await team.say(CALEB, "take comms", room=room)
    assert "Noted" in await team.say(RAVI, "note Release 412 went out at 09:05.", room=room)
    assert "SEV2" in await team.say(INES, "severity sev2", room=room)
    await sent_in(team, await typed(team, "update", room), verbs.CAN_SUBMIT, REPORT)
    await approved(team, key, 1)
    assert "Update 1 reached" in await team.say(CALEB, "reach", room=room)
    form = await typed(team, f"resolve {key.lower()}")
    done = await sent_in(team, form, verbs.RESOLVE_SUBMIT, {})
    assert find_action(done.card or {}, verbs.UPDATE_APPROVE) is None  # the preview is elsewhere
    await approved(team, key, 2)

    incident = await team.incident(key)
    assert (incident.status, incident.severity) == (Status.RESOLVED, Severity.SEV2)
    holder = incident.holder(Role.INCIDENT_COMMANDER)
    assert holder
    assert holder.name == INES.name
    assert len([mail for mail in team.mails(2, "executives") if key in mail.subject]) == 5


async def test_whoever_asks_for_the_status_reads_approved_text_only(team: Team) -> None:
    key = await team.declare("Refunds are late")
    await team.say(RAVI, f"note {key} The cause is a secret job.")
    chat = team.stage.teams.rooms.chat(ELENA)

    before = await team.say(ELENA, f"status {key}", room=chat)
    assert "Nothing has been approved to be said yet." in before
    await glass(team, key)
    after = await team.say(ELENA, f"status {key.lower()}", room=chat)

    assert "Some card payments are declined." in after
    for internal in ("secret job", "Rolling back release 412", "A database engineer"):
        assert internal not in after
    assert "There is no" in await team.say(ELENA, "status INC-4711", room=chat)


@pytest.mark.parametrize("words", ["frobnicate", "status", "severity sev9", "take king", "note"])
async def test_what_cannot_be_done_is_answered_with_what_can(team: Team, words: str) -> None:
    chat = team.stage.teams.rooms.chat(RAVI)
    await team.say(RAVI, "declare One of several sev4", room=chat)
    await team.say(RAVI, "declare Another of several sev4", room=chat)

    answer = await team.say(RAVI, words, room=chat)

    assert "Something went wrong" not in answer
    assert any(help_ in answer for help_ in ("Which incident?", "Known:", "declare"))


async def test_an_incident_is_declared_from_a_message_once_and_found_by_anybody(team: Team) -> None:
    teams = team.stage.teams
    said = await teams.say(RAVI, SAID)

    opened = await teams.open_from_message(INES, "declare", said)
    assert opened.card
    assert reading.value_of(opened.card, "title") == SAID.splitlines()[0]
    assert reading.value_of(opened.card, "summary") == SAID
    button = find_action(opened.card, verbs.DECLARE_SUBMIT)
    assert button
    data = filled(opened.card, button, {})
    answers = [await teams.submit_from_message(INES, "declare", said, data) for _ in range(2)]

    assert {(one.kind, one.text) for one in answers} == {
        (AnswerKind.MESSAGE, f"{await newest(team)} is declared. The war room is opening.")
    }
    found = await teams.search(ELENA, "find", "checkout order")
    assert len(found.results) == 1
    teams.share(ELENA, found.results[0])
    await team.see(SAID.splitlines()[0], who=ELENA)


async def test_a_message_without_words_opens_an_empty_form_and_an_error_keeps_it_open(
    team: Team,
) -> None:
    teams = team.stage.teams
    said = await teams.say(RAVI, "")
    opened = await teams.open_from_message(RAVI, "declare", said)
    assert opened.card
    button = find_action(opened.card, verbs.DECLARE_SUBMIT)
    assert button
    sent = filled(opened.card, button, {"title": " ", "summary": "Only this."})

    again = await teams.submit_from_message(RAVI, "declare", said, sent)

    assert again.kind is AnswerKind.DIALOG
    assert again.card
    assert "⚠" in reading.of_card(again.card)
    assert reading.value_of(again.card, "summary") == "Only this."


async def test_the_search_lists_the_newest_before_anything_is_typed(team: Team) -> None:
    key = await team.declare("The newest of all")

    first = await team.stage.teams.search(RAVI, "find", "")
    none = await team.stage.teams.search(RAVI, "find", "no such words anywhere")

    assert key in first.results[0]["preview"]["content"]["title"]
    assert none.results == ()


async def newest(team: Team) -> str:
    """The key of the incident that was declared last."""
    return str(await team.read(lambda scene: scene.book.incidents.find(limit=1)[0].key))


async def typed(team: Team, words: str, room: Room | None = None) -> Message:
    """Caleb types a command; return the form that answers it."""
    return await team.answer_to(await team.stage.teams.say(CALEB, f"@Sitrep {words}", room=room))


async def sent_in(team: Team, form: Message, verb: str, values: dict[str, str]) -> Answer:
    """Fill in a form that stands in the conversation, and send it; return what it is answered."""
    card = card_of(form.activity) or {}
    button = find_action(card, verb)
    assert button, shown(form)
    answer = await team.stage.teams.execute(CALEB, form, button, filled(card, button, values))
    assert not answer.is_error, answer.text
    return answer


async def approved(team: Team, key: str, number: int) -> None:
    """Both leads approve what the card shows."""
    for who in (CALEB, INES):
        await team.press(who, verbs.UPDATE_APPROVE, incident=key, number=number)
    await team.sent()


async def glass(team: Team, key: str) -> None:
    """Send an update without any lead."""
    await sent_in(team, await typed(team, f"update {key}"), verbs.CAN_SUBMIT, REPORT)
    reason = {"reason": "Nobody leads yet."}
    await team.press(RAVI, verbs.UPDATE_BREAKGLASS, reason, incident=key, number=1)
    await team.sent()
