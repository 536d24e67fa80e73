"""Lint: each rule, where it speaks and where it keeps silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.incident import Status
from comms.lint import Finding, Level, blocks, lint
from comms.people import Person, Role
from comms.plan.model import Plan
from comms.report import Actions, CustomerText
from comms.rule import Rule
from comms.testing.clock import MONDAY
from comms.update import Kind, Update
from tests.comms.lint.drafts import LED, update
from tests.house import REPORT


def codes(
    plan: Plan, one: Update, audience: str = "customers", *, recipients: int = 10
) -> dict[str, Level]:
    found = lint(one, LED, plan.audience(audience), recipients=recipients, now=MONDAY)
    return {finding.code: finding.level for finding in found}


def saying(symptom: str) -> Update:
    return update(report=replace(REPORT, customer=CustomerText(symptom=symptom, scope="All.")))


@pytest.mark.parametrize("audience", ["responders", "executives", "stakeholders", "customers"])
def test_a_good_draft_is_left_alone(plan: Plan, audience: str) -> None:
    assert codes(plan, update(), audience) == {}


def test_what_blocks_for_customers_is_a_warning_to_people_inside(plan: Plan) -> None:
    leak = saying("db1.internal is slow.")

    assert codes(plan, leak) == {"hosts": Level.BLOCK}
    assert codes(plan, leak, "stakeholders") == {"hosts": Level.WARN}
    assert codes(plan, leak, "executives") == {}


@pytest.mark.parametrize("rule", Rule)
def test_a_plan_says_how_a_rule_weighs(plan: Plan, rule: Rule) -> None:
    customers = plan.audience("customers")
    stakeholders = plan.audience("stakeholders")

    assert customers.level(rule) is rule.level
    assert stakeholders.level(rule) is Level.WARN
    for level in Level:
        assert replace(customers, lint={rule: level}).level(rule) is level
        assert replace(stakeholders, lint={rule: level}).level(rule) is level
    assert len(rule.reason) > 10


def test_a_rule_that_is_off_finds_nothing(plan: Plan) -> None:
    customers = replace(plan.audience("customers"), lint={Rule.HOSTS: Level.OFF})

    found = lint(saying("db1.internal is slow."), LED, customers, recipients=1, now=MONDAY)

    assert found == ()


def test_only_what_the_plan_lets_somebody_override_is_marked_so(plan: Plan) -> None:
    customers = replace(plan.audience("customers"), lint_override=(Role.LEGAL,))

    [leak] = lint(saying("db1.internal is slow."), LED, customers, recipients=1, now=MONDAY)
    [hope] = lint(saying("Hopefully it is over."), LED, customers, recipients=1, now=MONDAY)

    assert (leak.can_override, hope.can_override) == (True, False)


def test_everybody_whom_the_plan_names_is_kept_out_of_the_text(plan: Plan) -> None:
    found = lint(
        saying("Dana Roth helps."),
        LED,
        plan.audience("customers"),
        recipients=1,
        now=MONDAY,
        known=[Person(name="Dana Roth")],
    )

    assert [one.code for one in found] == ["names"]


@pytest.mark.parametrize(
    ("name", "symptom", "level"),
    [
        ("Ann", "You cannot pay.", None),
        ("Ann", "Ann looks into it.", Level.WARN),
        ("Will", "Payments will fail.", Level.WARN),
        ("Ann (a.*", "Ann (a.* looks", Level.BLOCK),
    ],
)
def test_a_name_is_a_whole_word(plan: Plan, name: str, symptom: str, level: Level | None) -> None:
    led = replace(LED, roles={Role.SCRIBE: Person(name=name)})

    found = lint(saying(symptom), led, plan.audience("customers"), recipients=1, now=MONDAY)

    assert [finding.level for finding in found] == ([level] if level else [])


def test_who_is_affected_should_be_said_while_it_lasts(plan: Plan) -> None:
    silent = replace(REPORT, customer=CustomerText(symptom="Payments fail."))

    assert codes(plan, update(report=silent)) == {"scope": Level.WARN}
    assert codes(plan, update(report=silent, kind=Kind.CORRECTION)) == {}


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ("Some users.", {"scope": Level.WARN}),
        ("Einige Kunden", {"scope": Level.WARN}),
        ("Certains clients.", {"scope": Level.WARN}),
        ("Algunos usuarios.", {"scope": Level.WARN}),
        ("一部のお客様", {"scope": Level.WARN}),
        ("بعض العملاء", {"scope": Level.WARN}),
        ("Some customers in Europe.", {}),
        ("Some users who sign in with a passkey", {}),
        ("About one in three customers.", {}),
        ("Einige Kunden in der Schweiz", {}),
    ],
)
def test_some_users_is_nobody_in_particular(
    plan: Plan, scope: str, found: dict[str, Level]
) -> None:
    text = CustomerText(symptom="Payments fail.", scope=scope)

    assert codes(plan, update(report=replace(REPORT, customer=text))) == found


@pytest.mark.parametrize(
    ("symptom", "found"),
    [
        ("All is well again.", {"data_loss": Level.WARN}),
        ("All is well again. No data was lost.", {}),
        ("Alles läuft wieder, Daten gingen nicht verloren.", {}),
        ("Aucune donnée n'a été perdue.", {}),
        ("No se han perdido datos.", {}),
        ("データは失われていません。", {}),
        ("لم تفقد أي بيانات.", {}),
    ],
)
def test_the_last_update_says_whether_data_was_lost(
    plan: Plan, symptom: str, found: dict[str, Level]
) -> None:
    text = CustomerText(symptom=symptom, scope="Everybody.")
    last = update(report=replace(REPORT, customer=text), status=Status.RESOLVED, promises={})

    assert codes(plan, replace(last, kind=Kind.RESOLVED)) == found
    assert codes(plan, last) == {}
    answered = replace(last, kind=Kind.RESOLVED, report=replace(last.report, data_lost=False))
    assert codes(plan, answered) == {}


def test_who_is_still_waiting_is_told_until_when(plan: Plan) -> None:
    assert codes(plan, update(promises={})) == {"next_update": Level.WARN}
    assert codes(plan, update(promises={}, status=Status.RESOLVED)) == {}


def test_a_report_beyond_the_meter_is_too_long_at_a_glance(plan: Plan) -> None:
    long = replace(REPORT, conditions="word " * 81, actions=Actions(), needs=())

    assert codes(plan, update(report=long), "responders") == {"long": Level.WARN}
    shorter = replace(long, conditions="word " * 80)
    assert codes(plan, update(report=shorter), "responders") == {}


def test_a_placeholder_in_the_conditions_is_shown_to_responders(plan: Plan) -> None:
    unfinished = replace(REPORT, conditions="TBD")

    assert codes(plan, update(report=unfinished), "responders") == {"unfinished": Level.WARN}


def test_an_audience_with_nobody_in_it_is_said(plan: Plan) -> None:
    assert codes(plan, update(), recipients=0) == {"nobody": Level.WARN}


def test_a_promise_that_has_passed_blocks(plan: Plan) -> None:
    assert codes(plan, update(promises={"customers": MONDAY})) == {"promise_passed": Level.BLOCK}
    later = {"customers": MONDAY + timedelta(minutes=1), "executives": MONDAY}
    assert codes(plan, update(promises=later)) == {}


def test_only_blocks_forbid() -> None:
    findings = tuple(
        Finding(level=level, audience="a", code="c", message="m", pointer="/p") for level in Level
    )

    assert [finding.level for finding in blocks(findings)] == [Level.BLOCK]


def test_a_finding_names_its_field(plan: Plan) -> None:
    unfinished = replace(REPORT, customer=CustomerText(symptom="a", scope="TODO"))

    [found] = lint(
        update(report=unfinished), LED, plan.audience("customers"), recipients=1, now=MONDAY
    )

    assert found.pointer == "/customer/scope"
    assert found.audience == "customers"


def test_every_language_of_the_text_is_read(plan: Plan) -> None:
    german = CustomerText(symptom="Wird bis 15 Uhr behoben.", scope="Einige Kunden")
    text = CustomerText(symptom="Payments fail.", scope="All.", versions={"de": german})
    draft = update(report=replace(REPORT, customer=text))

    found = lint(draft, LED, plan.audience("customers"), recipients=1, now=MONDAY)

    assert {(one.code, one.pointer) for one in found} == {
        ("estimates", "/customer/versions/de/symptom"),
        ("scope", "/customer/versions/de/scope"),
    }


def test_each_language_says_whether_data_was_lost(plan: Plan) -> None:
    german = CustomerText(symptom="Alles läuft wieder.")
    text = CustomerText(symptom="It works. No data was lost.", versions={"de": german})
    last = update(
        report=replace(REPORT, customer=text),
        status=Status.RESOLVED,
        promises={},
        kind=Kind.RESOLVED,
    )

    found = lint(last, LED, plan.audience("customers"), recipients=1, now=MONDAY)

    assert [(one.code, one.pointer) for one in found] == [
        ("data_loss", "/customer/versions/de/symptom")
    ]
