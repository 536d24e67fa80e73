"""`sitrep doctor`: one line for each part, and what to do."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from comms.plan.load import shipped
from tests.bot.cli.conftest import Said, Server, Sitrep


@pytest.fixture(autouse=True)
def installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sitrep: Sitrep) -> None:
    """A database that is up to date, and a directory for the page."""
    monkeypatch.setenv("SITREP_DATABASE_URL", f"sqlite:///{tmp_path}/own.db")
    monkeypatch.setenv("SITREP_STATUS_DIR", str(tmp_path / "status"))
    assert sitrep("db", "upgrade").code == 0


def health(said: Said) -> dict[str, str]:
    return {found["part"]: found["health"] for found in said.json["findings"]}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_an_installation_without_transports_works_and_says_what_is_off(
    sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITREP_BASE_URL", f"http://127.0.0.1:{free_port()}")

    said = sitrep("doctor", "--json")

    assert said.code == 0
    assert health(said) == {
        "configuration": "good",
        "plan": "good",
        "database": "good",
        "workers": "good",
        "app": "off",
        "API": "off",
        "mail": "off",
        "bounces": "off",
        "Teams": "off",
        "status page": "off",
    }
    assert all(found["todo"] for found in said.json["findings"] if found["health"] == "off")


def test_a_running_app_is_found(sitrep: Sitrep, server: Server) -> None:
    found = health(sitrep("doctor", "--json"))

    assert (found["app"], found["API"]) == ("good", "good")


def test_each_bad_part_is_named_and_the_others_are_still_looked_at(
    sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("audiences: {}\n")
    monkeypatch.setenv("SITREP_PLAN", str(plan))
    monkeypatch.setenv("SITREP_DATABASE_URL", f"sqlite:///{tmp_path}/nowhere.db")
    monkeypatch.setenv("SITREP_SMTP_URL", f"smtp://127.0.0.1:{free_port()}")
    monkeypatch.setenv("SITREP_MAIL_FROM", "sitrep@example.org")

    said = sitrep("doctor", "--json")

    assert said.code == 1
    bad = {part for part, state in health(said).items() if state == "bad"}
    assert bad == {"plan", "database", "mail"}


def test_a_bad_setting_is_a_finding(sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITREP_SMPT_URL", "smtp://relay")

    said = sitrep("doctor")

    assert said.code == 1
    assert "Did you mean 'SITREP_SMTP_URL'?" in said.out


def test_no_secret_is_shown(sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITREP_API_TOKEN", "hunter2")
    monkeypatch.setenv("SITREP_SMTP_URL", f"smtp://me:hunter2@127.0.0.1:{free_port()}")
    monkeypatch.setenv("SITREP_MAIL_FROM", "sitrep@example.org")

    said = sitrep("doctor")

    assert "hunter2" not in said.out + said.err


def test_a_mailbox_that_cannot_be_read_is_bad(
    sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"imap://u:hunter2@127.0.0.1:{free_port()}/INBOX"
    monkeypatch.setenv("SITREP_BOUNCES_URL", url)

    said = sitrep("doctor")

    assert said.code == 1
    assert "BAD  bounces: 127.0.0.1:" in said.out
    assert "cannot be reached" in said.out
    assert "hunter2" not in said.out


def test_a_return_path_that_no_letter_can_come_back_to_is_bad(
    sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITREP_MAIL_RETURN_PATH", "bounces+{token}")

    said = sitrep("doctor")

    assert said.code == 1
    assert "bounces: SITREP_MAIL_RETURN_PATH is not an address" in said.out


def test_a_rota_without_a_feed_and_a_group_without_an_identity_are_bad(
    sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rota, group = "from: [{rota: payments}]", "from: [{group: Leadership}]"
    for source, said in ((rota, "The rota payments has no feed."), (group, "SITREP_BOT_APP_ID")):
        plan = tmp_path / "plan.yaml"
        label = "label: Executives\n"
        text = shipped().replace(label, f"{label}    {source}\n", 1)
        plan.write_text(text + ("\nrotas: {payments: {}}\n" if source == rota else ""))
        monkeypatch.setenv("SITREP_PLAN", str(plan))

        found = {one["part"]: one for one in sitrep("doctor", "--json").json["findings"]}

        assert found["sources"]["health"] == "bad"
        assert said in found["sources"]["detail"]
        shown = sitrep("plan", "show")
        assert "not read yet" in shown.out
