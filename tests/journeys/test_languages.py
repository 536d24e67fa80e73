"""Six customers in six languages and zones: each reads their own words at their own time."""

from __future__ import annotations

import email
import email.policy
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from bot.demo.stage import demo_plan
from comms.moment import moment
from tests.journeys.team import Team, a_team, shown

PEOPLE = """email,name,language,time_zone
en@customer.example,Emma,,
de@customer.example,Dieter,de-CH,Europe/Zurich
fr@customer.example,Fanny,fr,America/Montreal
es@customer.example,Elena,es-MX,America/Caracas
ja@customer.example,Jun,ja,Asia/Tokyo
ar@customer.example,Amal,ar,Asia/Kolkata
it@customer.example,Ida,it,Europe/Rome
"""
ENGLISH = "Some card payments are declined."
SYMPTOMS = {
    "de": "Einige Kartenzahlungen werden abgelehnt.",
    "fr": "Certains paiements par carte sont refusés.",
    "es": "Se rechazan algunos pagos con tarjeta.",
    "ja": "一部のカード決済が拒否されています。",
}
ZONES = {
    "en": "UTC",
    "de": "Europe/Zurich",
    "fr": "America/Montreal",
    "es": "America/Caracas",
    "ja": "Asia/Tokyo",
    "ar": "Asia/Kolkata",
}


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    """A team whose customers are written to in six languages."""
    plan = demo_plan()
    customers = replace(plan.audience("customers"), languages=("de", "fr", "es", "ja", "ar"))
    told = replace(plan, audiences={**plan.audiences, "customers": customers})
    async with a_team(plan=told) as one:
        yield one


async def test_each_customer_reads_their_own_language_and_time(team: Team) -> None:
    key = await team.led()
    url = f"{team.stage.url}/api/v1/audiences/customers/recipients"
    csv = {"Content-Type": "text/csv"}
    async with team.http.put(url, data=PEOPLE.encode(), headers=csv) as answer:
        assert (await answer.json())["imported"] == 7
    versions = {language: {"symptom": symptom} for language, symptom in SYMPTOMS.items()}

    draft = await team.api(
        "post",
        f"/incidents/{key}/updates",
        {
            "conditions": "4 in 10 card payments fail.",
            "customer": {"symptom": ENGLISH, "versions": versions},
            "audiences": ["customers"],
        },
    )
    said = [found["message"] for found in draft["audiences"]["customers"]["lint"]]
    assert "1 reads Arabic; there is no Arabic text: they get it in English." in said
    assert "1 reads Italian, which Customers are not written to in: they get English." in said
    assert SYMPTOMS["ja"] in shown(await team.see("Mail in Japanese"))
    preview = await team.api(
        "get", f"/incidents/{key}/updates/1/preview?audience=customers&channel=mail&language=de-AT"
    )
    assert preview["language"] == "de"
    assert SYMPTOMS["de"] in preview["parts"]["text/plain"]
    await team.approved(1)

    letters = {mail.recipients[0]: mail for mail in team.mails(1, "customers")}
    assert len(letters) == 7
    promised = datetime.fromisoformat(draft["audiences"]["customers"]["next_update"])
    for language, zone in ZONES.items():
        letter = read(letters[f"{language}@customer.example"].source)
        assert letter["Content-Language"] == language
        due = moment(promised.astimezone(UTC), ZoneInfo(zone), language=language)
        for part in ("plain", "html"):
            text = text_of(letter, part)
            assert SYMPTOMS.get(language, ENGLISH) in text
            assert due.clock in text
    assert "هذا النص متاح بهذه اللغة فقط: الإنجليزية." in text_of(
        read(letters["ar@customer.example"].source), "plain"
    )
    assert read(letters["it@customer.example"].source)["Content-Language"] == "en"


def read(source: str) -> EmailMessage:
    """The mail as a strict client reads it."""
    letter = email.message_from_string(source, policy=email.policy.strict)
    assert isinstance(letter, EmailMessage)
    return letter


def text_of(letter: EmailMessage, part: str) -> str:
    body = letter.get_body((part,))
    assert body is not None
    return str(body.get_content())
