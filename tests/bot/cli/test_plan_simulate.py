"""`sitrep plan simulate`: printed, told as JSON, drawn."""

from __future__ import annotations

import asyncio
from pathlib import Path
from xml.etree import ElementTree

import pytest

from comms.plan.load import shipped
from comms.recipient import Recipient
from storage.book import SqlBook
from storage.database import Database
from tests.bot.cli.conftest import Sitrep

AT = ("--at", "2026-01-05T09:30:20Z")


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The shipped plan behind a relay that takes 30 a minute, where no database is."""
    monkeypatch.setenv("SITREP_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    file = tmp_path / "plan.yaml"
    rated = shipped().replace("four_eyes: true", "four_eyes: true\nmail_rate: 30/min")
    file.write_text(rated.replace("Your organisation", "<Ü> & Söhne"), encoding="utf-8")
    return str(file)


def test_it_says_who_is_told_when_and_what_holds_it_up(sitrep: Sitrep, plan: str) -> None:
    given = ("-s", "SEV1", "--hours", "1", *AT, "--recipients", "customers=1000")

    said = sitrep("plan", "simulate", plan, *given)

    assert said.code == 0
    assert "1 h long: 8 updates at the least." in said.out
    assert "0:05   09:36 UTC  responders (first)" in said.out
    assert "1 page, 1\u202f000 mail" in said.out
    assert "The incident commander approves 4 times." in said.out
    held = "customers by mail, limited to 30/min: 1\u202f000 messages take"
    assert held in said.out
    assert "the last readers get it after the next one is due." in said.out
    assert "Nobody is counted in executives, stakeholders" in said.err


def test_as_json_nothing_else_is_printed(sitrep: Sitrep, plan: str) -> None:
    told = sitrep("plan", "simulate", plan, "-s", "sev3", "--hours", "30", *AT, "--json").json

    assert (told["begin"], told["severity"]) == ("2026-01-05T09:30:20Z", "SEV3")
    assert told["on_change"] == ["executives"]
    first = told["updates"][0]
    assert (first["at"], first["told"]) == ("2026-01-05T09:36:00Z", {"responders": "first"})
    assert (told["held"], told["messages"]["mail"]) == ([], 0)


def test_people_are_counted_in_the_database_if_there_is_one(
    sitrep: Sitrep, plan: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [Recipient(email=f"p{number}@example.org") for number in range(7)]
    asyncio.run(
        database.write(lambda session: SqlBook(session).recipients.replace("stakeholders", people))
    )
    monkeypatch.setenv("SITREP_DATABASE_URL", database.url)
    given = ("-s", "SEV2", "--hours", "1", "--recipients", "executives=2")

    told = sitrep("plan", "simulate", plan, *given, "--json").json

    assert told["messages"]["mail"] == 7 + 2


def test_it_is_drawn_as_well_formed_svg(sitrep: Sitrep, plan: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.svg"

    said = sitrep(
        "plan",
        "simulate",
        plan,
        "-s",
        "SEV1",
        *AT,
        "--recipients",
        "customers=900",
        "--svg",
        str(file),
    )

    assert said.out.endswith(f"Drawn into {file}.\n")
    drawn = ElementTree.fromstring(file.read_text(encoding="utf-8"))
    titles = [title.text for title in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == "<Ü> & Söhne: SEV1, declared Mon 5 Jan 2026, 09:30 UTC"
    assert sum("1 by teams" in (title or "") for title in titles) == 24


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--recipients", "customers"), "is not NAME=COUNT"),
        (("--recipients", "customers=many"), "is not NAME=COUNT"),
        (("--recipients", "nobody=3"), "There is no audience 'nobody'."),
        (("--at", "noon"), "is not a time"),
        (("--at", "1066-10-14"), "between the years"),
        (("--svg", "/nowhere/at/all.svg"), "cannot be written"),
    ],
)
def test_bad_input_is_said_in_a_line(
    sitrep: Sitrep, plan: str, given: tuple[str, ...], said: str
) -> None:
    answer = sitrep("plan", "simulate", plan, "-s", "SEV1", *given)

    assert answer.code == 1
    assert said in answer.err.splitlines()[-1]
    assert answer.out == ""


def test_a_plan_with_errors_is_not_simulated(sitrep: Sitrep, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("organisation: X\n")

    answer = sitrep("plan", "simulate", str(file), "-s", "SEV1")

    assert answer.code == 1
    assert "'audiences' is missing" in answer.err
