"""`sitrep db`: migrations, integrity, a copy while the database is in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.bot.cli.conftest import Server, Sitrep


@pytest.fixture(autouse=True)
def url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Name the file of the test's own."""
    monkeypatch.setenv("SITREP_DATABASE_URL", f"sqlite:///{tmp_path}/sitrep.db")


def test_a_new_database_is_made_and_found_whole(sitrep: Sitrep) -> None:
    assert sitrep("db", "upgrade", "--json").json["revision"]
    assert sitrep("db", "upgrade").code == 0

    checked = sitrep("db", "check")

    assert (checked.code, checked.out) == (0, "The database fits this program and is whole.\n")


def test_a_check_does_not_make_a_database(sitrep: Sitrep, tmp_path: Path) -> None:
    said = sitrep("db", "check")

    assert said.code == 1
    assert "run `sitrep db upgrade`" in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_database_is_found_out(sitrep: Sitrep, tmp_path: Path) -> None:
    sitrep("db", "upgrade")
    with closing(sqlite3.connect(tmp_path / "sitrep.db")) as database:
        database.execute(
            "INSERT INTO statement (update_id, position, audience, channel, body)"
            " VALUES (7, 0, 'executives', 'mail', '{}')"
        )
        database.commit()

    said = sitrep("db", "check")

    assert said.code == 1
    assert "row 1 of statement refers to a row of incident_update that is not there" in said.err


def test_a_delivery_without_a_shard_is_found_out(sitrep: Sitrep, tmp_path: Path) -> None:
    sitrep("db", "upgrade")
    with closing(sqlite3.connect(tmp_path / "sitrep.db")) as database:
        database.execute(
            "INSERT INTO delivery (id, fanout_id, shard_id, address, name, language, time_zone,"
            " state, detail, provider_id, attempts)"
            " VALUES (4, 1, 7, 'a@x.org', '', '', '', 'planned', '', '', 0)"
        )
        database.commit()

    said = sitrep("db", "check")

    assert said.code == 1
    assert "delivery 4 of the ledger has no shard" in said.err


def test_a_file_that_is_no_database_is_said(sitrep: Sitrep, tmp_path: Path) -> None:
    (tmp_path / "sitrep.db").write_text("This is a letter, not a database. " * 100)

    said = sitrep("db", "check")

    assert (said.code, said.out) == (1, "")
    assert "not a database" in said.err
    assert "Traceback" not in said.err


def test_a_copy_is_made_while_the_app_works(sitrep: Sitrep, server: Server, tmp_path: Path) -> None:
    key = sitrep("declare", "Slow", "-s", "SEV3", "--json").json["key"]

    said = sitrep("db", "backup", str(tmp_path / "copy.db"), "--json")

    assert said.json["bytes"] == (tmp_path / "copy.db").stat().st_size
    assert sitrep("note", key, "Goes on.").code == 0
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT key FROM incident").fetchall() == [(key,)]
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_copy_replaces_nothing_and_leaves_nothing_half_done(
    sitrep: Sitrep, tmp_path: Path
) -> None:
    sitrep("db", "upgrade")
    taken = tmp_path / "copy.db"
    taken.write_text("precious")

    assert sitrep("db", "backup", str(taken)).code == 1
    assert taken.read_text() == "precious"
    missing = sitrep("db", "backup", str(tmp_path / "nowhere" / "copy.db"))
    assert missing.err.endswith("copy.db: cannot be written: No such file or directory\n")
    assert not list(tmp_path.glob(".*.part"))


def test_a_copy_of_postgres_is_left_to_its_own_tool(
    sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SITREP_DATABASE_URL", "postgresql://sitrep@127.0.0.1/sitrep")

    assert "pg_dump" in sitrep("db", "backup", str(tmp_path / "copy.db")).err


def test_what_is_no_database_url_is_said_with_examples(
    sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITREP_DATABASE_URL", "sitrep.db")

    said = sitrep("db", "check")

    assert said.code == 1
    assert "Examples: sqlite:///./sitrep.db" in said.err
