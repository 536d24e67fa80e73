"""What is written in several languages is kept as it was approved, on SQLite and on Postgres."""

from __future__ import annotations

from dataclasses import replace

import pytest

from comms.channels.mail import writer as mail
from comms.desk import Desk, House
from comms.plan.model import ChannelName, Plan
from comms.recipient import Recipient
from comms.report import CustomerText
from comms.statement import content_hash
from comms.testing import HeldClock
from storage.book import SqlStore
from storage.database import Database
from tests.acting import declared, drafted, seen
from tests.house import BEN, REPORT, plain_writers

GERMAN = CustomerText(symptom="Einige Kartenzahlungen schlagen fehl.", scope="Alle Läden.")


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request: pytest.FixtureRequest, plan: Plan, clock: HeldClock) -> Desk:
    """A desk on each kind of database in turn, whose customers read German and Arabic too."""
    database: Database = request.getfixturevalue(
        "database" if request.param == "sqlite" else "postgres"
    )
    customers = replace(plan.audience("customers"), languages=("de", "ar"))
    house = House(
        plan=replace(plan, audiences={**plan.audiences, "customers": customers}),
        writers={**plain_writers(), ChannelName.MAIL: mail.write},
    )
    return Desk(store=SqlStore(database), house=house, clock=clock)


async def test_every_version_is_kept_with_its_statement(desk: Desk) -> None:
    incident = await declared(desk)
    text = CustomerText(symptom="Some card payments fail.", versions={"de": GERMAN})
    report = replace(REPORT, customer=text)

    preview = await drafted(desk, incident.key, report)

    kept = await seen(desk, lambda scene: scene.book.updates.statements(preview.update))
    [letter] = [s for s in kept if (s.audience, s.channel) == ("customers", ChannelName.MAIL)]
    assert set(letter.versions) == {"de", "ar"}
    assert GERMAN.symptom in letter.versions["de"].parts["text/plain"]
    assert content_hash(kept) == preview.update.hash
    update = await seen(desk, lambda scene: scene.book.updates.get(incident.key, 1))
    assert update.report == report


async def test_people_are_counted_by_the_language_they_are_listed_with(desk: Desk) -> None:
    people = [
        Recipient(email=f"p{number}@x.org", language=language)
        for number, language in enumerate(["de", "de-CH", "", "de", "ja", ""])
    ]
    await desk.do(lambda scene: scene.book.recipients.replace("customers", people), BEN, "api")

    counted = await seen(desk, lambda scene: scene.book.recipients.languages("customers"))

    assert counted == {"": 2, "de": 2, "de-CH": 1, "ja": 1}
    assert await seen(desk, lambda scene: scene.book.recipients.languages("executives")) == {}
