"""Typed text stays as typed, and cannot break the line, the header or the text around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.errors import Invalid
from comms.text import LINE_LIMIT, TEXT_LIMIT, balance, line, text, words

RLO, LRE, PDF, RLI, FSI, PDI = "\u202e", "\u202a", "\u202c", "\u2067", "\u2068", "\u2069"


@pytest.mark.parametrize(
    "typed",
    [
        "**bold** _and_ [a link](https://x.org)",
        "<b>not bold</b> <at>Ada</at> &amp; <script>alert(1)</script>",
        "{{ needs }} {% for x in y %} {# c #}",
        "Zahlung gestört – naïve café 日本語 العربية 👩‍🚒",
        "a\tb",
        "line\nline\n\nline",
    ],
)
def test_markup_and_letters_stay_as_typed(typed: str) -> None:
    assert text(typed, pointer="/conditions") == typed


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\u2028b\u2029c\x85d", "a\nb\nc\nd"),
        ("a\x00b\x1b[31mc\x7f\x9b", "ab[31mc"),
        ("\ud800broken", "broken"),
        ("  around \n", "around"),
    ],
)
def test_line_ends_become_one_kind_and_control_characters_go(typed: str, kept: str) -> None:
    assert text(typed, pointer="/conditions") == kept


def test_a_text_over_the_limit_is_refused_not_cut() -> None:
    assert len(text("x" * TEXT_LIMIT, pointer="/conditions")) == TEXT_LIMIT
    with pytest.raises(Invalid, match="At most 10 000 characters; this has 10 001") as caught:
        text("x" * (TEXT_LIMIT + 1), pointer="/conditions")
    assert caught.value.pointer == "/conditions"


def test_a_line_is_one_line() -> None:
    assert line("Card\r\nBcc: all@x.org\u2028\t x", pointer="/title") == "Card Bcc: all@x.org x"
    with pytest.raises(Invalid, match="At most 200"):
        line("x" * (LINE_LIMIT + 1), pointer="/title")


@pytest.mark.parametrize("typed", ["", "  \n ", "\x00\x07", "\u2028"])
def test_a_required_line_needs_something_to_read(typed: str) -> None:
    with pytest.raises(Invalid, match="fill this in") as caught:
        line(typed, pointer="/title", required=True)
    assert caught.value.pointer == "/title"
    assert line(typed, pointer="/title") == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (f"{RLO}cba", f"{RLO}cba{PDF}"),
        (f"{RLI}a{LRE}b", f"{RLI}a{LRE}b{PDF}{PDI}"),
        (f"a{PDI}b{PDF}c", "abc"),
        (f"{RLI}a{RLO}b{PDI}c", f"{RLI}a{RLO}b{PDI}c"),
        (f"{FSI}a{PDF}b", f"{FSI}ab{PDI}"),
        (f"{RLO}a\nb", f"{RLO}a{PDF}\nb"),
        (f"{LRE}a{PDF}", f"{LRE}a{PDF}"),
    ],
)
def test_right_to_left_marks_end_where_the_text_ends(typed: str, kept: str) -> None:
    assert balance(typed) == kept


@given(st.text(alphabet=["a", "\n", RLO, LRE, PDF, RLI, FSI, PDI], max_size=30))
def test_no_text_leaves_a_mark_open_or_closes_one_around_it(typed: str) -> None:
    for paragraph in balance(typed).split("\n"):
        depth = 0
        stack: list[str] = []
        for char in paragraph:
            if char in (RLO, LRE):
                stack.append(PDF)
            elif char in (RLI, FSI):
                stack.append(PDI)
            elif char == PDF:
                assert stack.pop() == PDF
            elif char == PDI:
                assert PDI in stack
                while stack.pop() != PDI:
                    pass
            depth = len(stack)
        assert depth == 0
    assert balance(balance(typed)) == balance(typed)


@given(st.text(max_size=200))
def test_cleaning_twice_changes_nothing_more(typed: str) -> None:
    once = text(typed, pointer="/x")

    assert text(once, pointer="/x") == once
    assert "\n" not in line(typed, pointer="/x")


def test_words_are_what_a_reader_reads() -> None:
    assert words("") == 0
    assert words("  one\ntwo\tthree – four ") == 5
