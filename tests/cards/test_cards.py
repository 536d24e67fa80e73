"""Every card: valid for Teams, never too large, and what is typed stays text."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError
from jsonschema import Draft6Validator

from bot.cards import verbs
from comms.channels.teams.card import DIALOG_LIMIT, POST_LIMIT, fill_card, size
from tests.cards.samples import Card, samples
from tests.cards.story import NASTY, Words
from tests.cards.test_markdown import COMMONMARK

SCHEMA = (
    Path(os.environ.get("SITREP_CONTRACTS", "../shared/contracts"))
    / "adaptive-cards/adaptive-card-1.5.0-teams.json"
)
VERBS = {value for name, value in vars(verbs).items() if name.isupper() and isinstance(value, str)}


ORDINARY = samples()
FORMS = {n for n in ORDINARY if n.startswith(("declare", "can", "kept", "note", "resolve"))}


@cache
def drawn(text: str) -> dict[str, Card]:
    """Every card with this text wherever somebody can type."""
    return samples(Words.all(text))


@pytest.fixture(scope="module")
def schema() -> Draft6Validator:
    if not SCHEMA.exists():
        pytest.skip(f"no adaptive cards schema at {SCHEMA}: set SITREP_CONTRACTS")
    return Draft6Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ORDINARY)
def test_a_card_is_valid_for_teams(name: str, schema: Draft6Validator) -> None:
    schema.validate(ORDINARY[name])


@pytest.mark.parametrize("kind", NASTY)
def test_typed_text_changes_nothing_of_a_card_but_its_words(kind: str) -> None:
    harmless = re.sub(r"\S", "x", NASTY[kind])

    assert _shape(drawn(NASTY[kind])) == _shape(drawn(harmless))


@pytest.mark.parametrize("kind", ["markdown", "html", "mention", "jinja", "bidi"])
def test_typed_text_is_shown_as_typed_in_every_card(kind: str) -> None:
    typed = NASTY[kind]
    for name, card in drawn(typed).items():
        for text in _texts(card):
            html = COMMONMARK.render(text)
            assert not re.search(r"<(?!/?(?:p|strong)>|br />)", html), (name, html)
            seen = unescape(re.sub(r"</?(?:p|strong)>|\n", "", html)).replace("\u2060", "")
            assert typed in seen or not _is_said(typed, seen), (name, seen)


@pytest.mark.parametrize("kind", ["long", "empty"])
def test_very_long_and_empty_text_leave_every_card_valid(
    kind: str, schema: Draft6Validator
) -> None:
    for card in drawn(NASTY[kind]).values():
        schema.validate(card)


@pytest.mark.parametrize("kind", ["long", "unbroken"])
def test_a_post_fits_into_teams_whatever_was_typed(kind: str) -> None:
    for name, card in drawn(NASTY[kind]).items():
        assert size(card) <= (DIALOG_LIMIT if name in FORMS else POST_LIMIT), name


def test_a_form_keeps_all_that_was_typed() -> None:
    card = samples(Words(conditions=NASTY["long"]))["can-error"]
    values = {e["id"]: e.get("value") for e in _elements(card) if e["type"] == "Input.Text"}

    assert values["conditions"] == NASTY["long"]
    assert "Teams cannot carry" not in str(card)


def test_a_form_that_teams_cannot_carry_says_what_was_cut() -> None:
    card = drawn(NASTY["long"])["can-error"]
    values = {e["id"]: str(e["value"]) for e in _elements(card) if e["type"] == "Input.Text"}

    assert NASTY["long"].startswith(values["conditions"])
    assert len(values["conditions"]) > 1000
    assert "only the beginning is left here of conditions" in str(card)


def test_an_input_holds_the_text_as_typed_not_as_markdown() -> None:
    card = drawn(NASTY["markdown"])["declare-error"]
    values = {e["id"]: e.get("value") for e in _elements(card) if e["type"] == "Input.Text"}

    assert values["title"] == NASTY["markdown"]


def test_every_text_wraps() -> None:
    for name, card in ORDINARY.items():
        for element in _elements(card):
            if element["type"] == "TextBlock":
                assert element.get("wrap") is True, (name, element)


def test_every_button_speaks_a_known_verb_and_every_verb_has_a_button() -> None:
    cards = ORDINARY.values()
    spoken = {a["data"]["verb"] for card in cards for a in _elements(card) if "data" in a}

    assert spoken == VERBS


def test_a_button_that_opens_a_form_fetches_a_dialog() -> None:
    for card in ORDINARY.values():
        for action in _elements(card):
            if action.get("data", {}).get("verb") in verbs.OPENS_DIALOG:
                assert action["type"] == "Action.Submit"
                assert action["data"]["msteams"] == {"type": "task/fetch"}


def test_an_execute_falls_back_to_the_same_submit() -> None:
    executes = [e for c in ORDINARY.values() for e in _elements(c) if e["type"] == "Action.Execute"]

    assert executes
    for action in executes:
        assert action["verb"] == action["data"]["verb"]
        assert action["fallback"]["type"] == "Action.Submit"
        assert action["fallback"]["data"] == action["data"]


def test_no_change_is_held_up_by_no_empty_input() -> None:
    for name in ("can", "can-error"):
        actions = {a["data"]["verb"]: a for a in _elements(ORDINARY[name]) if "data" in a}

        assert actions[verbs.CAN_NOCHANGE]["associatedInputs"] == "none"
        assert "associatedInputs" not in actions[verbs.CAN_SUBMIT]


def test_a_row_of_actions_is_short() -> None:
    for name, card in ORDINARY.items():
        for row in _rows(card):
            assert len(row) <= 6, name
            assert all(len(action["title"]) <= 26 for action in row), name


def test_approval_carries_the_hash_of_what_is_shown() -> None:
    preview = ORDINARY["preview"]
    approve = next(a for a in _elements(preview) if a.get("verb") == verbs.UPDATE_APPROVE)

    assert approve["data"]["hash"] == "3f7a9c1e" * 8
    assert approve["data"]["number"] == 3


def test_a_blocked_draft_can_only_be_edited_or_discarded() -> None:
    said = {a["data"]["verb"] for a in _elements(ORDINARY["preview-blocked"]) if "data" in a}

    assert said == {verbs.UPDATE_EDIT, verbs.UPDATE_DISCARD}


def test_where_the_plan_allows_it_a_block_can_be_overridden_with_a_reason() -> None:
    card = ORDINARY["preview-override"]
    said = {a["data"]["verb"]: a["data"] for a in _elements(card) if "data" in a}

    assert set(said) == {verbs.UPDATE_EDIT, verbs.UPDATE_DISCARD, verbs.UPDATE_OVERRIDE}
    assert said[verbs.UPDATE_OVERRIDE]["hash"] == "3f7a9c1e" * 8
    assert "reason" in {a.get("id") for a in _elements(card)}


def test_what_was_overridden_is_shown_to_whoever_approves_after() -> None:
    card = ORDINARY["preview-overridden"]
    texts = " ".join(str(a.get("text", "")) for a in _elements(card))

    assert verbs.UPDATE_APPROVE in {a["data"]["verb"] for a in _elements(card) if "data" in a}
    assert "overrode what was blocked" in texts
    assert "**Overridden:**" in texts


def test_a_template_that_asks_for_what_is_not_there_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="fallback"):
        fill_card("cards/declare.json", {})


def _elements(value: object) -> Iterator[dict[str, Any]]:
    """Everything of a card that has a type: elements, inputs, actions."""
    if isinstance(value, Mapping):
        if "type" in value:
            yield dict(value)
        for key, item in value.items():
            if key != "data":
                yield from _elements(item)
    elif isinstance(value, list):
        for item in value:
            yield from _elements(item)


def _texts(card: Card) -> Iterator[str]:
    """Everything that Teams reads as Markdown, without mentions that have an entity."""
    mentions = [entity["text"] for entity in _elements(card) if entity["type"] == "mention"]
    for element in _elements(card):
        if element["type"] == "TextBlock":
            text = element["text"]
            for mention in mentions:
                text = text.replace(mention, "")
            yield text
        for fact in element.get("facts", ()):
            yield from (fact["title"], fact["value"])


def _is_said(typed: str, seen: str) -> bool:
    """True where any longer word of the typed text is seen."""
    return any(word in seen for word in typed.split() if len(word) > 6)


def _rows(card: Card) -> Iterator[list[dict[str, Any]]]:
    for element in _elements(card):
        if "actions" in element:
            yield element["actions"]


def _shape(value: object) -> object:
    """The card without its words: what a text could break."""
    if isinstance(value, Mapping):
        return {key: _shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value]
    return "…" if isinstance(value, str) else value
