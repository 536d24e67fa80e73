"""A brand: the plan says what letters look like, and cannot make them unreadable."""

from __future__ import annotations

import re

import pytest

from comms.brand import Brand, contrast
from comms.channels.mail.writer import write
from comms.plan.load import read, shipped
from comms.plan.model import Plan
from comms.projection import project
from comms.sample import FULL, sample
from comms.statement import HTML, PLAIN
from comms.update import Kind


def test_a_letter_wears_the_brand() -> None:
    plan = branded(
        "name: Contoso IT",
        "logo: https://contoso.example/logo.png",
        "colour: '#ffb900'",
        "text_colour: '#1b1a19'",
        "footer: Contoso Ltd, Zurich",
    )
    telling = sample(plan, Kind.UPDATE, FULL)
    readers = plan.audience("executives")

    parts = write(telling, readers, project(telling, readers)).parts

    assert re.search(
        r'<img src="https://contoso.example/logo.png" alt="Contoso IT" height="40"', parts[HTML]
    )
    assert 'bgcolor="#ffb900"' in parts[HTML]
    assert "color: #1b1a19" in parts[HTML]
    assert "Contoso Ltd, Zurich" in parts[HTML]
    assert parts[PLAIN].endswith("Contoso Ltd, Zurich\n")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("colour: yellow", "expected a colour such as '#0f548c', found 'yellow'"),
        ("colour: '#ffb900'", "#ffffff on #ffb900 has a contrast of 1.7 : 1; text needs 4.5 : 1."),
        ("logo: http://contoso.example/logo.png", "expected an https address"),
        ("logo: javascript:alert(1)", "expected an https address"),
        ("logo: https://me:secret@contoso.example/l.png", "expected an https address"),
        ("colours: '#000000'", "unknown name. Did you mean 'colour'?"),
    ],
)
def test_a_brand_that_cannot_be_shown_is_refused(entry: str, said: str) -> None:
    text = shipped().replace("four_eyes: true", f"four_eyes: true\nbrand:\n  {entry}")

    plan, problems = read(text, "plan.yaml")

    assert plan is None
    assert said in str(problems[0])
    assert problems[0].field.startswith("brand")


def test_the_usual_brand_can_be_read() -> None:
    assert contrast(Brand().colour, Brand().text_colour) > 7


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def branded(*entries: str) -> Plan:
    """The shipped plan with this brand."""
    lines = "".join(f"\n  {entry}" for entry in entries)
    plan, problems = read(
        shipped().replace("four_eyes: true", f"four_eyes: true\nbrand:{lines}"), "plan.yaml"
    )
    assert plan is not None, problems
    return plan
