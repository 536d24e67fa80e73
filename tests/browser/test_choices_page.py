"""The pages behind the links of a letter, in a browser, on a phone and on a desk."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ViewportSize
from playwright.async_api import Page as Tab

from tests.browser.chromium import chromium, violations
from tests.journeys.team import Team, a_team

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOOKS = [(size, scheme) for size in (DESK, PHONE) for scheme in SCHEMES]
PICTURES = os.environ.get("SITREP_TEST_PICTURES", "")

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True)
class Read:
    """A letter that was sent, and the links in it."""

    team: Team
    choices: str
    unsubscribe: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def read() -> AsyncIterator[Read]:
    async with a_team() as team:
        await team.led()
        await team.drafted()
        await team.approved(1)
        [letter, *_] = team.mails(1, "customers")
        links = {
            purpose: re.findall(rf"{team.stage.url}/{purpose}/\S+", letter.text)[0]
            for purpose in ("manage", "unsubscribe")
        }
        yield Read(team, links["manage"], links["unsubscribe"])


async def test_axe_finds_nothing_and_nothing_is_cut_off(browser: Browser, read: Read) -> None:
    tab = await browser.new_page()
    for url in (
        read.choices,
        read.unsubscribe,
        f"{read.choices}x",
        f"{read.team.stage.url}/subscribe",
    ):
        await tab.goto(url)
        name = url.split("/")[3] + "-refused" * url.endswith("x")
        for size, scheme in LOOKS:
            await tab.set_viewport_size(size)
            await tab.emulate_media(color_scheme=scheme)

            assert await violations(tab) == [], (url, size, scheme)
            assert await _hidden(tab) == 0, (url, size)
            await _pictured(tab, f"{name}-{size['width']}-{scheme}")
    await tab.close()


async def test_a_choice_is_made_without_a_script_and_stays(browser: Browser, read: Read) -> None:
    context = await browser.new_context(viewport=PHONE, java_script_enabled=False)
    tab = await context.new_page()
    await tab.goto(read.choices)

    await tab.get_by_label("A daily digest").check()
    await tab.get_by_label("Hour").select_option("17")
    await tab.get_by_label("Time zone").select_option("Europe/Zurich")
    await tab.get_by_role("button", name="Save").click()

    assert await tab.get_by_role("status").inner_text() == "Your choice is saved."
    await tab.goto(read.choices)
    assert await tab.get_by_label("A daily digest").is_checked()
    assert await tab.get_by_label("Hour").input_value() == "17"
    await context.close()


async def test_a_reader_stops_with_a_button_and_may_think_again(
    browser: Browser, read: Read
) -> None:
    tab = await browser.new_page(viewport=PHONE)
    await tab.goto(read.unsubscribe)

    await tab.get_by_role("button", name="Unsubscribe").click()

    assert await tab.get_by_role("heading").inner_text() == "You are unsubscribed"
    assert await violations(tab) == []
    await _pictured(tab, "unsubscribed-390-light")
    await tab.get_by_role("link", name="Choose what you receive").click()
    assert await tab.get_by_label("Nothing").is_checked()
    await tab.get_by_label("Every update").check()
    await tab.get_by_role("button", name="Save").click()
    assert await violations(tab) == []
    await _pictured(tab, "saved-390-light")
    await tab.close()


async def test_the_pages_are_read_from_right_to_left_in_arabic(
    browser: Browser, read: Read
) -> None:
    tab = await browser.new_page(viewport=PHONE)
    await tab.goto(read.choices)

    await tab.locator("#language").select_option("ar")
    await tab.locator("button").click()

    assert await tab.locator("html").get_attribute("dir") == "rtl"
    assert await violations(tab) == []
    assert await _hidden(tab) == 0
    await _pictured(tab, "arabic-390-light")
    await tab.locator("#language").select_option("")
    await tab.locator("button").click()
    await tab.close()


async def _hidden(tab: Tab) -> int:
    """How many pixels lie beyond the edge."""
    hidden: int = await tab.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return max(hidden, 0)


async def _pictured(tab: Tab, name: str) -> None:
    """Keep a picture for whoever looks at them, where a folder is named for that."""
    if PICTURES:
        await tab.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)
