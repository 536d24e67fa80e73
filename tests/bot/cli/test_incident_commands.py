"""The life of an incident from a terminal, against a real server."""

from __future__ import annotations

import email
import email.policy
import json
import socket
from pathlib import Path

import pytest

from bot.cli import incidents
from bot.cli.incidents import reached
from comms.delivery import DeliveryState
from comms.plan.load import shipped
from tests.bot.cli.conftest import Server, Sitrep

REPORT = (
    "--conditions",
    "One in three card payments fails.",
    "--done",
    "Paged the payments team",
    "--doing",
    "Rolling back the release",
    "--need",
    "A contact at the acquirer",
    "--symptom",
    "Some card payments fail.",
    "--scope",
    "About one in three.",
)


def test_an_incident_is_led_from_a_terminal_from_declaration_to_its_end(
    sitrep: Sitrep, server: Server, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("email,name\none@example.org,One\ntwo@example.org,Two\nbad,Bad\n")
    imported = sitrep("recipients", "import", str(people), "--audience", "stakeholders")
    assert (imported.code, imported.out) == (0, "stakeholders has 2 people now.\n")
    refused = tmp_path / "people.refused.csv"
    assert imported.err.splitlines() == [
        "line 4: 'bad' is not a mail address.",
        f"All refused lines are in {refused}.",
    ]
    assert refused.read_text(encoding="utf-8").splitlines() == [
        "line,reason,text",
        """4,'bad' is not a mail address.,"bad,Bad\"""",
    ]

    declared = sitrep("declare", "Card payments failing", "-s", "sev1", "--json")
    assert declared.code == 0
    key = declared.json["key"]
    role = sitrep("role", key, "comms-lead", "ben@example.org", "--name", "Ben Okafor")
    assert role.out == f"Ben Okafor <ben@example.org> is comms lead of {key}.\n"
    assert sitrep("note", key, "Rolled back at 09:41.").code == 0

    drafted = sitrep("update", key, *REPORT, "--status", "identified")
    assert "stakeholders" in drafted.out
    draft = sitrep("update", key, *REPORT, "--status", "identified", "--json").json
    assert draft["hash"] in drafted.out
    shown = sitrep("preview", key, "1", "--audience", "stakeholders")
    assert shown.out.startswith(f"stakeholders by mail, hash {draft['hash']}\nSubject: {key}: ")

    approve = ("approve", key, "1", "--hash", draft["hash"], "--as")
    first = sitrep(*approve, "ben@example.org")
    assert first.out == "Update 1 still needs the incident commander.\n"
    assert sitrep(*approve, "incident_commander").out.startswith("Update 1 is approved")
    server.deliver()
    assert server.relay.addresses == ["one@example.org", "two@example.org"]

    ledger = sitrep("deliveries", key, "--state", "accepted", "--json").json["deliveries"]
    assert [(row["update"], row["address"]) for row in ledger] == [
        (1, "one@example.org"),
        (1, "two@example.org"),
    ]
    assert "Update 1 reached 2 of" in sitrep("deliveries", key).out

    resolved = sitrep("resolve", key, "--json").json
    assert (resolved["number"], resolved["incident"]["status"]) == (2, "resolved")
    assert "Ben Okafor" in sitrep("show", key).out
    assert sitrep("incidents", "--open").out == "No incidents.\n"
    assert key in sitrep("incidents", "card").out


def test_deliveries_are_followed_until_nothing_is_under_way(
    sitrep: Sitrep, server: Server, tmp_path: Path
) -> None:
    people = tmp_path / "people.ndjson"
    people.write_text('{"email": "one@example.org"}\n')
    assert sitrep("recipients", "import", str(people), "-a", "stakeholders").code == 0
    key = sitrep("declare", "Slow", "-s", "SEV3", "--json").json["key"]
    draft = sitrep("update", key, "-c", "Slow.", "--audience", "stakeholders", "--json").json
    sitrep("approve", key, "1", "--hash", draft["hash"], "--as", "comms_lead")
    server.deliver()

    followed = sitrep("deliveries", key, "--watch", "--json")

    assert [row["state"] for row in followed.json["deliveries"]] == ["accepted"]
    again = sitrep("deliveries", "retry", key, "--update", "1", "--failed", "--json")
    assert again.json == {"retried": 0}


def test_a_report_may_come_from_a_file(sitrep: Sitrep, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps({"conditions": "Slow.", "needs": ["Coffee"]}))
    key = sitrep("declare", "Slow", "-s", "SEV3", "--json").json["key"]

    assert sitrep("update", key, "--file", str(file), "--risk", "Slower.").code == 0

    file.write_text("{")
    assert "this is not JSON" in sitrep("update", key, "--file", str(file)).err


def test_people_are_exported_as_they_were_imported(
    sitrep: Sitrep, server: Server, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text('email,name\none@example.org,"One, the first"\n')
    sitrep("recipients", "import", str(people), "-a", "executives")

    one = sitrep("recipients", "export", "--audience", "executives")
    everybody = sitrep("recipients", "export")

    assert one.out.splitlines() == [
        "email,name,language,time_zone,channels,choice,quiet_hours",
        'one@example.org,"One, the first",,,,,',
    ]
    assert everybody.out.splitlines() == [
        "audience,email,name,language,time_zone,channels,choice,quiet_hours",
        'executives,one@example.org,"One, the first",,,,,',
    ]


def test_an_import_of_nobody_fails_and_names_each_line(
    sitrep: Sitrep, server: Server, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("email\nbad\nworse\n")

    said = sitrep("recipients", "import", str(people), "-a", "executives")

    assert said.code == 1
    assert "line 2: 'bad' is not a mail address." in said.err
    assert "line 3:" in said.err


def test_nothing_a_caller_typed_steers_the_terminal(sitrep: Sitrep, server: Server) -> None:
    sitrep("declare", "\x1b[31mred [bold]alert[/bold] \u202egnp", "-s", "SEV3")

    listed = sitrep("incidents").out

    assert "\x1b" not in listed
    assert "\u202e" not in listed
    assert "[bold]alert[/bold]" in listed


def test_a_refusal_is_said_with_its_field(sitrep: Sitrep, server: Server) -> None:
    key = sitrep("declare", "Slow", "-s", "SEV3", "--json").json["key"]

    said = sitrep("update", key, "-c", "Slow.", "--audience", "investors", "--json")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("/audiences/0: There is no audience 'investors'. Known: ")


def test_an_unknown_incident_is_one_line(sitrep: Sitrep, server: Server) -> None:
    said = sitrep("show", "INC-404")

    assert (said.code, said.err) == (1, "There is no incident 'INC-404'.\n")


def test_a_wrong_token_is_said(
    sitrep: Sitrep, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITREP_API_TOKEN", "wrong")

    assert sitrep("incidents").err == "This API token is not known here.\n"


def test_where_nothing_answers_it_says_how_to_start(
    sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("SITREP_BASE_URL", f"http://127.0.0.1:{port}")

    said = sitrep("incidents", "--json")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"Sitrep does not answer at http://127.0.0.1:{port}: start it with")


@pytest.mark.parametrize(
    "words",
    [
        ("declare", "Slow"),
        ("declare", "Slow", "-s", "SEV9"),
        ("update", "INC-1"),
        ("approve", "INC-1", "one"),
        ("preview", "INC-1", "1"),
        ("deliveries",),
        ("deliveries", "INC-1", "INC-2"),
        ("deliveries", "retry", "INC-1"),
        ("deliveries", "retry", "INC-1", "--update", "1"),
        ("recipients", "import", "people.csv"),
    ],
)
def test_bad_usage_exits_2_without_asking_anybody(sitrep: Sitrep, words: tuple[str, ...]) -> None:
    said = sitrep(*words)

    assert (said.code, said.out) == (2, "")
    assert said.err


def test_a_file_that_is_not_there_is_one_line(sitrep: Sitrep, server: Server) -> None:
    said = sitrep("recipients", "import", "missing.csv", "-a", "executives")

    assert (said.code, said.err) == (1, "missing.csv: cannot be read: No such file or directory\n")


def test_another_plan_is_tried_on_what_was_last_reported(
    sitrep: Sitrep, server: Server, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(shipped().replace("label: Executives", "label: The board"))
    key = sitrep("declare", "Slow search", "-s", "SEV3", "--json").json["key"]
    early = sitrep("plan", "preview", str(plan), "--incident", key)
    assert (early.code, early.err) == (
        1,
        f"{key} has no update yet: write one with `sitrep update`.\n",
    )
    sitrep("update", key, *REPORT)

    told = sitrep("plan", "preview", str(plan), "--incident", key, "--json").json["statements"]
    shown = sitrep("plan", "preview", str(plan), "--incident", key)

    assert {(one["audience"], one["channel"]) for one in told} == {
        ("responders", "teams"),
        ("executives", "mail"),
        ("stakeholders", "mail"),
        ("customers", "page"),
        ("customers", "mail"),
    }
    assert "sent to: The board" in shown.out
    assert (sitrep("show", key, "--json")).json["updates"][0]["state"] == "draft"


def test_a_plan_is_previewed_as_files_and_a_drill_for_nobody_outside(
    sitrep: Sitrep, server: Server, tmp_path: Path
) -> None:
    plan, out = tmp_path / "plan.yaml", tmp_path / "letters"
    plan.write_text(
        shipped().replace("label: Executives", "label: Executives\n    languages: [de]")
    )
    key = sitrep("declare", "Slow search", "-s", "SEV3", "--drill", "--json").json["key"]
    sitrep("update", key, *REPORT)

    said = sitrep("plan", "preview", str(plan), "--incident", key, "--out", str(out), "--json")

    written = {Path(file).name for file in said.json["files"]}
    assert written == {file.name for file in out.iterdir()}
    for language in ("en", "de"):
        assert {f"executives.mail.{language}.{end}" for end in ("html", "txt", "eml")} <= written
    assert not [name for name in written if name.startswith("customers")]
    letter = email.message_from_bytes(
        (out / "executives.mail.en.eml").read_bytes(), policy=email.policy.strict
    )
    assert letter["Subject"].startswith("[DRILL]")
    assert "This is a drill." in (out / "executives.mail.en.txt").read_text()
    assert json.loads((out / "responders.teams.card.json").read_text())["type"] == "AdaptiveCard"


def test_a_mistake_of_our_own_shows_no_trace_but_keeps_it(
    sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(incidents, "client", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    said = sitrep("show", "INC-1")

    assert said.code == 1
    assert said.err.startswith("This is a mistake in Sitrep (RuntimeError: a bug).")
    (kept,) = tmp_path.glob("sitrep-*.txt")
    assert "Traceback" in kept.read_text()


def test_who_was_left_out_on_purpose_is_not_counted_as_missing() -> None:
    states = dict.fromkeys(DeliveryState, 0) | {"accepted": 408, "suppressed": 90, "rejected": 4}

    assert reached({**states}) == "408 of 412"
