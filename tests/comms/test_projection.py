"""Each audience sees its own fields and nothing else; asking for more is an error, not a leak."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from jinja2 import UndefinedError

from comms.plan.model import Plan
from comms.projection import FIELDS, Telling, project
from comms.render import environment
from comms.report import CanReport, CustomerText, Need
from comms.testing.clock import MONDAY
from comms.update import Kind
from tests.comms.lint.drafts import LED, update
from tests.house import REPORT

ALWAYS = {
    "organisation",
    "audience",
    "audience_label",
    "key",
    "number",
    "kind",
    "status",
    "status_label",
    "issued_at",
    "next_update",
    "is_last",
    "corrects",
    "unchanged_since",
    "drill",
    "page_url",
    "change",
    "untranslated",
    "confirm",
    "untranslated_parts",
}
GRANTED = {
    "responders": {
        *("title", "severity", "services", "conditions", "basis", "done", "doing", "next"),
        *("needs", "risk", "people", "incident_url", "room_url"),
        *("data_lost", "review_url", "severity_was"),
    },
    "executives": {
        *("title", "severity", "impact", "decisions", "risk", "services", "incident_url"),
        *("data_lost", "review_url", "severity_was"),
    },
    "stakeholders": {
        *("title", "severity", "impact", "workaround", "symptom", "scope", "services"),
        *("data_lost", "review_url", "severity_was"),
    },
    "customers": {"symptom", "scope", "workaround", "data_lost"},
}
SECRETS = CanReport(
    conditions="secret conditions",
    needs=(Need(text="secret need", owner="secret owner"),),
    risk="secret risk",
    customer=CustomerText(symptom="Some payments fail."),
)


@pytest.fixture
def telling(plan: Plan) -> Telling:
    return Telling(
        incident=LED,
        update=update(report=REPORT),
        plan=plan,
        incident_url="https://sitrep.example/incidents/INC-1",
    )


@pytest.mark.parametrize("audience", sorted(GRANTED))
def test_an_audience_sees_exactly_its_fields(telling: Telling, audience: str) -> None:
    told = project(telling, telling.plan.audience(audience))

    assert set(told) == ALWAYS | GRANTED[audience]


def test_nothing_from_inside_reaches_customers(telling: Telling) -> None:
    secret = replace(telling, update=update(report=SECRETS))

    told = project(secret, telling.plan.audience("customers"))

    words = repr(told)
    assert "Some payments fail." in words
    for inside in ("secret", LED.title, "Ada", "Ben", "sitrep.example", "SEV1"):
        assert inside not in words


@pytest.mark.parametrize("field", sorted(set(FIELDS) - GRANTED["customers"]))
def test_a_template_that_asks_customers_for_more_is_an_error(telling: Telling, field: str) -> None:
    told = project(telling, telling.plan.audience("customers"))

    with pytest.raises(UndefinedError, match=f"'{field}' is undefined"):
        environment().from_string("{{ " + field + " }}").render(told)


def test_executives_see_only_the_needs_that_are_theirs_to_decide(telling: Telling) -> None:
    needs = (Need(text="A contact"), Need(text="Whether to refund", decision=True, by=MONDAY))
    asked = replace(telling, update=update(report=replace(REPORT, needs=needs)))

    decisions = project(asked, telling.plan.audience("executives"))["decisions"]
    everything = project(asked, telling.plan.audience("responders"))["needs"]

    assert [need["text"] for need in decisions] == ["Whether to refund"]  # type: ignore[attr-defined]
    assert [need["text"] for need in everything] == ["A contact", "Whether to refund"]  # type: ignore[attr-defined]
    assert str(decisions[0]["by"]) == "09:30 UTC"  # type: ignore[index]


def test_the_printed_promise_is_the_audiences_own(telling: Telling) -> None:
    due = MONDAY + timedelta(minutes=30)
    promised = replace(telling, update=update(promises={"customers": due}))

    assert str(project(promised, telling.plan.audience("customers"))["next_update"]) == "10:00 UTC"
    assert project(promised, telling.plan.audience("executives"))["next_update"] is None


@pytest.mark.parametrize("kind", Kind)
def test_only_the_resolved_update_is_the_last(telling: Telling, kind: Kind) -> None:
    told = project(replace(telling, update=update(kind=kind)), telling.plan.audience("customers"))

    assert told["is_last"] is (kind is Kind.RESOLVED)


def test_every_field_that_a_plan_may_grant_has_a_source(telling: Telling) -> None:
    granted = {name for audience in telling.plan.audiences.values() for name in audience.sees}

    assert granted <= set(FIELDS)
    for source in FIELDS.values():
        source(replace(telling, update=update(report=CanReport(conditions="c"))))
