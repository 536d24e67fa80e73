"""The corpus: what must be found is, and nothing else; false alarms teach people to look away."""

from __future__ import annotations

import pytest

from comms.lint import lint
from comms.plan.model import Plan
from comms.report import CustomerText
from comms.rule import Rule
from comms.testing.clock import MONDAY
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
