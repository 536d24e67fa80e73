"""The update that responders read in Teams.

After a change on purpose: `SITREP_GOLDEN=write pytest tests/cards`, then read the diff.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from comms.channels.teams import writer
from comms.channels.teams.card import POST_LIMIT, size
from comms.errors import Invalid
from comms.plan.load import load
from comms.projection import Telling, project
from comms.statement import CARD, PLAIN, Statement
from comms.update import Kind, Update
from tests.cards.story import NASTY, URL, Words, incident, plan, statement, update

GOLDEN = Path(__file__).parents[1] / "golden" / "teams"


@pytest.mark.parametrize("kind", Kind)
def test_an_update_reads_as_it_was_reviewed(kind: Kind) -> None:
    said = statement(Words(), kind)

    _compare(f"responders.{kind}.txt", f"{said.subject}\n\n{said.parts[PLAIN]}\n")
    card = json.dumps(json.loads(said.parts[CARD]), ensure_ascii=False, indent=1)
    _compare(f"responders.{kind}.json", f"{card}\n")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("audience", ["executives", "stakeholders"])
def test_readers_of_mail_are_told_in_the_war_room_as_it_was_reviewed(
    audience: str, kind: Kind
) -> None:
    said = statement(Words(), kind, reader=load(None).audience(audience))

    _compare(f"{audience}.{kind}.txt", f"{said.subject}\n\n{said.parts[PLAIN]}\n")
    card = json.dumps(json.loads(said.parts[CARD]), ensure_ascii=False, indent=1)
    _compare(f"{audience}.{kind}.json", f"{card}\n")


def test_the_text_says_all_that_the_card_says() -> None:
    said = statement(Words())
    report = update(Words()).report

    told = (report.conditions, *report.actions.done, *report.actions.doing, *report.actions.next)
    for words in (*told, *(need.text for need in report.needs), report.risk):
        assert words in said.parts[CARD]
        assert words in said.parts[PLAIN]


def test_no_needs_is_an_answer() -> None:
    none = _written(replace(update(Words()), report=replace(update(Words()).report, needs=())))

    assert "No needs" in none.parts[CARD]
    assert "Needs:\n- none" in none.parts[PLAIN]


def test_a_very_long_update_fits_into_a_post_and_links_to_the_whole() -> None:
    card = json.loads(statement(Words.all(NASTY["long"])).parts[CARD])

    assert size(card) <= POST_LIMIT
    assert f"[Read all of it]({URL})" in json.dumps(card)


def test_what_the_plan_does_not_show_is_refused_not_left_out() -> None:
    responders = plan().audiences["responders"]
    blind = replace(responders, sees=responders.sees - {"conditions"})
    telling = Telling(incident=incident(Words()), update=update(Words()), plan=plan())

    with pytest.raises(Invalid, match="conditions"):
        writer.write(telling, blind, project(telling, blind))


def _written(what: Update) -> Statement:
    responders = plan().audiences["responders"]
    telling = Telling(incident=incident(Words()), update=what, plan=plan())
    return writer.write(telling, responders, project(telling, responders))


def _compare(name: str, made: str) -> None:
    file = GOLDEN / name
    if os.environ.get("SITREP_GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(made, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == made
