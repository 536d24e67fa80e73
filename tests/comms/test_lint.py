"""Lint: each rule, where it speaks and where it keeps silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.incident import Severity, Status
from comms.lint import Finding, Level, blocks, lint
from comms.people import Person, Role
from comms.plan.model import Plan
from comms.report import Actions, CustomerText
from comms.testing.clock import MONDAY
from comms.update import Kind, Update, UpdateState
from tests.comms.test_incident import incident
from tests.house import ADA, BEN, REPORT

LED = incident(Status.INVESTIGATING, incident_commander=ADA, comms_lead=BEN)


def update(**changes: object) -> Update:
    return replace(
        Update(
            id=1,
            incident="INC-1",
            number=1,
            kind=Kind.UPDATE,
            state=UpdateState.DRAFT,
            report=REPORT,
            status=Status.INVESTIGATING,
            severity=Severity.SEV2,
            audiences=("customers",),
            promises={"customers": MONDAY + timedelta(minutes=30)},
            hash="h",
            drafted_by=BEN,
            drafted_at=MONDAY,
        ),
        **changes,  # type: ignore[arg-type]
    )


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


@pytest.mark.parametrize(
    "symptom",
    [
        "db1.internal is slow.",
        "10.20.30.40 does not answer.",
        "See 192.168.0.1:8080.",
        "172.16.0.9 and others",
        "gateway.eu.corp fails",
    ],
)
def test_names_from_inside_block_what_customers_read(plan: Plan, symptom: str) -> None:
    assert codes(plan, saying(symptom)) == {"inside": Level.BLOCK}
    assert codes(plan, saying(symptom), "stakeholders") == {"inside": Level.WARN}
    assert codes(plan, saying(symptom), "executives") == {}


@pytest.mark.parametrize(
    "symptom",
    ["Internal errors are shown.", "Version 10.2 fails.", "172.200.1.1 is yours.", "Go local."],
)
def test_ordinary_words_are_not_names_from_inside(plan: Plan, symptom: str) -> None:
    assert codes(plan, saying(symptom)) == {}


@pytest.mark.parametrize(
    ("symptom", "code", "level"),
    [
        ("Write to ada@example.org.", "address", Level.WARN),
        ("TODO: say what", "unfinished", Level.BLOCK),
        ("It affects [...] payments", "unfinished", Level.BLOCK),
        ("About XX payments", "unfinished", Level.BLOCK),
        ("A human error at our side", "blame", Level.WARN),
        ("Hopefully it is over.", "hope", Level.WARN),
        ("We work on it ASAP.", "hope", Level.WARN),
        ("Ask Ada Lovelace.", "name", Level.BLOCK),
        ("ask ada lovelace!", "name", Level.BLOCK),
    ],
)
def test_wording(plan: Plan, symptom: str, code: str, level: Level) -> None:
    assert codes(plan, saying(symptom)) == {code: level}


@pytest.mark.parametrize(
    ("name", "symptom", "level"),
    [
        ("Ann", "You cannot pay.", None),
        ("Ann", "Ann looks into it.", Level.WARN),
        ("Will", "Payments will fail.", Level.WARN),
        ("Ann (a.*", "Ann (a.* looks", None),
    ],
)
def test_a_name_is_a_whole_word(plan: Plan, name: str, symptom: str, level: Level | None) -> None:
    led = replace(LED, roles={Role.SCRIBE: Person(name=name)})

    found = lint(saying(symptom), led, plan.audience("customers"), recipients=1, now=MONDAY)

    assert [finding.level for finding in found] == ([level] if level else [])


def test_who_is_affected_should_be_said_while_it_lasts(plan: Plan) -> None:
    silent = replace(REPORT, customer=CustomerText(symptom="Payments fail."))

    assert codes(plan, update(report=silent)) == {"scope": Level.WARN}
    assert codes(plan, update(report=silent, kind=Kind.RESOLVED)) == {}


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
    assert codes(plan, update(promises={"executives": MONDAY})) == {}


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
