"""Drafting in several languages: what is missing is said before anybody approves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from comms.acts.draft import Preview
from comms.channels.mail import writer as mail
from comms.desk import Desk, House, Scene
from comms.errors import Invalid
from comms.lint import Level
from comms.plan.model import ChannelName, Plan
from comms.recipient import Recipient
from comms.report import CanReport, CustomerText
from tests.acting import declared, drafted
from tests.house import BEN, REPORT, plain_writers

GERMAN = CustomerText(
    symptom="Einige Kartenzahlungen schlagen fehl.",
    scope="Etwa jede dritte Kartenzahlung.",
    workaround="Überweisungen funktionieren.",
)


@pytest.fixture
def house(plan: Plan) -> House:
    """Customers who read German and French beside the plan's English."""
    customers = replace(plan.audience("customers"), languages=("de", "fr"))
    return House(
        plan=replace(plan, audiences={**plan.audiences, "customers": customers}),
        writers={**plain_writers(), ChannelName.MAIL: mail.write},
    )


def saying(**versions: CustomerText) -> CanReport:
    assert REPORT.customer
    return replace(REPORT, customer=replace(REPORT.customer, versions=versions))


async def readers(desk: Desk, *languages: str) -> None:
    people = [
        Recipient(email=f"p{number}@x.org", language=language)
        for number, language in enumerate(languages)
    ]

    def act(scene: Scene) -> None:
        scene.book.recipients.replace("customers", people)

    await desk.do(act, BEN, "api")


def said(preview: Preview, code: str) -> list[tuple[str, str]]:
    return [(found.message, found.pointer) for found in preview.findings if found.code == code]


async def test_a_missing_text_is_counted_in_its_readers(desk: Desk) -> None:
    incident = await declared(desk)
    await readers(desk, "de", "de-CH", "en", "fr")

    preview = await drafted(desk, incident.key, saying(fr=GERMAN))

    assert said(preview, "untranslated") == [
        (
            "2 read German; there is no German text: they get it in English.",
            "/customer/versions/de/symptom",
        )
    ]
    assert {found.level for found in preview.findings if found.code == "untranslated"} == {
        Level.WARN
    }


async def test_a_part_that_is_missing_is_named(desk: Desk) -> None:
    incident = await declared(desk)
    await readers(desk, "de")

    preview = await drafted(desk, incident.key, saying(de=replace(GERMAN, workaround="")))

    assert said(preview, "untranslated") == [
        (
            "1 reads German; the German text has no workaround: they get it in English.",
            "/customer/versions/de/workaround",
        )
    ]


async def test_a_text_that_nobody_misses_is_not_asked_for(desk: Desk) -> None:
    incident = await declared(desk)
    await readers(desk, "en", "", "de")

    preview = await drafted(desk, incident.key, saying(de=GERMAN))

    assert said(preview, "untranslated") == said(preview, "language") == []


async def test_a_language_that_the_audience_is_not_written_to_in_is_counted(desk: Desk) -> None:
    incident = await declared(desk)
    await readers(desk, "it", "it", "cs", "en")

    preview = await drafted(desk, incident.key, saying(de=GERMAN, fr=GERMAN))

    assert said(preview, "language") == [
        (
            "2 read Italian, 1 reads Czech, which Customers are not written to in:"
            " they get English.",
            "/audiences",
        )
    ]


async def test_what_is_blocked_is_blocked_in_every_language(desk: Desk) -> None:
    incident = await declared(desk)

    preview = await drafted(
        desk, incident.key, saying(de=replace(GERMAN, symptom="pay01.corp.internal ist weg"))
    )

    assert ("hosts", Level.BLOCK, "/customer/versions/de/symptom") in [
        (found.code, found.level, found.pointer) for found in preview.findings
    ]


async def test_a_text_in_a_language_that_nobody_is_told_in_is_refused(desk: Desk) -> None:
    incident = await declared(desk)

    with pytest.raises(Invalid, match=r"'it'.* Languages of the plan: en, de, fr") as caught:
        await drafted(desk, incident.key, saying(it=GERMAN))
    assert caught.value.pointer == "/customer/versions/it"


async def test_another_translation_makes_another_draft(desk: Desk) -> None:
    incident = await declared(desk)
    before = await drafted(desk, incident.key, saying(de=GERMAN))

    after = await drafted(
        desk, incident.key, saying(de=replace(GERMAN, symptom="Kartenzahlungen schlagen fehl."))
    )

    assert after.update.hash != before.update.hash
