"""The catalogues: complete in every language, with the placeholders of the English."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from comms.language import SOURCE, direction, spoken

ROOT = Path(__file__).parents[2]
OTHERS = [language for language in spoken() if language != SOURCE]
OURS = {"%(label)s", "%(language)s"}
"""Placeholders that hold words of the catalogue's own language."""

_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?.")


@cache
def collected() -> frozenset[object]:
    """Return the ids of all messages in the sources, collected as `make catalogues` does."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods, options = [], {}
    for mapping in settings:
        patterns = mapping["pattern"]
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            methods.append((pattern, mapping["method"]))
            options[pattern] = {k: v for k, v in mapping.items() if k not in {"pattern", "method"}}
    keywords = {**DEFAULT_KEYWORDS, "marked": None}
    return frozenset(
        message
        for folder in ("bot", "comms", "templates")
        for _file, _line, message, _comments, _context in extract_from_dir(
            ROOT / folder, methods, options, keywords=keywords
        )
    )


@cache
def catalogue(language: str) -> Catalog:
    folder = ROOT / "templates" / "locale" / language.replace("-", "_")
    with (folder / "LC_MESSAGES" / "sitrep.po").open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"))


def messages(language: str) -> Iterator[Message]:
    return (message for message in catalogue(language) if message.id)


def forms(text: object) -> tuple[str, ...]:
    """A message's only form, or its forms by number."""
    return tuple(text) if isinstance(text, tuple | list) else (str(text),)


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_every_message_and_no_other(language: str) -> None:
    assert {message.id for message in messages(language)} == collected()


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated_in_all_its_forms_by_a_person(language: str) -> None:
    lacking = [
        message.id
        for message in messages(language)
        if message.fuzzy or not all(forms(message.string))
    ]

    assert lacking == []
    for message in messages(language):
        if isinstance(message.id, tuple):
            assert len(forms(message.string)) == catalogue(language).num_plurals


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_placeholders_of_its_message(language: str) -> None:
    for message in messages(language):
        wanted = set(_PLACEHOLDER.findall(forms(message.id)[-1]))
        is_plural = isinstance(message.id, tuple)
        for text in forms(message.string):
            found = set(_PLACEHOLDER.findall(text))
            # 'One update' need not say the number.
            assert found == wanted or (is_plural and found <= wanted), text


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_holds_no_markup(language: str) -> None:
    assert not [
        text
        for message in messages(language)
        for text in forms(message.string)
        if re.search(r"[<>&\"{}]", text)
    ]


@pytest.mark.parametrize("language", [one for one in OTHERS if direction(one) == "rtl"])
def test_what_stands_in_right_to_left_text_is_isolated(language: str) -> None:
    for message in messages(language):
        for text in forms(message.string):
            for placeholder in set(_PLACEHOLDER.findall(text)) - OURS:
                assert f"\u2068{placeholder}\u2069" in text
