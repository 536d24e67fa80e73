"""A newcomer's first incident on the whole product: declare, approve, and the world has read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from bot.demo.scenarios import CARD_PAYMENTS
from bot.demo.stage import stage
from tests.browser.chromium import PATIENCE, chromium, violations

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def page() -> AsyncIterator[Page]:
    async with chromium() as browser, stage(CARD_PAYMENTS) as set_up:
        opened = await browser.new_page(viewport={"width": 1440, "height": 900})
        opened.set_default_timeout(PATIENCE)
        await opened.goto(f"{set_up.url}/demo")
        yield opened


async def press(page: Page, verb: str, who: str) -> None:
    """Press what stands out, once the guide has made the visitor the person who is to do it."""
    await expect(page.locator("#persona")).to_have_value(who)
    await page.locator(f".next[data-verb='{verb}']").click()


async def to_a_mail(page: Page) -> None:
    """Press what stands out until the mail is read."""
    await page.click("#try")
    await page.get_by_label("What is wrong?").fill("Card payments failing")
    await press(page, "declare.submit", "ines")
    await press(page, "role.take", "ines")
    await press(page, "role.take", "caleb")
    await press(page, "can.open", "caleb")
    await page.get_by_label("Conditions: what is seen?").fill("4 in 10 card payments fail.")
    await page.get_by_label("What do they notice?").fill("Some card payments are declined.")
    await press(page, "can.submit", "caleb")
    await press(page, "update.approve", "caleb")
    await press(page, "update.approve", "ines")

    await page.locator(".mail-row.next").click()


async def test_whoever_presses_what_stands_out_gets_to_a_mail_and_a_notice(page: Page) -> None:
    await to_a_mail(page)

    await expect(page.frame_locator(".mail-frame").locator("body")).to_contain_text(
        "Next update by"
    )
    notice = page.frame_locator("#status-frame").locator("body")
    await expect(notice).to_contain_text("Some card payments are declined")
    await expect(page.locator("#guide li[data-state=done]")).to_have_count(7)


async def test_the_ledger_shows_whom_the_update_reached(page: Page) -> None:
    await expect(page.locator(".by-audience .reach", has_text="executives")).to_contain_text(
        "5 of 5"
    )

    await page.locator(".update summary").click()

    await expect(page.locator(".delivery-rows")).to_contain_text("Elena Exner")


async def test_axe_finds_nothing_in_the_products_own_cards(page: Page) -> None:
    assert await violations(page) == []


async def test_the_guide_leads_through_a_second_incident_where_teams_is_slow(page: Page) -> None:
    async def late(route: Route) -> None:
        await asyncio.sleep(0.4)
        await route.continue_()

    await page.route("**/demo/api/teams?*", late)
    await page.reload()

    await to_a_mail(page)

    await expect(page.locator("#guide li[data-state=done]")).to_have_count(7)
