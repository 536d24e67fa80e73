"""`sitrep plan` and `sitrep manifest` from a terminal: what is printed, and the exit code."""

from __future__ import annotations

import json
import os
from pathlib import Path
from zipfile import ZipFile

import pytest

from bot.__main__ import main
from comms.plan.load import shipped


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("SITREP_"):
            monkeypatch.delenv(name)


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run `sitrep` with these words and return its exit code."""
    monkeypatch.setattr("sys.argv", ["sitrep", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


LINE = shipped().splitlines().index("    channels: [teams]") + 1


def plan_file(tmp_path: Path, old: str = "", new: str = "") -> str:
    file = tmp_path / "plan.yaml"
    file.write_text(shipped().replace(old, new, 1) if old else shipped(), encoding="utf-8")
    return str(file)


def test_a_good_plan_is_said_to_be_good(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = plan_file(tmp_path)

    assert run(monkeypatch, "plan", "check", file) == 0
    assert capsys.readouterr().out == (
        f"{file} is good. Audiences in use: responders, executives, stakeholders, customers.\n"
    )


def test_a_plan_with_an_error_exits_1_and_names_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = plan_file(tmp_path, "[teams]", "[team]")

    assert run(monkeypatch, "plan", "check", file) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(
        f"{file}:{LINE}:16: audiences.responders.channels[0]: expected 'teams'"
    )


def test_problems_come_as_json_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = plan_file(tmp_path, "[teams]", "[team]")

    assert run(monkeypatch, "plan", "check", file, "--json") == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["line"], problem["field"]) == (LINE, "audiences.responders.channels[0]")


def test_a_plan_that_is_not_there_is_one_line_without_a_stack_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "plan", "check", "missing.yaml") == 1
    assert capsys.readouterr().err == "missing.yaml: cannot be read: No such file or directory\n"


def test_showing_the_plan_shows_the_one_in_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("SITREP_PLAN", plan_file(tmp_path, "Your organisation", "Northwind"))
    monkeypatch.setenv("COLUMNS", "120")

    assert run(monkeypatch, "plan", "show") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Northwind, UTC, from ")
    assert "page, mail  10m    30m" in shown
    assert "comms lead and incident commander" in shown


def test_the_plan_as_json_tells_each_audience(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "plan", "show", "--json") == 0
    audiences = json.loads(capsys.readouterr().out)["audiences"]
    assert audiences["executives"]["cadence"]["SEV3"] == {"first": "15m", "every": "on change"}
    assert audiences["regulator"]["enabled"] is False


def test_the_schema_is_one_json_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "plan", "schema") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "PlanFile"


def test_a_package_is_built_for_this_installation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("SITREP_BOT_APP_ID", "6A1F0C7E-8C0F-4B63-9D0E-1F2A3B4C5D6E")
    monkeypatch.setenv("SITREP_BOT_TENANT_ID", "tenant")
    monkeypatch.setenv("SITREP_BOT_SECRET", "hunter2")
    monkeypatch.setenv("SITREP_BASE_URL", "https://sitrep.example.org")
    out = tmp_path / "sitrep.zip"

    assert run(monkeypatch, "manifest", "build", "--out", str(out)) == 0
    assert capsys.readouterr().out.startswith(f"Wrote {out}.")
    made = json.loads(ZipFile(out).read("manifest.json"))
    assert made["id"] == "6a1f0c7e-8c0f-4b63-9d0e-1f2a3b4c5d6e"
    assert made["validDomains"] == ["sitrep.example.org"]
    assert "hunter2" not in json.dumps(made)


def test_a_package_without_settings_names_each_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "sitrep.zip"

    assert run(monkeypatch, "manifest", "build", "--out", str(out)) == 1
    assert not out.exists()
    assert [line.split(" is not set")[0] for line in capsys.readouterr().err.splitlines()] == [
        "SITREP_BOT_APP_ID",
        "SITREP_BASE_URL",
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"SITREP_BOT_APP_ID": "sitrep"}, "SITREP_BOT_APP_ID: expected the GUID"),
        ({"SITREP_BASE_URL": "http://sitrep.example.org"}, "SITREP_BASE_URL: Teams takes https"),
    ],
)
def test_a_package_that_teams_would_refuse_is_not_built(
    change: dict[str, str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    good = {
        "SITREP_BOT_APP_ID": "6a1f0c7e-8c0f-4b63-9d0e-1f2a3b4c5d6e",
        "SITREP_BOT_TENANT_ID": "tenant",
        "SITREP_BOT_SECRET": "s",
        "SITREP_BASE_URL": "https://sitrep.example.org",
    }
    for name, value in (good | change).items():
        monkeypatch.setenv(name, value)

    assert run(monkeypatch, "manifest", "build", "--out", str(tmp_path / "sitrep.zip")) == 1
    assert expected in capsys.readouterr().err


def test_bad_usage_exits_2(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "plan", "check") == 2
    assert run(monkeypatch, "plna") == 2
