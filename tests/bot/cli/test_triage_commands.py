"""What is learned of an incident after its declaration, from a terminal."""

from __future__ import annotations

import pytest

from tests.bot.cli.conftest import Server, Sitrep

pytestmark = pytest.mark.usefixtures("server")

INES = ("--by", "ines@example.com", "--name", "Ines")


def test_a_suspicion_is_confirmed_and_from_then_on_promises_are_made(sitrep: Sitrep) -> None:
    key = sitrep("declare", "Odd sign-ins", "-s", "SEV2", "--suspected", "--json").json["key"]
    assert sitrep("show", key, "--json").json["promises"] == []

    said = sitrep("confirm", key)

    assert said.code == 0
    assert said.out.startswith(f"{key} is declared.")
    assert "executives" in said.out
    again = sitrep("confirm", key)
    assert again.code == 1
    assert again.err


def test_services_and_type_are_said_later_and_shown(sitrep: Sitrep) -> None:
    key = sitrep("declare", "Odd sign-ins", "-s", "SEV2", "--json").json["key"]

    assert sitrep("services", key, "Checkout", "Ledger").out == f"{key} hits Checkout, Ledger.\n"
    assert sitrep("type", key, "security").code == 0
    assert sitrep("type", key, "weather").code == 2

    told = sitrep("show", key, "--json").json
    assert (told["services"], told["type"]) == (["Checkout", "Ledger"], "security")


def test_a_checklist_is_gone_through_by_number(sitrep: Sitrep, server: Server) -> None:
    key = sitrep("declare", "Slow", "-s", "SEV3", "--json").json["key"]
    lists = sitrep("checklists", key, "--json").json["checklists"]
    items = next(one["items"] for one in lists if one["role"] == "scribe")

    said = sitrep("tick", key, "scribe", "1", *INES)

    assert said.code == 0
    assert "Ines" in said.out
    assert items[0]["text"] in sitrep("checklists", key).out
    beyond = sitrep("tick", key, "scribe", str(len(items) + 1), *INES)
    assert beyond.code == 2
    assert f"items 1 to {len(items)}" in beyond.err
    back = sitrep("tick", key, "scribe", "1", *INES, "--undo", "--json")
    assert [item["ticked_by"] for item in back.json["items"]] == [None] * len(items)
