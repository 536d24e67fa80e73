"""People from a terminal: what an import refuses is kept, and who gets no mail is said."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from comms.delivery import DeliveryState, Outcome, Reason
from comms.suppression import suppressed
from storage.book import SqlBook
from storage.database import Database
from tests.bot.cli.conftest import Server, Sitrep

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
BAD = 'email,name\ngood@example.org,Good\nno address,Bad\n"two\r\nlines@example.org",Worse\n'


@pytest.fixture
async def stopped(database: Database) -> str:
    """An address from which mail came back."""
    one = suppressed(
        None, "kim@example.org", reason=Reason.BOUNCED, evidence="550 5.1.1 unknown", now=NOW
    )
    await database.write(lambda session: SqlBook(session).suppressions.save(one))
    return one.address


def test_what_is_refused_is_kept_with_its_line_where_it_is_wanted(
    sitrep: Sitrep, server: Server, tmp_path: Path
) -> None:
    people, report = tmp_path / "people.csv", tmp_path / "wrong.csv"
    people.write_text(BAD, encoding="utf-8", newline="")

    said = sitrep(
        "recipients", "import", str(people), "-a", "stakeholders", "--report", str(report), "--json"
    )

    assert (said.code, said.json["imported"], said.json["report"]) == (0, 1, str(report))
    with report.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(one["line"], one["text"]) for one in lines] == [
        ("3", "no address,Bad"),
        ("4", '"two'),
    ]
    assert all("is not a mail address" in one["reason"] for one in lines)
    assert not (tmp_path / "people.refused.csv").exists()


def test_an_import_without_a_flaw_leaves_no_report(
    sitrep: Sitrep, server: Server, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("good@example.org\n", encoding="utf-8")

    assert sitrep("recipients", "import", str(people), "-a", "stakeholders").code == 0

    assert not [*tmp_path.glob("*.refused.csv")]


def test_a_report_that_cannot_be_written_does_not_undo_the_import(
    sitrep: Sitrep, server: Server, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text(BAD, encoding="utf-8", newline="")
    nowhere = tmp_path / "missing" / "wrong.csv"

    said = sitrep(
        "recipients", "import", str(people), "-a", "stakeholders", "--report", str(nowhere)
    )

    assert said.code == 0
    assert f"{nowhere}: cannot be written" in said.err


@pytest.mark.usefixtures("stopped")
def test_who_gets_no_mail_is_listed_with_what_was_said(sitrep: Sitrep, server: Server) -> None:
    said = sitrep("recipients", "suppressed")

    assert "kim@example.org  bounced  2026-11-21 14:00 UTC  it is lifted" in said.out
    assert "550 5.1.1 unknown" in said.out
    assert sitrep("recipients", "suppressed", "--json").json["suppressed"][0]["reason"] == "bounced"


@pytest.mark.usefixtures("stopped")
def test_a_person_lifts_a_suppression_by_its_address(sitrep: Sitrep, server: Server) -> None:
    lifted = sitrep("recipients", "suppressed", "--remove", "Kim@example.org")
    again = sitrep("recipients", "suppressed", "--remove", "Kim@example.org")

    assert lifted.out == "Mail goes to kim@example.org again. It was bounced.\n"
    assert again.code == 1
    assert "not on the suppression list" in again.err
    assert sitrep("recipients", "suppressed").out == "Mail goes to everybody.\n"


def test_the_ledger_says_who_was_not_reached_and_how_else_they_can_be(
    sitrep: Sitrep, server: Server, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("email,name\nkim@example.org,Kim\n", encoding="utf-8")
    sitrep("recipients", "import", str(people), "-a", "stakeholders")
    key = sitrep("declare", "Slow", "-s", "SEV3", "--json").json["key"]
    draft = sitrep(
        "update", key, "--conditions", "Slow.", "--audience", "stakeholders", "--json"
    ).json
    server.relay.rule = lambda delivery: Outcome(
        delivery=delivery.id, state=DeliveryState.REJECTED, reason=Reason.MAILBOX_UNKNOWN
    )
    sitrep("approve", key, "1", "--hash", draft["hash"], "--as", "comms_lead")
    server.deliver()

    said = sitrep("deliveries", key)

    assert "Not reached: Kim (Stakeholders): there is no such mailbox · chat in Teams\n" in said.out
