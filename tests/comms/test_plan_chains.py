"""Who approves at which severity, who is asked next, and who is reminded of a promise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from comms.incident import Severity
from comms.people import Person, Role
from comms.plan.called import Duty
from comms.plan.escalation import ESCALATION
from comms.plan.load import check, read
from comms.plan.model import Plan
from comms.simulation import supposed
from comms.testing.clock import MONDAY

MINUTE = timedelta(minutes=1)
IC, LEAD, LEGAL = Role.INCIDENT_COMMANDER, Role.COMMS_LEAD, Role.LEGAL
DUTY = "duty_manager: {name: Dana Roth, email: dana@northwind.example}\n"
ROBIN = "{name: Robin Meier, email: robin@northwind.example}"

PLAN = """\
organisation: Northwind Traders
audiences:
  executives:
    label: Executives
    channels: [mail]
    approval: [incident_commander]
    sees: [title, impact]
    cadence:
      SEV1: {first: 15m, every: 30m}
      SEV2: {first: 15m, every: 60m}
      SEV3: {every: on change}
      SEV4: {every: on change}
"""


def plan(text: str) -> Plan:
    found, problems = read(text, "plan.yaml")
    assert not problems
    assert found
    return found


def approving(approval: str) -> str:
    return PLAN.replace("[incident_commander]", approval)


def only(text: str) -> str:
    """The one problem of a plan."""
    (problem,) = check(text, "plan.yaml")
    return str(problem)


def test_each_severity_may_have_approvers_of_its_own() -> None:
    found = plan(approving("{SEV1: [incident_commander, legal], default: [comms_lead]}"))
    executives = found.audience("executives")

    asked = {
        severity: found.approval_of(executives, supposed(severity, begin=MONDAY))
        for severity in Severity
    }

    assert asked[Severity.SEV1] == (IC, LEGAL)
    assert {asked[severity] for severity in Severity if severity.rank > 1} == {(LEAD,)}


def test_a_list_holds_at_all_severities() -> None:
    found = plan(PLAN)

    for severity in Severity:
        told_of = supposed(severity, begin=MONDAY)
        assert found.approval_of(found.audience("executives"), told_of) == (IC,)


def test_a_chain_is_in_the_order_of_its_moments() -> None:
    chain = f"escalation:\n  T+15m: {ROBIN}\n  T-10m: comms_lead\n  T+5m: duty_manager\n"

    found = plan(PLAN + DUTY + chain)

    assert [(step.offset // MINUTE, step.whom) for step in found.escalation] == [
        (-10, LEAD),
        (5, Duty.DUTY_MANAGER),
        (15, Person(name="Robin Meier", email="robin@northwind.example")),
    ]
    assert [step.key for step in found.escalation] == ["nudge", "T+5m", "T+15m"]


def test_without_a_chain_the_lead_the_ic_and_the_duty_manager_are_reminded() -> None:
    assert plan(PLAN).escalation == ESCALATION


def test_whoever_is_called_is_known_by_name() -> None:
    found = plan(PLAN + f"approval_timeout: {{after: 10m, then: [comms_lead, {ROBIN}]}}\n")

    assert found.approval_timeout
    assert found.approval_timeout.after == 10 * MINUTE
    assert found.known_person("ROBIN@northwind.example")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (approving("comms_lead"), "executives.approval: expected a list, such as"),
        (approving("[lawyer]"), "executives.approval[0]: expected 'incident_commander'"),
        (approving("{SEV1: [legal]}"), "approval: say who approves at SEV2, SEV3, SEV4, or give a"),
        (approving("{SEV5: [legal], default: []}"), "approval.SEV5: unknown name. Did you mean"),
        (approving("{default: [legal, legal]}"), "approval.default: legal stands here more than"),
        (
            approving("{SEV1: [], default: [legal]}\n    external: true").replace(
                "sees: [title, impact]", "sees: [symptom]\n    template: customers"
            ),
            "approval: what people outside read needs at least one approval at SEV1",
        ),
        (PLAN + "escalation: [comms_lead]\n", "escalation: expected names with values below them"),
        (PLAN + "escalation: {}\n", "escalation: expected at least 1, found 0"),
        (PLAN + "escalation: {5m: comms_lead}\n", "expected a time such as T-5m, T, T+15m or T+1h"),
        (PLAN + "escalation: {T+25h: comms_lead}\n", "expected a time from T-1h to T+24h, found"),
        (PLAN + "escalation: {T: coms_lead}\n", "there is no role or duty 'coms_lead'. Did you"),
        (PLAN + "escalation: {T: {name: Robin}}\n", "escalation.T.email: 'email' is missing"),
        (
            PLAN + "escalation: {T: {name: Robin, email: r@x.example, mail: x}}\n",
            "escalation.T.mail: unknown name. Did you mean 'email'? Known: name, email, entra_id.",
        ),
        (
            PLAN + "escalation: {T: comms_lead, T+5m: incident_commander, T+15m: comms_lead}\n",
            "escalation.T+15m: the chain comes back to the comms lead",
        ),
        (
            PLAN + DUTY + "escalation: {T: duty_manager, T+5m: {name: D, email: DANA@northwind."
            "example}}\n",
            "escalation.T+5m: the chain comes back to the duty manager",
        ),
        (
            PLAN + "escalation: {T: {rota: network}}\n",
            "escalation.T: there is no rota 'network'.",
        ),
        (
            PLAN + "escalation: {T+60m: comms_lead, T+1h: incident_commander}\n",
            "escalation.T+1h: T+1h is the same moment as T+60m",
        ),
        (
            PLAN + "escalation: {T-10m: comms_lead, T-5m: incident_commander}\n",
            "escalation.T-5m: somebody is asked before T already, at T-10m",
        ),
        (
            PLAN + "approval_timeout: {after: 10m, then: []}\n",
            "approval_timeout.then: expected at least 1, found 0",
        ),
        (
            PLAN + "approval_timeout: {after: 10m, then: [scribe, comms_lead, scribe]}\n",
            "approval_timeout.then[2]: the chain comes back to the scribe",
        ),
        (PLAN + "approval_timeout: 10m\n", "approval_timeout: expected names with values below"),
    ],
)
def test_what_cannot_be_asked_is_said_where_it_stands(text: str, said: str) -> None:
    problem = only(text)

    assert said in problem
    assert problem.startswith("plan.yaml:")
    assert not problem.startswith("plan.yaml:1:1:")
