"""Cadence as a plan says it: by severity, and where something else holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from comms.incident import Incident, IncidentType, Severity, Status
from comms.plan.load import check, read, shipped
from comms.plan.model import Plan
from comms.simulation import supposed
from comms.testing.clock import MONDAY

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

TABLE = """
organisation: Northwind Traders
time_zone: Europe/Zurich
audiences:
  executives:
    label: Executives
    channels: [mail]
    approval: [incident_commander]
    sees: [title, impact]
    cadence:
      SEV1: {first: 15m, every: 30m}
      SEV2: {first: 15m, every: 60m}
      SEV3: {first: 15m, every: on change}
      SEV4: {first: 15m, every: on change}
"""


def plan(more: str = "") -> Plan:
    found, problems = read(TABLE + more, "plan.yaml")
    assert not problems
    assert found
    return found


def only(more: str) -> str:
    """The one problem of a plan with these lines."""
    (problem,) = check(TABLE + more, "plan.yaml")
    return str(problem)


def incident(severity: Severity = Severity.SEV1, **more: object) -> Incident:
    return replace(supposed(severity, begin=MONDAY), **more)  # type: ignore[arg-type]


def every(plan: Plan, told_of: Incident, *, after: timedelta = timedelta()) -> timedelta | None:
    return plan.cadence_of(plan.audience("executives"), told_of, MONDAY + after).every


def test_what_is_said_of_a_status_holds_in_it_only() -> None:
    slower = plan(
        "      when:\n        - {status: monitoring, severity: [SEV1, SEV2], every: 2h}\n"
    )

    assert every(slower, incident(status=Status.MONITORING)) == 2 * HOUR
    assert every(slower, incident(status=Status.IDENTIFIED)) == 30 * MINUTE
    assert every(slower, incident(Severity.SEV3, status=Status.MONITORING)) is None


def test_what_is_said_of_a_type_leaves_the_rest_as_it_is() -> None:
    security = plan("      when:\n        - {type: security, every: 2h}\n")
    told_of = incident(type=IncidentType.SECURITY)

    found = security.cadence_of(security.audience("executives"), told_of, MONDAY)

    assert (found.first, found.every) == (15 * MINUTE, 2 * HOUR)
    assert every(security, incident()) == 30 * MINUTE


def test_of_two_that_fit_the_first_holds() -> None:
    both = plan(
        "      when:\n"
        "        - {status: monitoring, every: 2h}\n"
        "        - {type: security, every: 3h}\n"
    )

    told_of = incident(type=IncidentType.SECURITY, status=Status.MONITORING)
    assert every(both, told_of) == 2 * HOUR


def test_what_is_said_for_all_severities_is_overridden_for_one_and_in_a_case() -> None:
    marked = plan(
        "      snap: 30m\n      zone: Asia/Tokyo\n"
        "      when:\n        - {status: monitoring, severity: SEV2, at: ['08:00', '07:00']}\n"
    )

    executives = marked.audience("executives")
    assert executives.cadence[Severity.SEV1].snap == 30 * MINUTE
    assert executives.cadence[Severity.SEV1].zone.key == "Asia/Tokyo"
    monitoring = marked.cadence_of(
        executives, incident(Severity.SEV2, status=Status.MONITORING), MONDAY
    )
    assert monitoring.at == (time(7), time(8))
    assert monitoring.every == HOUR


def test_a_long_incident_is_counted_from_its_declaration() -> None:
    long = plan("      long: {after: 4h}\n")

    assert every(long, incident(), after=3 * HOUR) == 30 * MINUTE
    assert every(long, incident(), after=4 * HOUR) == HOUR


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("      snap: 45m\n", "cadence.snap: expected one of 5m, 10m,"),
        ("      at: [8]\n", "cadence.at[0]: expected a time of day such as 08:00, found the"),
        ("      at: ['08:00', '08:00']\n", "cadence.at: 08:00 stands here more than once"),
        ("      zone: Zurich\n", "cadence.zone: there is no time zone 'Zurich'."),
        ("      long: {after: 4h, times: 0}\n", "cadence.long.times: "),
        ("      long: {}\n", "cadence.long.after: 'after' is missing"),
        ("      snap: 60m\n", "cadence.SEV1: snap 60m is longer than every 30m"),
        ("      when: [{every: 4h}]\n", "when[0]: say when it holds: severity, type or status"),
        ("      when: [{type: security}]\n", "when[0]: say what holds then: first, every,"),
        (
            "      when: [{status: resolved, every: 4h}]\n",
            "when[0].status: there is no status of an open incident 'resolved'.",
        ),
        (
            "      when: [{status: [monitorng], every: 4h}]\n",
            "when[0].status[0]: there is no status of an open incident 'monitorng'."
            " Did you mean 'monitoring'?",
        ),
        (
            "      when: [{severity: SEV1, every: 20d, long: {after: 1d}}]\n",
            "when[0]: a long incident would be told of every 40d; at most 31d may pass",
        ),
        (
            "      when: [{status: monitoring, every: 4h}, {status: monitoring, every: 2h}]\n",
            "when[1]: this never holds: when[0] fits wherever it does",
        ),
        ("      when: [{stats: monitoring, every: 4h}]\n", "when[0].stats: unknown name. Did you"),
    ],
)
def test_what_cannot_hold_is_said_where_it_stands(more: str, said: str) -> None:
    problem = only(more)

    assert said in problem
    line = TABLE.count("\n") + 1
    expected = line - 4 if "SEV1: snap" in said else line
    assert problem.startswith(f"plan.yaml:{expected}:")


def test_the_shipped_plan_says_less_while_it_is_only_watched() -> None:
    text, problems = read(shipped(), "shipped.yaml")
    assert text
    assert not problems
    for audience in text.enabled():
        usual = text.cadence_of(audience, incident(), MONDAY).every
        watched = text.cadence_of(audience, incident(status=Status.MONITORING), MONDAY).every
        assert usual
        assert watched == 2 * usual
