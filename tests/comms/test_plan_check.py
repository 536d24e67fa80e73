"""A plan with errors names each of them: file, line, column, field, what was expected."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comms.errors import PlanInvalid
from comms.people import Role
from comms.plan.load import SHOWN, check, load, read, shipped
from comms.plan.model import ChannelName
from comms.rule import Level, Rule

SHIPPED = shipped()


def changed(*changes: tuple[str, str]) -> str:
    """The shipped plan with the first place of each text replaced."""
    text = SHIPPED
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def said(text: str | bytes) -> list[str]:
    return [str(problem) for problem in check(text, "plan.yaml")]


def only(text: str | bytes) -> str:
    (problem,) = said(text)
    return problem


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_the_shipped_plan_is_good() -> None:
    assert said(SHIPPED) == []


def test_a_problem_names_file_line_column_and_field() -> None:
    text = changed(("[teams]", "[team]"))

    assert only(text) == (
        f"plan.yaml:{line_of(text, '[team]')}:16: audiences.responders.channels[0]: "
        "expected 'teams', 'chat', 'mail' or 'page', found 'team'. Did you mean 'teams'?"
    )


def test_all_problems_are_named_at_once_in_the_order_of_lines() -> None:
    text = changed(
        ("time_zone: UTC", "time_zone: Europe/Zurch"),
        ("      - needs\n", "      - need\n"),
        ("SEV2: {first: 5m, every: 30m}", "SEV2: {first: 5, every: 30m}"),
        ("label: Executives", "lable: Executives"),
        ("enabled: false", "enabled: no"),
    )

    problems = check(text, "plan.yaml")

    assert [problem.field for problem in problems] == [
        "time_zone",
        "audiences.responders.sees[8]",
        "audiences.responders.cadence.SEV2.first",
        "audiences.executives.label",
        "audiences.executives.lable",
        "audiences.regulator.enabled",
    ]
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("four_eyes:", "foureyes:"), "foureyes: unknown name. Did you mean 'four_eyes'?"),
        (("      - risk", "      - risks"), "there is no field 'risks'. Did you mean 'risk'?"),
        (("[legal]", "[lawyer]"), "expected 'incident_commander', 'comms_lead', 'scribe' or"),
        (("[comms_lead]", "[coms_lead]"), "Did you mean 'comms_lead'?"),
        (("UTC", "Mars/Olympus"), "time_zone: there is no time zone 'Mars/Olympus'."),
        (("UTC", "../../etc/passwd"), "there is no time zone '../../etc/passwd'."),
        (("UTC", "7"), "expected the name of a time zone, such as Europe/Zurich"),
        (("every: 15m", "every: 15"), "found the number 15, which has no unit"),
        (("every: 15m", "every: sometimes"), "expected a time such as 15m or 4h, 'daily'"),
        (("four_eyes: true", "four_eyes: yes"), "expected true or false, found 'yes'"),
        (("label: Responders", "label: 7"), "label: expected text, found the number 7"),
        (("label: Responders", "label:"), "label: expected text, found nothing"),
        (("label: Responders", "label: '  '"), "label: Please fill this in."),
        (("channels: [teams]", "channels: teams"), "expected a list, such as [mail, page]"),
        (("channels: [teams]", "channels: []"), "an audience in use needs at least one channel"),
        (("[teams]", "[teams, teams]"), "channels: teams stands here more than once"),
        (("  responders:", "  Re sponders:"), "expected a name of lower-case letters"),
        (
            ("UTC", "UTC\nduty_manager: {name: Dee, email: dee}"),
            "duty_manager.email: expected a mail address, found 'dee'",
        ),
        (
            ("UTC", 'UTC\nduty_manager: {name: Dee, email: "d@x.org\\r\\nBcc: e@x.org"}'),
            "expected a mail address",
        ),
        (("UTC", "UTC\nmail_rate: 30"), "mail_rate: expected a rate such as 20/s"),
        (
            ("[page, mail]", "[page, mail]\n    failover: {mail: page}"),
            "customers.failover: page cannot stand in for mail: it is one of its channels anyway",
        ),
        (
            ("[teams]", "[teams]\n    failover: {mail: teams}"),
            "responders.failover: mail is none of its channels. Known: teams.",
        ),
        (
            ("[teams]", "[teams]\n    failover: {teams: page}"),
            "responders.failover: the page is public: only 'external: true' may fail over to it",
        ),
        (
            ("[teams]", "[teams]\n    failover: {teams: fax}"),
            "responders.failover.teams: expected 'teams', 'chat', 'mail' or 'page', found 'fax'",
        ),
        (
            ("[teams]", "[teams]\n    on_unknown: wait"),
            "responders.on_unknown: expected 'resend' or 'hold', found 'wait'",
        ),
        (
            ("UTC", "UTC\napprovers: {lgal: []}"),
            "approvers.lgal: expected 'incident_commander', 'comms_lead', 'scribe' or 'legal', "
            "found 'lgal'. Did you mean 'legal'?",
        ),
    ],
)
def test_a_wrong_value_says_what_was_expected(change: tuple[str, str], expected: str) -> None:
    assert expected in only(changed(change))


@pytest.mark.parametrize(
    "field",
    ["needs", "decisions", "people", "incident_url", "room_url", "title", "conditions", "services"],
)
def test_people_outside_may_never_see_internal_fields(field: str) -> None:
    text = changed(
        (
            "sees: [symptom, scope, workaround, data_lost]\n    cadence:\n      SEV1: {first: 10m",
            f"sees: [symptom, {field}]\n    cadence:\n      SEV1: {{first: 10m",
        )
    )

    assert f"audiences.customers.sees: people outside may not see {field}." in only(text)


def test_what_people_outside_read_needs_an_approval() -> None:
    text = changed(("approval: [comms_lead, incident_commander]", "approval: []"))

    assert "customers.approval: what people outside read needs at least one approval" in only(text)


def test_the_page_is_for_people_outside() -> None:
    text = changed(("channels: [teams]", "channels: [page]"))

    assert "the page is public: an audience that reads it is 'external: true'" in only(text)


def test_an_audience_without_words_for_its_channel_is_refused() -> None:
    text = changed(
        ("label: Executives", "label: Executives\n    template: executive"),
        ("  stakeholders:", "  partners:"),
    )

    executives, partners = said(text)
    assert (
        "audiences.executives.template: there are no mail templates 'executive'. "
        "Did you mean 'executives'?" in executives
    )
    assert "audiences.partners.channels: there are no mail templates 'partners'." in partners


def test_an_audience_that_is_not_in_use_needs_no_words() -> None:
    assert said(changed(("  regulator:", "  authority:"))) == []


def test_a_severity_that_is_forgotten_is_named_under_its_audience() -> None:
    text = changed(("      SEV3: {first: 5m, every: 60m}\n", ""))

    assert only(text).endswith("audiences.responders.cadence.SEV3: 'SEV3' is missing")
    assert only(text).startswith(f"plan.yaml:{line_of(text, 'cadence:')}:5:")


def test_a_name_that_stands_twice_is_refused_wherever_it_is() -> None:
    text = changed(
        ("four_eyes: true\n", "four_eyes: true\nfour_eyes: false\n"),
        ("    label: Customers\n", "    label: Customers\n    label: Clients\n"),
    )

    first, second = said(text)
    assert "four_eyes: 'four_eyes' stands here a second time; the first is in line 6" in first
    assert "audiences.customers.label: 'label' stands here a second time" in second


def test_aliases_are_refused_before_they_can_multiply() -> None:
    bomb = "a: &a [x, x, x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}, *{chr(97 + n)}]\n"
        for n in range(20)
    )

    problems = said(bomb)

    assert problems[0] == "plan.yaml:2:8: the alias *a is not read; write its value out"
    assert len(problems) == 60


def test_an_alias_to_itself_ends() -> None:
    assert "the alias *a is not read" in only("- &a [*a]")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "plan.yaml: the file is empty"),
        ("# nothing\n", "plan.yaml: the file is empty"),
        ("null", "plan.yaml: the file is empty"),
        ("audiences:\n\tcustomers: 1", "plan.yaml:2:1: a tab cannot indent YAML; use spaces"),
        ("a: [1\nb: 2", "plan.yaml:2:2: not YAML: while parsing a flow sequence, expected ',' or"),
        ("--- {}\n--- {}", "plan.yaml:2:1: not YAML: expected a single document in the stream"),
        ("[" * 9000, "plan.yaml:1:21: values are nested too deeply"),
        ("a: \x01", "plan.yaml:1:4: the character U+0001 is not allowed"),
        (b"organisation: Caf\xe9", "plan.yaml:1:18: the file is not UTF-8 text; save it as UTF-8"),
        ("a: 1".encode("utf-16"), "plan.yaml:1:1: the file is not UTF-8 text; save it as UTF-8"),
        ("a: " + "x" * 300_000, "plan.yaml: the file has more than 256 KiB"),
        ("just words", "plan.yaml:1:1: expected names with values below them, found 'just words'"),
        ("[a, b]", "plan.yaml:1:1: expected names with values below them, found a list"),
    ],
)
def test_what_is_no_plan_at_all_is_said_in_one_line(content: str | bytes, expected: str) -> None:
    assert only(content).startswith(expected)


def test_a_byte_order_mark_is_no_error() -> None:
    assert said(b"\xef\xbb\xbf" + SHIPPED.encode()) == []


def test_a_number_of_thousands_of_digits_is_no_crash() -> None:
    text = changed(("label: Responders", "label: " + "9" * 5000))

    assert "expected at most 200 characters, found 5000" in only(text)


def test_every_problem_is_one_line() -> None:
    text = changed(("label: Responders", 'label: ["a\\nb"]'), ("[teams]", '["te\\nams"]'))

    assert all("\n" not in problem for problem in said(text))


def test_loading_a_plan_with_errors_lists_them_all(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(changed(("[teams]", "[team]"), ("enabled: false", "enabled: no")))

    with pytest.raises(PlanInvalid) as refused:
        load(file)

    assert len(refused.value.detail.splitlines()) == 2
    assert all(line.startswith(f"{file}:") for line in refused.value.detail.splitlines())


def test_a_file_full_of_errors_is_cut_short(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("".join(f"a{n}: 1\n" for n in range(200)))

    with pytest.raises(PlanInvalid) as refused:
        load(file)

    lines = refused.value.detail.splitlines()
    assert len(lines) == SHOWN + 1
    assert lines[-1] == f"{file}: and 152 more"


def test_a_file_that_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(PlanInvalid, match=r"missing\.yaml: cannot be read: No such file"):
        load(tmp_path / "missing.yaml")
    with pytest.raises(PlanInvalid, match="this is not a file"):
        load(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_said_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(SHIPPED)
    file.chmod(0)

    with pytest.raises(PlanInvalid, match="cannot be read: Permission denied"):
        load(file)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(PlanInvalid, match="this is not a file"):
        load(tmp_path / "pipe")


def test_a_plan_of_ones_own_is_read(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(
        changed(
            ("Your organisation", "Northwind Traders"),
            (
                "time_zone: UTC",
                "time_zone: Europe/Zurich\n"
                "mail_rate: 30/min\n"
                "duty_manager: {name: Dana Roth, email: dana@northwind.example}\n"
                "approvers:\n"
                "  legal:\n"
                "    - {name: Lee Berg, email: lee@northwind.example, entra_id: e-7}\n",
            ),
            ("SEV3: {first: 5m, every: 60m}", "SEV3: {every: 2h}"),
            (
                "label: Stakeholders",
                "label: Partners\n    template: executives\n    on_unknown: hold\n"
                "    failover: {mail: teams}",
            ),
        )
    )

    plan = load(file)

    assert plan.organisation == "Northwind Traders"
    assert plan.time_zone == ZoneInfo("Europe/Zurich")
    assert plan.mail_rate == 0.5
    assert plan.duty_manager is not None
    assert plan.duty_manager.email == "dana@northwind.example"
    assert [person.entra_id for person in plan.approvers[Role.LEGAL]] == ["e-7"]
    responders = {row.value: c for row, c in plan.audience("responders").cadence.items()}
    assert responders["SEV3"].first is None
    assert responders["SEV3"].every == timedelta(hours=2)
    assert plan.audience("stakeholders").template == "executives"
    assert plan.audience("stakeholders").ways == (ChannelName.MAIL, ChannelName.TEAMS)
    assert plan.holds_unknown("stakeholders")
    assert not plan.holds_unknown("customers")
    assert plan.audience("customers").template == "customers"
    assert plan.source == str(file)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_file_at_all_breaks_the_check(content: bytes) -> None:
    assert check(content, "plan.yaml")


@given(st.integers(0, len(SHIPPED)), st.integers(0, 40), st.text(max_size=12))
@settings(max_examples=30, deadline=None)
def test_no_change_to_a_plan_breaks_the_check(at: int, length: int, put: str) -> None:
    text = SHIPPED[:at] + put + SHIPPED[at + length :]

    for problem in said(text.encode("utf-8", "surrogatepass")):
        assert "\n" not in problem
        assert problem.startswith("plan.yaml:")


@pytest.mark.parametrize(
    ("languages", "problem"),
    [
        ("[en, it]", "no letters are written in 'it'. Known: en, ar, de, es, fr, ja, and"),
        ("[de, de]", "de stands here more than once"),
        ("[de-ch, DE-CH]", "de-CH stands here more than once"),
        ("de", "expected a list"),
    ],
)
def test_a_language_without_letters_is_refused(languages: str, problem: str) -> None:
    text = changed(
        ("channels: [page, mail]", f"channels: [page, mail]\n    languages: {languages}")
    )

    assert problem in only(text)


def test_only_an_audience_that_reads_mail_has_languages() -> None:
    text = changed(("channels: [teams]", "channels: [teams]\n    languages: [de]"))

    assert "audiences.responders.languages: only mail is written in several" in only(text)


def test_an_audience_is_written_to_in_the_plans_language_first(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(
        changed(
            ("time_zone: UTC", "time_zone: UTC\nlanguage: de"),
            ("channels: [page, mail]", "channels: [page, mail]\n    languages: [en, fr-ch, de]"),
        )
    )
    plan = load(file)

    assert plan.languages_of(plan.audience("customers")) == ("de", "en", "fr-CH")
    assert plan.languages_of(plan.audience("executives")) == ("de",)


def test_how_a_rule_weighs_is_the_plans_word_then_the_audiences() -> None:
    text = changed(
        ("four_eyes: true", "four_eyes: true\nlint: {tickets: block, blame: off}"),
        ("label: Customers", "label: Customers\n    lint: {blame: block}"),
    )
    plan, problems = read(text, "plan.yaml")

    assert problems == []
    assert plan is not None
    customers, stakeholders = plan.audience("customers"), plan.audience("stakeholders")
    assert customers.level(Rule.TICKETS) is Level.BLOCK
    assert customers.level(Rule.BLAME) is Level.BLOCK
    assert stakeholders.level(Rule.BLAME) is Level.OFF
    # What blocks for customers does not hold up what people inside read.
    assert stakeholders.level(Rule.TICKETS) is Level.WARN


def test_who_may_override_is_the_plans_word_then_the_audiences() -> None:
    text = changed(
        ("four_eyes: true", "four_eyes: true\nlint_override: [legal]"),
        ("label: Customers", "label: Customers\n    lint_override: []"),
    )
    plan, _problems = read(text, "plan.yaml")

    assert plan is not None
    assert plan.audience("customers").lint_override == ()
    assert plan.audience("stakeholders").lint_override == (Role.LEGAL,)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lint: {estimate: block}", "found 'estimate'. Did you mean 'estimates'?"),
        ("lint: {names: blok}", "expected 'off', 'warn' or 'block', found 'blok'."),
        ("lint: {names: true}", "expected 'off', 'warn' or 'block', found true."),
        ("lint: [names]", "expected names with values below them, found a list"),
        ("lint_override: [legal, legal]", "legal stands here more than once"),
        ("lint_override: [chief]", "expected 'incident_commander', 'comms_lead', 'scribe' or"),
        ("lint_override: legal", "expected a list, such as [mail, page], found 'legal'"),
    ],
)
def test_a_rule_or_role_that_is_not_known_is_named(line: str, message: str) -> None:
    assert message in only(changed(("four_eyes: true", f"four_eyes: true\n{line}")))
