"""What people type is shown as typed, everywhere it goes, and executed nowhere."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from bot.cards import verbs
from bot.demo.cast import CALEB, INES, RAVI
from bot.demo.teams.answers import AnswerKind
from bot.demo.teams.cards import card_of
from tests.journeys import reading
from tests.journeys.reading import plain, value_of
from tests.journeys.team import REPORT, Team, a_team

MARKUP = (
    "**b** _i_ [l](http://evil.example) <b>h</b><script>alert(1)</script><!-- c --> &amp;"
    " <at>Zoe Ray</at> {{ 7*7 }} {% include 'x' %} ${x} {{DATE(2017-02-14T06:08:39Z)}} | `c`"
)
BIDI = "\u202egnp.exe\u202c \u2067שלום\u2069"
LINES = "- one\r\nBcc: evil@evil.example\r\r\n# two"
NASTY = f"{MARKUP} {BIDI}"
LONG = "Card payments fail. " * 500

REPORT_FIELDS = ("conditions", "doing", "done", "next", "risk")
CUSTOMER_FIELDS = ("symptom", "scope", "workaround")


def typed_in(field: str) -> str:
    """One field's text, told apart from every other's."""
    return f"{field} {NASTY}"


async def test_nasty_text_in_every_field_is_shown_as_typed() -> None:
    async with a_team() as team:
        await declares(team)
        await reports(team)
        await approves_with_a_nasty_reason(team)
        await team.say(RAVI, f"note INC-1 {typed_in('note')}")
        await team.sent()

        shown_in_teams(team)
        shown_in_mail(team)
        await shown_on_the_page_and_in_the_feeds(team)
        await shown_in_the_timeline(team)


async def declares(team: Team) -> None:
    await team.stage.teams.say(RAVI, "@Sitrep declare")
    typed = {
        "title": "Title <b>x</b> {{ 7*7 }} <at>All</at>\r\nBcc: evil@evil.example",
        "severity": "SEV1",
        "services": "Pay<script>alert(1)</script>, **Shop**",
        "summary": typed_in("summary") + "\n" + LINES,
    }
    await team.press(RAVI, verbs.DECLARE_SUBMIT, typed=typed)
    await team.press(INES, verbs.ROLE_TAKE, role="incident_commander")
    await team.press(CALEB, verbs.ROLE_TAKE, role="comms_lead")


async def reports(team: Team) -> None:
    message, form = await team.actor.open(CALEB, verbs.CAN_OPEN)
    assert value_of(form, "conditions").startswith(typed_in("summary"))
    typed = {field: typed_in(field) for field in (*REPORT_FIELDS, *CUSTOMER_FIELDS)}
    typed["conditions"] += "\n" + LINES
    typed["needs"] = r"need **n** <at>x</at> {{ 1 }} \| bar | owner <b>o</b>"
    answer = await team.actor.send(CALEB, message, form, verbs.CAN_SUBMIT, typed)
    assert answer.kind is AnswerKind.MESSAGE, reading.of_card(answer.card or {})


async def approves_with_a_nasty_reason(team: Team) -> None:
    _, preview, _ = await team.actor.button(RAVI, verbs.UPDATE_BREAKGLASS)
    read = reading.of_card(preview)
    for field in (*REPORT_FIELDS, *CUSTOMER_FIELDS):
        assert plain(typed_in(field)) in read, field
    reason = "reason **r** <at>x</at> {{ 1 }}"
    await team.press(RAVI, verbs.UPDATE_BREAKGLASS, typed={"reason": reason})
    await team.sent()
    await team.see("broke the glass: update 1")


def shown_in_teams(team: Team) -> None:
    cards = [card_of(m.activity) for m in team.stage.teams.rooms.newest() if m.sender == "bot"]
    read = "\n".join(reading.of_card(card) for card in cards if card)
    for field in REPORT_FIELDS:
        assert plain(typed_in(field)) in read, field
    assert plain("need **n** <at>x</at> {{ 1 }} | bar") in read
    assert "owner <b>o</b>" in read
    assert "reason **r** <at>x</at> {{ 1 }}" in read
    assert "- one Bcc: evil@evil.example # two" in read
    # Nobody is mentioned by what somebody typed.
    entities = [card["msteams"]["entities"] for card in cards if card]
    named = {one["text"] for some in entities for one in some}
    assert named <= {"<at>Elena Exner</at>"}


def shown_in_mail(team: Team) -> None:
    for audience, fields in {
        "executives": ("conditions", "risk"),
        "stakeholders": ("conditions", *CUSTOMER_FIELDS),
        "customers": CUSTOMER_FIELDS,
    }.items():
        mail = team.mails(1, audience)[0]
        assert "\n" not in mail.subject
        assert not [value for name, value in mail.headers if name.lower() == "bcc"]
        html, tags = reading.of_html(mail.html)
        assert not tags & {"script", "b", "at"}, tags
        for field in fields:
            assert plain(typed_in(field)) in plain(mail.text), (audience, field)
            assert plain(typed_in(field)) in html, (audience, field)


async def shown_on_the_page_and_in_the_feeds(team: Team) -> None:
    page, tags = reading.of_html(await team.page(shows="symptom "))
    feed = json.loads(await team.page("/feed.json", shows="symptom "))
    api = json.loads(await team.page("/api/v2/incidents.json", shows="symptom "))
    atom = ElementTree.fromstring(await team.page("/history.atom", shows="symptom "))
    content = atom.findtext("{*}entry/{*}content") or ""
    for field in CUSTOMER_FIELDS:
        assert plain(typed_in(field)) in page, field
        assert plain(typed_in(field)) in plain(feed["items"][0]["content_text"]), field
        assert plain(typed_in(field)) in plain(api["incidents"][0]["incident_updates"][0]["body"])
        assert plain(typed_in(field)) in reading.of_html(content)[0], field
    assert not tags & {"b", "at"}
    assert "<script>alert" not in await team.page(shows="symptom ")
    assert not reading.of_html(content)[1] & {"script", "b", "at"}


async def shown_in_the_timeline(team: Team) -> None:
    told = [entry.text for entry in await team.timeline("INC-1")]
    assert plain(typed_in("note")) in [plain(text) for text in told]


async def test_ten_thousand_characters_in_every_field_go_out_whole_and_open_the_next_form() -> None:
    fields = ("conditions", "risk", *CUSTOMER_FIELDS)
    typed = {field: f"{field} {LONG}"[:9_990].strip() + " the end" for field in fields}
    async with a_team() as team:
        await team.led()
        await team.drafted(**typed)
        await team.approved(1)

        mail = team.mails(1, "stakeholders")[0]
        for field in ("conditions", *CUSTOMER_FIELDS):
            assert plain(typed[field]) in plain(mail.text), field
        page, _ = reading.of_html(await team.page(shows="symptom Card"))
        for field in CUSTOMER_FIELDS:
            assert plain(typed[field]) in page, field
        posted = await team.see("conditions Card payments fail.")
        assert "Shortened to fit into Teams" in reading.of_card(card_of(posted.activity) or {})

        message, form = await team.actor.open(CALEB, verbs.CAN_OPEN)
        assert "only the beginning is left here of conditions" in reading.of_card(form)
        assert typed["conditions"].startswith(value_of(form, "conditions")[:4000])
        answer = await team.actor.send(CALEB, message, form, verbs.CAN_SUBMIT, REPORT)
        assert answer.kind is AnswerKind.MESSAGE


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("verb", "submit", "typed"),
    [
        (verbs.CAN_OPEN, verbs.CAN_SUBMIT, {**REPORT, "risk": LONG + "too much"}),
        (verbs.CAN_OPEN, verbs.CAN_SUBMIT, {**REPORT, "needs": "what | whom | no time"}),
        (verbs.CAN_OPEN, verbs.CAN_SUBMIT, {**REPORT, "symptom": "", "scope": "Everybody"}),
        (verbs.CAN_OPEN, verbs.CAN_SUBMIT, {**REPORT, "doing": "step\n" * 21}),
        (verbs.NOTE_OPEN, verbs.NOTE_ADD, {"text": LONG + "too much"}),
        (verbs.RESOLVE_OPEN, verbs.RESOLVE_SUBMIT, {"conditions": " ", "symptom": NASTY}),
    ],
)
async def test_a_form_with_an_error_comes_back_with_all_that_was_typed(
    shared: Team, verb: str, submit: str, typed: dict[str, str]
) -> None:
    message, form = await shared.actor.open(CALEB, verb)

    answer = await shared.actor.send(CALEB, message, form, submit, typed)

    assert answer.kind is AnswerKind.DIALOG, answer.text
    assert answer.card is not None
    assert "⚠" in reading.of_card(answer.card)
    for name, value in typed.items():
        assert value_of(answer.card, name) == value, name
