"""A brand: what an organisation's letters look like, without a template of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

READABLE = 4.5
"""The contrast that text needs at least (WCAG 2.2, success criterion 1.4.3)."""

_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Brand:
    """`name` stands at the top of a letter ('': the organisation's), or `logo` (an https address)
    with the name as its text. Buttons are `colour`, with `text_colour` on it (both '#rrggbb').
    `footer` is the last line."""

    name: str = ""
    logo: str = ""
    colour: str = "#0f548c"
    text_colour: str = "#ffffff"
    footer: str = ""


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def is_colour(value: str) -> bool:
    """True for '#rrggbb': the one form that all mail clients understand."""
    return _COLOUR.fullmatch(value) is not None


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
