"""The status page as its readers meet it: in a browser, by itself, and when all else is down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, ViewportSize
from playwright.async_api import Page as Tab

from comms.channels.page import snapshot
from comms.channels.page.state import Posting
from comms.incident import Status
from comms.report import CustomerText
from comms.update import Kind
from tests.bot.serving import serving
from tests.browser.chromium import chromium, violations
from tests.comms.page.samples import NASTY, SITE, other_incident, posting, telling

NOW = datetime.now(UTC).replace(microsecond=0)
HALF_HOUR = timedelta(minutes=30)
PHONE: ViewportSize = {"width": 320, "height": 640}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@dataclass
class Reader:
    """A tab, and everything that its console said."""

    tab: Tab
    said: list[str] = field(default_factory=list)


async def _open(browser: Browser, url: str, **context: Any) -> Reader:
    tab = await (await browser.new_context(**context)).new_page()
    reader = Reader(tab)
    tab.on("console", lambda message: reader.said.append(message.text))
    tab.on("pageerror", lambda error: reader.said.append(str(error)))
    tab.on("dialog", lambda dialog: reader.said.append(dialog.message))
    await tab.goto(url)
    return reader


def _first(**told: Any) -> Posting:
    return posting(telling(1, **({"at": NOW, "promised": NOW + HALF_HOUR} | told)))


def _long() -> Posting:
    words = CustomerText(symptom=NASTY + "\n" + "Wörter " * 1400, scope=NASTY, workaround="x" * 500)
    return _first(customer=words, incident=other_incident(42))


def _resolved() -> list[Posting]:
    later = NOW + HALF_HOUR
    corrected = posting(telling(2, kind=Kind.CORRECTION, corrects=1, at=later, promised=None))
    over = telling(3, kind=Kind.RESOLVED, status=Status.RESOLVED, at=later, promised=None)
    return [_first(), corrected, posting(over)]


STATES: dict[str, tuple[list[Posting], datetime]] = {
    "nothing": ([], NOW),
    "open": ([_first()], NOW),
    "late": ([_first(at=NOW - 2 * HALF_HOUR, promised=NOW - HALF_HOUR)], NOW),
    "resolved": (_resolved(), NOW + HALF_HOUR),
    "long and hostile": ([_long()], NOW),
}


@pytest.mark.parametrize("state", STATES)
async def test_axe_finds_nothing_and_a_small_phone_shows_all(
    browser: Browser, tmp_path: Path, state: str
) -> None:
    postings, now = STATES[state]
    snapshot.publish(tmp_path, SITE, postings, now=now)
    further = [f"/incidents/{told.notice.incident}" for told in postings[:1]] or ["/nowhere"]

    async with serving(tmp_path) as page:
        for path in ["/", *further]:
            reader = await _open(browser, page.url + path, viewport=PHONE)
            for scheme in SCHEMES:
                await reader.tab.emulate_media(color_scheme=scheme)
                assert await violations(reader.tab) == [], (path, scheme)
            wide = await reader.tab.evaluate("document.documentElement.scrollWidth")
            assert wide <= PHONE["width"], path
            await reader.tab.context.close()


async def test_a_late_promise_is_marked_while_the_app_and_its_page_server_are_down(
    browser: Browser, tmp_path: Path
) -> None:
    snapshot.publish(tmp_path, SITE, [_first()], now=NOW)
    async with serving(tmp_path) as page:
        tab = await (await browser.new_context()).new_page()
        await tab.clock.install(time=NOW)
        await tab.goto(page.url)
        mark = tab.get_by_text("The next update is late. It was promised by")
        assert await mark.is_hidden()

        await tab.route("**/feed.json", lambda route: route.abort())
        await tab.clock.fast_forward(31 * 60 * 1000)

        await mark.wait_for(state="visible")
        await tab.context.close()


async def test_a_browser_whose_clock_is_wrong_believes_the_server(
    browser: Browser, tmp_path: Path
) -> None:
    snapshot.publish(tmp_path, SITE, [_first()], now=NOW)

    async def answer(route: Route) -> None:
        reply = await route.fetch()
        headers = reply.headers | {"date": format_datetime(NOW, usegmt=True)}
        await route.fulfill(response=reply, headers=headers)

    async with serving(tmp_path) as page:
        tab = await (await browser.new_context()).new_page()
        await tab.route("**/feed.json", answer)
        await tab.clock.install(time=NOW + timedelta(hours=3))
        async with tab.expect_response("**/feed.json"):
            await tab.goto(page.url)
        await tab.evaluate("new Promise(done => requestAnimationFrame(done))")

        assert await tab.get_by_text("The next update is late.").is_hidden()
        await tab.context.close()


async def test_a_new_notice_comes_by_itself_and_is_announced(
    browser: Browser, tmp_path: Path
) -> None:
    snapshot.refresh(tmp_path, SITE, now=NOW)
    async with serving(tmp_path) as page:
        tab = await (await browser.new_context()).new_page()
        await tab.clock.install(time=NOW)
        await tab.goto(page.url)
        assert await tab.get_by_role("heading", level=1).inner_text() == "All systems operational"

        snapshot.publish(tmp_path, SITE, [_long()], now=NOW)
        await page.server.look()
        await tab.clock.fast_forward(31_000)

        await tab.get_by_role("heading", name="We are investigating a problem").wait_for()
        await tab.get_by_role("status").get_by_text("This page has just been updated.").wait_for()
        assert "We are investigating a problem" in await tab.title()
        assert await tab.locator("script").count() == 1
        await tab.context.close()


async def test_hostile_text_is_read_as_typed_and_runs_nowhere(
    browser: Browser, tmp_path: Path
) -> None:
    told = _long()
    snapshot.publish(tmp_path, SITE, [told], now=NOW)
    async with serving(tmp_path) as page:
        for path in ("/", f"/incidents/{told.notice.incident}"):
            reader = await _open(browser, page.url + path)
            texts = await reader.tab.locator(".typed").all_inner_texts()
            await reader.tab.context.close()

            assert texts[1] == NASTY
            assert texts[0].startswith(NASTY)
            assert reader.said == []


async def test_the_page_is_complete_without_a_script(browser: Browser, tmp_path: Path) -> None:
    snapshot.publish(tmp_path, SITE, [_first()], now=NOW + HALF_HOUR)
    async with serving(tmp_path) as page:
        reader = await _open(browser, page.url, java_script_enabled=False)

        assert await reader.tab.get_by_text("The next update is late.").is_visible()
        link = reader.tab.get_by_role("link", name="Card payments fail at checkout")
        await link.click()
        assert await reader.tab.get_by_role("heading", level=1).is_visible()
        await reader.tab.context.close()
