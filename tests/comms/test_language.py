"""Languages: which one a reader gets, and where the fixed words come from."""

from __future__ import annotations

import pytest

from comms.language import SOURCE, direction, nearest, spoken, translations


@pytest.mark.parametrize(
    ("wanted", "offered", "got"),
    [
        ("de", ["en", "de"], "de"),
        ("de-CH", ["en", "de"], "de"),
        ("de", ["en", "de-CH"], "de-CH"),
        ("DE", ["en", "de"], "de"),
        ("pt-br", ["pt", "pt-BR"], "pt-BR"),
        ("zh-TW", ["zh-Hans", "zh-Hant"], "zh-Hant"),
        ("sr-Latn", ["sr-Cyrl"], None),
        ("fr", ["en", "de"], None),
        ("tlh", ["en"], None),
        ("x", [], None),
    ],
)
def test_a_reader_gets_the_nearest_language(
    wanted: str, offered: list[str], got: str | None
) -> None:
    assert nearest(wanted, offered) == got


def test_letters_are_written_in_six_languages() -> None:
    assert set(spoken()) == {"en", "de", "fr", "es", "ja", "ar"}
    assert spoken()[0] == SOURCE


def test_arabic_is_written_from_right_to_left() -> None:
    assert [direction(language) for language in ("ar", "de", "ja")] == ["rtl", "ltr", "ltr"]


def test_a_language_without_a_catalogue_speaks_the_source() -> None:
    assert translations("it").gettext("Impact") == "Impact"
