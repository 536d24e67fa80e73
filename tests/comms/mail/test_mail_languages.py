"""Letters in the reader's own language, with times in the reader's own zone."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial

import pytest

from comms.channels.mail.message import Letter, Mailing
from comms.channels.mail.writer import write
from comms.language import SOURCE, direction, spoken
from comms.projection import Telling, project
from comms.report import CustomerText
from comms.statement import HTML, PLAIN, Statement
from comms.update import Kind
from tests.comms.mail.letters import LINKS, NOW, PLAN, READERS, REPORT, SENDER, delivery, told

LANGUAGES = spoken()[1:]
GERMAN = CustomerText(
    symptom="Einige Kartenzahlungen schlagen fehl.",
    scope="Wer im Webshop mit Karte zahlt.",
    workaround="Bitte überweisen.",
)
ONLY_IN_ENGLISH = "Dieser Text liegt nur auf Englisch vor."


def letter(
    name: str = "customers",
    telling: Telling | None = None,
    *,
    versions: Mapping[str, CustomerText] | None = None,
    languages: tuple[str, ...] = LANGUAGES,
) -> Statement:
    """The letter to this audience, which is written to in these languages."""
    made = telling or told()
    reader = replace(PLAN.audience(name), languages=languages)
    report = made.update.report
    if versions and report.customer:
        report = replace(report, customer=replace(report.customer, versions=versions))
    made = replace(
        made,
        update=replace(made.update, report=report),
        plan=replace(PLAN, audiences={**PLAN.audiences, name: reader}),
    )
    return write(made, reader, project(made, reader))


def message(statement: Statement, *, language: str = "", zone: str = "") -> EmailMessage:
    """The message to a reader of this language in this zone, as its mail client reads it."""
    to = delivery()._replace(language=language, time_zone=zone)
    at = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
    sent = (
        Mailing(statement, partial(Letter, sender=SENDER, at=at)).letter(language).filled(to, LINKS)
    )
    assert b"\x7f" not in sent
    assert max(map(len, sent.split(b"\r\n\r\n", 1)[1].split(b"\r\n"))) <= 76
    read = email.message_from_bytes(sent, policy=email.policy.strict)
    assert isinstance(read, EmailMessage)
    return read


def text(read: EmailMessage, kind: str = "plain") -> str:
    part = read.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


# Languages


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_is_whole_in_every_language(language: str, kind: Kind) -> None:
    for name in READERS:
        statement = letter(name, told(kind), languages=(language,))
        read = message(statement, language=language, zone="Asia/Kathmandu")

        html = text(read, "html")
        assert read["Content-Language"] == language
        assert f'<html lang="{language}" dir="{direction(language)}"' in html
        assert len(html.encode()) < 100_000
        assert text(read) != text(message(statement))


@pytest.mark.parametrize(
    ("wanted", "got"),
    [("de", "de"), ("de-CH", "de"), ("DE", "de"), ("it", SOURCE), ("", SOURCE), ("ar-EG", "ar")],
)
def test_a_reader_gets_the_nearest_version(wanted: str, got: str) -> None:
    assert message(letter(), language=wanted)["Content-Language"] == got


def test_a_customer_reads_what_was_written_in_their_language() -> None:
    read = message(letter(versions={"de": GERMAN}), language="de")

    assert GERMAN.symptom in text(read)
    assert "Some card payments" not in text(read)
    assert ONLY_IN_ENGLISH not in text(read)


@pytest.mark.parametrize(
    ("german", "said"),
    [
        (None, ONLY_IN_ENGLISH),
        (replace(GERMAN, workaround=""), "Nur auf Englisch: Was Sie tun können\n"),
        (
            replace(GERMAN, workaround="", scope=""),
            "Nur auf Englisch: Wer betroffen ist · Was Sie tun können\n",
        ),
    ],
)
def test_what_is_missing_is_said_in_the_letter(german: CustomerText | None, said: str) -> None:
    versions = {"de": german} if german else {}
    read = message(letter(versions=versions), language="de")

    assert said in text(read)
    assert said.strip() in text(read, "html")
    assert (ONLY_IN_ENGLISH in text(read)) is (german is None)
    assert "Pay by bank transfer or PayPal" in text(read)
    assert "Englisch" not in text(message(letter(versions=versions)))


def test_a_part_is_named_as_the_letter_names_it() -> None:
    over = told(Kind.RESOLVED, report=REPORT)
    read = message(letter(telling=over, versions={"de": replace(GERMAN, scope="")}), language="de")

    assert "Nur auf Englisch: Wer betroffen war\n" in text(read)
    assert "WER BETROFFEN WAR" in text(read).upper()


def test_what_a_letter_does_not_show_is_not_said_to_be_missing() -> None:
    review = told(Kind.REVIEW, report=REPORT)
    versions = {"de": replace(GERMAN, workaround="")}

    assert "Englisch" not in text(message(letter(telling=review, versions=versions), language="de"))


def test_colleagues_read_what_was_typed_without_a_remark() -> None:
    read = message(letter("executives"), language="de")

    assert f"Auswirkung: {REPORT.conditions}" in text(read)
    assert ONLY_IN_ENGLISH not in text(read)


def test_a_stakeholder_is_told_what_customers_read_in_that_language() -> None:
    read = message(letter("stakeholders", versions={"de": GERMAN}), language="de")

    assert f"WAS SIE KUNDEN SAGEN KÖNNEN\n{GERMAN.symptom}\nBetroffen: {GERMAN.scope}" in text(read)


def test_a_url_in_a_right_to_left_letter_holds_no_marks() -> None:
    read = message(letter("executives"), language="ar")

    assert "\nhttps://sitrep.contoso.example/incidents/INC-41\n" in text(read)
    assert "\u2068Card payments failing\u2069" in text(read)
    assert read["Subject"] == "[INC-41] Card payments failing"


@pytest.mark.parametrize(("language", "side"), [("de", "left"), ("ar", "right")])
def test_the_bar_of_a_remark_stands_where_reading_begins(language: str, side: str) -> None:
    html = text(message(letter(telling=told(Kind.SEVERITY)), language=language), "html")

    [remark] = re.findall(r'<div class="remark[^>]*style="([^"]*)"', html)
    assert re.findall(r"border-(left|right):", remark) == [side]


# Times


@pytest.mark.parametrize(
    ("zone", "issued", "following"),
    [
        ("", "Sat 21 Nov 2026, 14:00 UTC", "15:30 UTC"),
        ("Mars/Olympus", "Sat 21 Nov 2026, 14:00 UTC", "15:30 UTC"),
        ("Europe/Zurich", "Sat 21 Nov 2026, 15:00 CET", "16:30 CET"),
        ("Asia/Kolkata", "Sat 21 Nov 2026, 19:30 IST", "21:00 IST"),
        ("Asia/Kathmandu", "Sat 21 Nov 2026, 19:45 UTC+5:45", "21:15 UTC+5:45"),
        ("America/Caracas", "Sat 21 Nov 2026, 10:00 UTC-4", "11:30 UTC-4"),
        # There it is the next day already when the next update is due.
        ("Asia/Tokyo", "Sat 21 Nov 2026, 23:00 JST", "Sun 22 Nov 2026, 00:30 JST"),
        # And there it has begun before both.
        ("Pacific/Auckland", "Sun 22 Nov 2026, 03:00 NZDT", "04:30 NZDT"),
    ],
)
def test_times_are_the_readers_own(zone: str, issued: str, following: str) -> None:
    read = message(letter("stakeholders", told(promised=timedelta(minutes=90))), zone=zone)

    for part in ("plain", "html"):
        assert issued in text(read, part)
        assert f"Next update by {following}." in text(read, part)


@pytest.mark.parametrize(
    ("drafted", "following"),
    [
        (datetime(2026, 10, 25, 0, 10, tzinfo=UTC), "02:40 MESZ"),
        (datetime(2026, 10, 25, 1, 10, tzinfo=UTC), "02:40 MEZ"),
        (datetime(2026, 3, 29, 0, 40, tzinfo=UTC), "03:10 MESZ"),
    ],
)
def test_an_hour_that_comes_twice_or_never_is_told_apart(drafted: datetime, following: str) -> None:
    made = told()
    promises = {"customers": drafted + timedelta(minutes=30)}
    made = replace(made, update=replace(made.update, drafted_at=drafted, promises=promises))

    read = message(letter(telling=made), language="de", zone="Europe/Zurich")

    assert f"Nächste Meldung bis {following}." in text(read)


def test_the_subject_is_the_same_in_every_zone_and_update() -> None:
    statements = [
        letter("stakeholders", told(kind, number=number), languages=("ja",))
        for number, kind in enumerate(Kind, 1)
    ]

    subjects = {
        message(statement, language="ja", zone=zone)["Subject"]
        for statement in statements
        for zone in ("", "Asia/Tokyo", "America/New_York")
    }

    assert len(subjects) == 1


def test_a_time_costs_each_zone_once() -> None:
    mailing = Mailing(letter(), partial(Letter, sender=SENDER, at=NOW))

    assert mailing.letter("de") is mailing.letter("de-CH")
    assert mailing.letter("") is mailing.letter("it")
    assert mailing.letter("fr") is not mailing.letter("de")


def test_both_parts_say_the_same_times() -> None:
    read = message(letter("executives"), language="fr", zone="America/Montreal")

    for part in ("plain", "html"):
        assert "sam. 21 nov. 2026, 09:00 HNE" in text(read, part)
        assert " 09:30 HNE." in text(read, part).replace("\u00a0", " ").replace("&nbsp;", " ")


def test_parts_are_kept_with_tokens_not_with_times() -> None:
    statement = letter().read_in("de")

    assert "14:30" not in statement.parts[PLAIN] + statement.parts[HTML]
