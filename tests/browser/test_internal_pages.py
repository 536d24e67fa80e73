"""The pages for people inside, the incident's and 'I have seen this', in a browser."""

from __future__ import annotations

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

DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 320, "height": 640}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOOKS = [(size, scheme) for size in (DESK, PHONE) for scheme in SCHEMES]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True)
class Told:
    """An incident of which one update was sent, and the links that people inside have to it."""

    team: Team
    incident: str
    seen: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told() -> AsyncIterator[Told]:
    async with a_team() as team:
        key = await team.led()
        await team.drafted()
        await team.approved(1)
        mail = team.mails(1, "executives")[0]
        [seen] = set(re.findall(rf"{team.stage.url}/seen/\S+", mail.text))
        yield Told(team, team.stage.product.desk.house.incident_url(key), seen)


async def test_axe_finds_nothing_and_nothing_is_cut_off(browser: Browser, told: Told) -> None:
    tab = await browser.new_page()
    for url in (told.incident, told.seen, f"{told.incident}x", f"{told.seen}x"):
        await tab.goto(url)
        for size, scheme in LOOKS:
            await tab.set_viewport_size(size)
            await tab.emulate_media(color_scheme=scheme)

            assert await violations(tab) == [], (url, size, scheme)
            assert await _hidden(tab) == 0, (url, size)
    await tab.close()


async def test_a_reader_says_seen_with_a_button_and_not_by_opening_the_link(
    browser: Browser, told: Told
) -> None:
    tab = await browser.new_page()
    await tab.goto(told.seen)
    assert await _acknowledged(told.team) == 0

    await tab.get_by_role("button").click()

    assert await tab.get_by_role("heading").inner_text() == "Thank you"
    assert await violations(tab) == []
    assert await _acknowledged(told.team) == 1
    await tab.go_back()
    await tab.get_by_role("button").click()
    assert await _acknowledged(told.team) == 1
    await tab.close()


async def test_the_incident_page_follows_the_incident_by_itself(
    browser: Browser, told: Told
) -> None:
    tab = await browser.new_page()
    await tab.goto(told.incident)

    await told.team.api("post", "/incidents/INC-1/timeline", {"text": "The provider answers."})

    await tab.get_by_text("The provider answers.").wait_for(timeout=60_000)
    await tab.close()


async def _hidden(tab: Tab) -> int:
    """How many pixels lie beyond the right edge."""
    hidden: int = await tab.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return max(hidden, 0)


async def _acknowledged(team: Team) -> int:
    """How many people the API says have seen update 1."""
    return int((await team.api("get", "/incidents/INC-1/updates/1/reach"))["acknowledged"])
