"""Forms: what they open with reads back, and an error is shown where it was made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.cards import can, declare, resolve
from bot.cards.form import errors_of
from comms.errors import Invalid
from comms.incident import Status
from comms.plan.model import Plan
from comms.report import Basis, CanReport, CustomerText
from tests.cards.story import NOW, Words, incident, plan, report


def test_a_report_goes_through_the_form_unchanged() -> None:
    before = report(Words())
    fields = can.report_fields(
        before, now=NOW, plan=plan(), status=Status.IDENTIFIED, audiences=("responders",)
    )

    assert can.read_report(fields, now=NOW, plan=plan()) == before


@pytest.mark.parametrize("lost", [True, False, None])
def test_whether_data_was_lost_is_kept_from_one_update_to_the_next(lost: bool | None) -> None:
    before = replace(report(Words()), data_lost=lost)
    fields = can.report_fields(
        before, now=NOW, plan=plan(), status=Status.RESOLVED, audiences=("responders",)
    )

    assert can.read_report(fields, now=NOW, plan=plan()).data_lost is lost


def test_an_empty_form_is_a_report_without_needs_and_without_customers() -> None:
    assert can.read_report({}, now=NOW, plan=plan()) == CanReport(conditions="")


def test_every_field_of_the_form_has_an_input() -> None:
    card = can.can_card(
        incident=replace(incident(Words()), status=Status.RESOLVED),
        plan=plan(),
        form_id="f",
        typed={field: field for field in can.FIELDS},
        words=3,
        may_repeat=False,
    )

    assert set(_inputs(card)) == set(can.FIELDS)
    assert _inputs(card)["done"]["value"] == "done"


def test_the_status_offered_is_one_that_may_follow() -> None:
    card = can.can_card(
        incident=incident(Words()), plan=plan(), form_id="f", typed={}, words=0, may_repeat=False
    )
    offered = {choice["value"] for choice in _inputs(card)["status"]["choices"]}

    assert offered == {"investigating", "identified", "monitoring"}


def test_an_error_is_shown_at_the_field_that_caused_it() -> None:
    error = Invalid("Too long.", pointer="/actions/done/3")

    assert errors_of(error, can.POINTERS) == {"done": "Too long."}
    assert errors_of(Invalid("No.", pointer="/customer/scope"), can.POINTERS) == {"scope": "No."}
    assert errors_of(Invalid("No.", pointer="/title"), declare.POINTERS) == {"title": "No."}


def test_an_error_of_no_field_is_shown_at_the_top() -> None:
    assert errors_of(Invalid("No."), can.POINTERS) == {"": "No."}
    assert errors_of(Invalid("No.", pointer="/done"), {"/don": "x"}) == {"": "No."}


def test_every_pointer_leads_to_an_input_of_its_form() -> None:
    assert set(can.POINTERS.values()) <= set(can.FIELDS)
    assert set(declare.POINTERS.values()) <= set(declare.FIELDS)
    assert set(resolve.pointers(plan()).values()) <= set(resolve.FIELDS)


def test_optional_fields_are_hidden_until_they_hold_something() -> None:
    def is_shown(card: dict[str, Any]) -> bool:
        return bool(next(e for e in card["body"] if e.get("id") == "more")["isVisible"])

    assert not is_shown(declare.declare_card(nonce="n", plan=plan()))
    assert is_shown(declare.declare_card(nonce="n", plan=plan(), typed={"services": "Checkout"}))
    assert is_shown(declare.declare_card(nonce="n", plan=plan(), errors={"summary": "Too long."}))


def test_the_last_report_has_nothing_open() -> None:
    typed = {"conditions": "All payments pass.", "basis": "measured", "symptom": "It works again."}
    final = resolve.read_final(typed, report(Words()), plan=plan())

    assert final.conditions == "All payments pass."
    assert final.basis is Basis.MEASURED
    assert final.actions.done[-1] == "Rolling back release 412"
    assert (final.actions.doing, final.actions.next, final.needs, final.risk) == ((), (), (), "")
    assert final.customer == CustomerText(symptom="It works again.")


def test_customers_who_heard_nothing_need_not_hear_of_the_end() -> None:
    before = report(Words())

    assert resolve.read_final({"conditions": "Over."}, before, plan=plan()).customer is None


def speaking(*languages: str) -> Plan:
    """The plan with customers who are written to in these languages too."""
    told = plan()
    customers = replace(told.audiences["customers"], languages=languages)
    return replace(told, audiences={**told.audiences, "customers": customers})


def test_the_customers_text_is_asked_for_in_each_language_of_theirs() -> None:
    card = can.can_card(
        incident=incident(Words()),
        plan=speaking("de", "ar"),
        form_id="f",
        typed={"symptom.de": "Einige Zahlungen schlagen fehl."},
        words=0,
        may_repeat=False,
    )

    inputs = _inputs(card)
    assert inputs["symptom.de"]["label"] == "German: what do they notice?"
    assert inputs["symptom.de"]["value"] == "Einige Zahlungen schlagen fehl."
    assert {"symptom.ar", "scope.ar", "workaround.ar"} <= set(inputs)


def test_a_report_in_several_languages_goes_through_the_form_unchanged() -> None:
    german = CustomerText(symptom="Einige Zahlungen schlagen fehl.", workaround="Überweisen.")
    before = report(Words())
    assert before.customer
    before = replace(before, customer=replace(before.customer, versions={"de": german}))
    told = speaking("de", "fr-CH")
    fields = can.report_fields(
        before, now=NOW, plan=told, status=Status.IDENTIFIED, audiences=("customers",)
    )

    assert can.read_report(fields, now=NOW, plan=told) == before


def test_an_error_in_a_translation_is_shown_at_its_field() -> None:
    error = Invalid("Too long.", pointer="/customer/versions/de/scope")

    assert errors_of(error, can.pointers(speaking("de"))) == {"scope.de": "Too long."}
    assert errors_of(error, resolve.pointers(speaking("de"))) == {"symptom.de": "Too long."}


def test_the_end_is_proposed_to_customers_in_their_languages() -> None:
    told = speaking("de")
    fields = resolve.resolve_fields(incident(Words()), plan=told, customers_told=True)
    final = resolve.read_final(fields, report(Words()), plan=told)

    assert final.customer
    assert final.customer.symptom == "This is resolved. Everything works again."
    assert final.customer.versions["de"].symptom == (
        "Das Problem ist behoben. Alles funktioniert wieder."
    )


def _inputs(card: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {}
    todo: list[Any] = list(card["body"])
    for element in todo:
        todo.extend(element.get("items", ()))
        if element["type"].startswith("Input."):
            found[element["id"]] = element
    return found
