"""The demo's page in a real browser: from declare to a mail, and nothing that runs or hurts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.demo.cast import RAVI
from bot.demo.clock import ScaledClock
from bot.demo.sources import PromiseLine, PromiseState, TimelineEntry, UpdateTotals
from comms.delivery import DeliveryState
from tests.bot.demo.small_bot import card, message, send_mail, text_block
from tests.bot.demo.stage import Stage, open_stage
from tests.browser.chromium import PATIENCE, chromium, violations

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

NOW = datetime(2026, 11, 21, 14, 37, tzinfo=UTC)
PROBES = (
    "<img src=x onerror=\"window.pwned='img'\">",
    "<script>window.pwned='script'</script>",
    "[press](javascript:window.pwned='link')",
    "<svg/onload=window.pwned='svg'>",
    "<at>Nobody</at>",
)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = {"wide": (1440, 900), "middle": (1024, 768), "phone": (390, 844)}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    async with open_stage(clock=ScaledClock(NOW)) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, stage: Stage) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    opened = await context.new_page()
    opened.set_default_timeout(PATIENCE)
    await opened.goto(f"{stage.url}/demo")
    await expect(opened.locator("#clock")).to_contain_text("UTC")
    yield opened
    await context.close()


def button(page: Page, title: str) -> Any:
    return page.locator(".ac-pushButton", has_text=title).last


async def declare(page: Page) -> None:
    await page.click("#try")
    await button(page, "Declare").click()
    await expect(page.locator(".message", has_text="INC-1").first).to_be_visible()


def record_an_incident(stage: Stage) -> None:
    records, at = stage.records, NOW - timedelta(minutes=30)
    records.timeline.append(TimelineEntry(id=1, incident="INC-1", at=at, text="Declared"))
    counts = {DeliveryState.ACCEPTED: 9, DeliveryState.REJECTED: 1}
    records.updates.append(
        UpdateTotals(
            incident="INC-1",
            number=1,
            kind="update",
            approved_at=at,
            audiences={"executives": counts},
        )
    )
    records.promises.append(
        PromiseLine(
            incident="INC-1",
            audience="executives",
            due_at=NOW - timedelta(minutes=7),
            state=PromiseState.OPEN,
        )
    )


async def test_a_newcomer_gets_from_declare_to_a_mail(page: Page) -> None:
    """Who reads nothing presses what stands out, and fills in what asks for it."""
    await page.click("#try")

    for verb, who in (
        ("declare.submit", "ines"),
        ("role.take", "ines"),
        ("role.take", "caleb"),
        ("can.open", "caleb"),
        ("can.submit", "caleb"),
        ("update.approve", "caleb"),
    ):
        await expect(page.locator("#persona")).to_have_value(who)
        await page.locator(f".next[data-verb='{verb}']").click()
    await page.locator(".mail-row.next").click()

    frame = page.frame_locator(".mail-frame")
    await expect(frame.locator("h1")).to_have_text("Card payments")
    await expect(page.locator("#guide li[data-state=done]")).to_have_count(7)


async def test_what_the_form_lacks_is_said_at_the_field_and_nothing_is_sent(
    page: Page, stage: Stage
) -> None:
    await page.click("#try")
    title = page.locator(".card input.ac-input").first
    await title.fill("")
    before = len(stage.bot.heard)

    await button(page, "Declare").click()

    await expect(page.get_by_text("A few words, please.")).to_be_visible()
    assert len(stage.bot.heard) == before


async def test_a_refusal_stands_under_its_card(page: Page, stage: Stage) -> None:
    await declare(page)
    stage.bot.answers["adaptiveCard/action"] = {
        "statusCode": 403,
        "type": "application/vnd.microsoft.error",
        "value": {"message": "Only <b>one</b> commander."},
    }

    await button(page, "Be the incident_commander").click()

    told = page.locator(".card-error:visible")
    await expect(told).to_have_text("Only <b>one</b> commander.")


async def test_what_is_typed_into_a_card_survives_new_messages(page: Page, stage: Stage) -> None:
    await page.click("#try")
    title = page.locator(".card input.ac-input").first
    await title.fill("Half typed")
    room = next(iter(stage.teams.rooms))
    await stage.teams.say(RAVI, "meanwhile", room=room)

    await expect(page.get_by_text("meanwhile")).to_be_visible()
    await expect(title).to_have_value("Half typed")
    await expect(title).to_be_focused()


async def test_a_message_can_be_sent_with_the_keyboard_alone(page: Page, stage: Stage) -> None:
    await page.focus("#text")
    await page.keyboard.type("@Sit")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.type("INC-1")
    await page.keyboard.press("Enter")

    await expect(page.get_by_text("You said: status INC-1")).to_be_visible()


async def test_an_incident_is_declared_from_a_persons_message(page: Page, stage: Stage) -> None:
    form = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card()}
    stage.bot.answers["composeExtension/fetchTask"] = {
        "task": {"type": "continue", "value": {"title": "Declare", "card": form}}
    }
    await stage.teams.say(RAVI, "Payments are down")

    await page.locator(".message").hover()
    await page.locator(".menu summary").click()
    await page.get_by_text("Declare an incident from this message").click()

    await expect(page.locator("#dialog-title")).to_have_text("Declare")


async def test_a_customer_sees_no_teams(page: Page) -> None:
    await page.select_option("#persona", "cora")

    await expect(page.get_by_text("is not in Teams")).to_be_visible()
    await expect(page.locator("#compose")).to_be_hidden()


async def test_a_mail_shows_its_text_headers_and_source(page: Page, stage: Stage) -> None:
    await asyncio.to_thread(send_mail, stage.mail.port, html="<p>hello</p>")
    await page.locator(".mail-row").click()

    for part, shown in (
        ("Text", "A third of card payments fails."),
        ("Headers", "<1.1@sitrep.example>"),
        ("Source", "Content-Type: multipart/alternative"),
    ):
        await page.get_by_role("button", name=part, exact=True).click()
        await expect(page.locator(".mail")).to_contain_text(shown)


async def test_a_missed_promise_is_marked_overdue(page: Page, stage: Stage) -> None:
    record_an_incident(stage)

    await expect(page.locator(".promises .overdue")).to_contain_text("overdue by 7:")
    await expect(page.locator(".by-audience .reach")).to_contain_text("9 of 10")


async def test_nothing_that_is_typed_runs_anywhere(page: Page, stage: Stage) -> None:
    probe = " ".join(PROBES)
    bot_says = message(card(text_block(probe)), text=probe)
    room = stage.teams.rooms.start_thread("bot", bot_says, at=NOW).room
    await stage.teams.say(RAVI, probe, room=room)
    stage.records.timeline.append(
        TimelineEntry(id=1, incident="INC-1", at=NOW, text=probe, by=probe)
    )
    await asyncio.to_thread(
        send_mail,
        stage.mail.port,
        subject=PROBES[0],
        text=probe,
        html=f"<a href=\"javascript:parent.window.pwned='mail'\">link</a>{probe}",
    )
    await page.locator(".mail-row").click()
    await page.frame_locator(".mail-frame").locator("a").first.click()
    for part in ("Text", "Headers", "Source"):
        await page.get_by_role("button", name=part, exact=True).click()
    await expect(page.locator(".timeline")).to_contain_text("<script>")
    await expect(page.locator(".message")).to_have_count(2)

    # What is no mention of anybody, and what is no link to follow, stands as it was typed.
    await expect(page.locator(".card")).to_contain_text("<at>Nobody</at>")
    assert await page.locator('a[href^="javascript:"]').count() == 0
    assert await page.locator(".message img[src=x]").count() == 0
    frames = [await frame.evaluate("() => window.pwned ?? null") for frame in page.frames[:1]]
    assert frames == [None]


async def in_both_schemes(page: Page) -> None:
    """Look at it in the light and in the dark: axe finds nothing."""
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await violations(page) == [], scheme


@pytest.mark.parametrize("size", SIZES)
async def test_axe_finds_nothing(browser: Browser, stage: Stage, size: str) -> None:
    width, height = SIZES[size]
    record_an_incident(stage)
    await asyncio.to_thread(send_mail, stage.mail.port, html="<p>hello</p>")
    context = await browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    await page.goto(f"{stage.url}/demo")
    await declare(page)
    await in_both_schemes(page)

    await button(page, "Write an update").click()
    await expect(page.locator("#dialog")).to_be_visible()
    await in_both_schemes(page)
    await page.keyboard.press("Escape")

    if size == "wide":
        await page.locator(".update summary").click()
        await page.locator(".mail-row").click()
        await in_both_schemes(page)
    else:
        for pane in ("inbox", "status", "ledger"):
            await page.click(f".tabs [data-pane={pane}]")
            await in_both_schemes(page)
    await context.close()


@pytest.mark.parametrize("width", [390, 1280])
async def test_nothing_scrolls_sideways(browser: Browser, stage: Stage, width: int) -> None:
    context = await browser.new_context(viewport={"width": width, "height": 800})
    page = await context.new_page()
    await page.goto(f"{stage.url}/demo")
    await declare(page)

    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await context.close()
