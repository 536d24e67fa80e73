"""The environment, read once: what is wrong is said in one line each, and no secret is shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import SECRETS, Settings, read
from comms.errors import Invalid


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("SITREP_"):
            monkeypatch.delenv(name)


def refusal(monkeypatch: pytest.MonkeyPatch, **environ: str) -> str:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Invalid) as refused:
        read()
    return refused.value.detail


def test_nothing_needs_to_be_set() -> None:
    settings = read()

    assert settings.database_url.get_secret_value() == "sqlite:///./sitrep.db"
    assert settings.plan is None
    assert settings.log == "text"


def test_each_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITREP_PLAN", "plan.yaml")
    monkeypatch.setenv("SITREP_BASE_URL", "https://sitrep.example.org/")
    monkeypatch.setenv("SITREP_BOT_ALLOWED_SERVICE_HOSTS", "a.example, *.b.example,")
    monkeypatch.setenv("SITREP_MAIL_FROM", "Sitrep <sitrep@example.org>")
    monkeypatch.setenv("SITREP_LOG", "json")

    settings = read()

    assert settings.plan == Path("plan.yaml")
    assert settings.base_url == "https://sitrep.example.org"
    assert settings.bot_allowed_service_hosts == ("a.example", "*.b.example")
    assert settings.mail_from == "Sitrep <sitrep@example.org>"
    assert settings.log == "json"


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITREP_PLAN", "")
    monkeypatch.setenv("SITREP_API_TOKEN_FILE", "")

    assert read() == Settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        read().log = "json"  # type: ignore[misc]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_never_shows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"SITREP_{name.upper()}", "hunter2")
    monkeypatch.setenv("SITREP_BOT_APP_ID", "app")
    monkeypatch.setenv("SITREP_BOT_TENANT_ID", "tenant")
    if name not in {"bot_secret", "bot_certificate"}:
        monkeypatch.setenv("SITREP_BOT_MANAGED_IDENTITY", "identity")

    settings = read()

    assert getattr(settings, name).get_secret_value() == "hunter2"
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump()}"


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_stand_in_a_file(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("hunter2\n")
    monkeypatch.setenv(f"SITREP_{name.upper()}_FILE", str(file))
    monkeypatch.setenv("SITREP_BOT_APP_ID", "app")
    monkeypatch.setenv("SITREP_BOT_TENANT_ID", "tenant")
    if name not in {"bot_secret", "bot_certificate"}:
        monkeypatch.setenv("SITREP_BOT_MANAGED_IDENTITY", "identity")

    assert getattr(read(), name).get_secret_value() == "hunter2"


def test_a_secret_that_stands_in_both_places_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("hunter2")

    said = refusal(monkeypatch, SITREP_API_TOKEN="hunter3", SITREP_API_TOKEN_FILE=str(file))

    assert said == "SITREP_API_TOKEN and SITREP_API_TOKEN_FILE are both set; keep one of them"


def test_a_secret_file_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    binary, empty = tmp_path / "binary", tmp_path / "empty"
    binary.write_bytes(b"\xff\xfe\x00")
    empty.write_text("\n")

    said = refusal(
        monkeypatch,
        SITREP_API_TOKEN_FILE=str(tmp_path / "none"),
        SITREP_SMTP_URL_FILE=str(binary),
        SITREP_DATABASE_URL_FILE=str(empty),
    )

    assert said.splitlines() == [
        f"SITREP_DATABASE_URL_FILE: {empty} is empty",
        f"SITREP_API_TOKEN_FILE: {tmp_path / 'none'} cannot be read: No such file or directory",
        f"SITREP_SMTP_URL_FILE: {binary} cannot be read: it is not text",
    ]


def test_an_unknown_name_suggests_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(monkeypatch, SITREP_DATABSE_URL="x", SITREP_ZZZ="x", SITREP_LOGS="x")

    assert said.splitlines() == [
        "SITREP_DATABSE_URL is no setting of Sitrep. Did you mean 'SITREP_DATABASE_URL'?",
        "SITREP_LOGS is no setting of Sitrep. Did you mean 'SITREP_LOG'?",
        "SITREP_ZZZ is no setting of Sitrep.",
    ]


def test_names_of_the_projects_own_tests_are_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITREP_CONTRACTS", "contracts")
    monkeypatch.setenv("SITREP_TEST_DATABASE_URL", "postgresql://")

    assert read() == Settings()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SITREP_BASE_URL", "sitrep.example.org", "expected a URL such as https://"),
        ("SITREP_BASE_URL", "https://sitrep.example.org/?a=1", "expected a URL without a user"),
        ("SITREP_STATUS_URL", "ftp://example.org", "expected a URL such as https://"),
        ("SITREP_MAIL_FROM", "Sitrep", "expected an address such as Sitrep <"),
        ("SITREP_MAIL_FROM", "a@b.org\nBcc: c@d.org", "expected an address such as Sitrep <"),
        ("SITREP_LOG", "xml", "expected 'text' or 'json'"),
        ("SITREP_SLOTS", "3", "expected 4 to 2000 mails"),
        ("SITREP_LEASE", "601", "expected 5 to 600 seconds"),
    ],
)
def test_a_wrong_value_names_its_variable(
    name: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal(monkeypatch, **{name: value}).startswith(f"{name}: {expected}")


def test_all_that_is_wrong_is_said_at_once_and_without_the_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = refusal(
        monkeypatch, SITREP_LOGS="x", SITREP_LOG="hunter2", SITREP_BASE_URL="hunter2"
    ).splitlines()

    assert len(said) == 3
    assert not any("hunter2" in line for line in said)


BOT = {"SITREP_BOT_APP_ID": "app", "SITREP_BOT_TENANT_ID": "tenant", "SITREP_BOT_SECRET": "s"}


def test_a_bot_with_one_credential_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BOT.items():
        monkeypatch.setenv(name, value)

    assert read().bot_app_id == "app"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"SITREP_BOT_TENANT_ID": ""}, "SITREP_BOT_TENANT_ID is not; set it too"),
        ({"SITREP_BOT_APP_ID": ""}, "SITREP_BOT_SECRET is set, SITREP_BOT_APP_ID is not"),
        ({"SITREP_BOT_SECRET": ""}, "SITREP_BOT_APP_ID is set without a credential"),
        (
            {"SITREP_BOT_CERTIFICATE": "pem"},
            "SITREP_BOT_SECRET and SITREP_BOT_CERTIFICATE are both set; keep one of them",
        ),
    ],
)
def test_half_an_identity_is_refused(
    changes: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert expected in refusal(monkeypatch, **(BOT | changes))
