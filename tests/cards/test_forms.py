"""Forms: what they open with reads back, and an error is shown where it was made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.cards import can, declare, resolve
from bot.cards.form import errors_of
from comms.errors import Invalid
from comms.incident import Status
from comms.report import Basis, CanReport, CustomerText
from tests.cards.story import NOW, Words, incident, plan, report


def test_a_report_goes_through_the_form_unchanged() -> None:
    before = report(Words())
    fields = can.report_fields(
        before, now=NOW, plan=plan(), status=Status.IDENTIFIED, audiences=("responders",)
    )

    assert can.read_report(fields, now=NOW, plan=plan()) == before


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
    assert set(resolve.POINTERS.values()) <= set(resolve.FIELDS)


def test_optional_fields_are_hidden_until_they_hold_something() -> None:
    def is_shown(card: dict[str, Any]) -> bool:
        return bool(next(e for e in card["body"] if e.get("id") == "more")["isVisible"])

    assert not is_shown(declare.declare_card(nonce="n"))
    assert is_shown(declare.declare_card(nonce="n", typed={"services": "Checkout"}))
    assert is_shown(declare.declare_card(nonce="n", errors={"summary": "Too long."}))


def test_the_last_report_has_nothing_open() -> None:
    typed = {"conditions": "All payments pass.", "basis": "measured", "symptom": "It works again."}
    final = resolve.read_final(typed, report(Words()))

    assert final.conditions == "All payments pass."
    assert final.basis is Basis.MEASURED
    assert final.actions.done[-1] == "Rolling back release 412"
    assert (final.actions.doing, final.actions.next, final.needs, final.risk) == ((), (), (), "")
    assert final.customer == CustomerText(symptom="It works again.")


def test_customers_who_heard_nothing_need_not_hear_of_the_end() -> None:
    assert resolve.read_final({"conditions": "Over."}, report(Words())).customer is None


def _inputs(card: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {}
    todo: list[Any] = list(card["body"])
    for element in todo:
        todo.extend(element.get("items", ()))
        if element["type"].startswith("Input."):
            found[element["id"]] = element
    return found
