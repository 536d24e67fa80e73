"""What people type is shown as typed, read by a Markdown parser that knows more than Teams does."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from comms.channels.teams.markdown import Markdown, escape, markdown, mention, shortened
from tests.cards.story import NASTY

COMMONMARK = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(
    ["strikethrough", "table"]
)


def shown(text: str) -> list[str]:
    """The lines that a reader sees, without the markup's own tags; html=True drops tags."""
    html = COMMONMARK.render(text)
    assert not re.search(r"<(?!/?p>|br />)", html), html
    paragraphs = re.findall(r"<p>(.*?)</p>", html, re.DOTALL)
    return [unescape(p).replace("\u2060", "").strip(" \t\u00a0") for p in paragraphs]


def typed(text: str) -> list[str]:
    return [line.strip(" \t\u00a0") for line in text.split("\n")]


@pytest.mark.parametrize("kind", sorted(NASTY.keys() - {"json", "empty"}))
def test_nasty_text_is_shown_as_typed(kind: str) -> None:
    lines = re.sub(r"\r\n?", "\n", NASTY[kind])

    assert shown(escape(NASTY[kind])) == typed(lines)


@given(st.text(alphabet="*_`~[]()<>!&#;{}\\-+=.:/|\"' \n1aAé", min_size=1, max_size=40))
def test_any_markup_is_shown_as_typed(text: str) -> None:
    assert shown(escape(text)) == typed(text)


def test_only_what_would_be_markup_is_escaped() -> None:
    plain = "card_payments_v2 is down - 3 * 4 = 12 (see #ops), a < b & c > d. Call +44 1."
    assert escape(plain) == plain


def test_a_typed_mention_mentions_nobody() -> None:
    assert "<at>" not in escape("<at>Ana</at> <AT>Ana</AT>").lower()


def test_a_date_function_of_cards_is_not_run() -> None:
    assert "{{DATE(" not in escape("{{DATE(2017-02-14T06:08:39Z, SHORT)}}")


def test_our_own_markdown_stays_and_its_values_are_escaped() -> None:
    text = markdown("**{}** is {}", "a*b*", 3)
    assert text == r"**a\*b\*** is 3"
    assert escape(text) == text


def test_emphasis_survives_any_value() -> None:
    assert COMMONMARK.renderInline(markdown("**{}** · x", " a\nb! ")) == "<strong>a b!</strong> · x"
    assert markdown("{} · **{}**", "INC-1", "") == "INC-1 · "


def test_a_mention_is_no_markup_whatever_the_name() -> None:
    assert mention("</at>**Ana** O’Neil-Silva_") == "<at>atAna O’Neil-Silva</at>"
    assert isinstance(mention("Ana"), Markdown)


def test_a_long_text_ends_at_a_word_with_a_link_to_the_whole() -> None:
    text = shortened("one two three four", 10, read_on="https://sitrep.example.com/i/1")
    assert text == "one two… [read on](https://sitrep.example.com/i/1)"
    assert shortened("one two", 10, read_on="") == "one two"
    assert shortened("one two three four", 10, read_on="") == "one two… (shortened)"


def test_a_long_text_without_spaces_is_cut_all_the_same() -> None:
    assert len(shortened("x" * 10_000, 100, read_on="")) < 130
