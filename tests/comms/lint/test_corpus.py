"""The corpus: what must be found is, and nothing else; false alarms teach people to look away."""

from __future__ import annotations

import pytest

from comms.lint import lint
from comms.plan.model import Plan
from comms.report import CustomerText
from comms.rule import Rule
from comms.testing.clock import MONDAY
from comms.text import TEXT_LIMIT
from tests.comms.lint.corpus import BAD, GOOD
from tests.comms.lint.drafts import LED, update, with_text


def codes(plan: Plan, sentence: str) -> list[str]:
    draft = update(report=with_text(CustomerText(symptom=sentence, scope="Everybody.")))
    found = lint(draft, LED, plan.audience("customers"), recipients=1, now=MONDAY)
    return [finding.code for finding in found]


@pytest.mark.parametrize(("sentence", "code"), BAD)
def test_what_customers_must_not_read_is_found_once(plan: Plan, sentence: str, code: str) -> None:
    assert codes(plan, sentence) == [code]


@pytest.mark.parametrize("sentence", GOOD)
def test_what_may_be_written_is_left_alone(plan: Plan, sentence: str) -> None:
    assert codes(plan, sentence) == []


def test_every_rule_about_words_is_in_the_corpus() -> None:
    of_the_whole = {Rule.SCOPE, Rule.NEXT_UPDATE, Rule.DATA_LOSS}

    assert {code for _sentence, code in BAD} == set(Rule) - of_the_whole


@pytest.mark.parametrize("words", ["db-", "a-", "a.", "a@", "at a.b(", "in the next ", "https://"])
def test_a_text_as_long_as_one_may_be_is_read_to_its_end(plan: Plan, words: str) -> None:
    # With a pattern that tries every way to split it, this would take hours.
    endless = (words * TEXT_LIMIT)[:TEXT_LIMIT]

    assert "hosts" not in codes(plan, endless)
