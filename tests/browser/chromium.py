"""Debian's Chromium, headless, with a fresh profile and no network but loopback."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.demo import assets

EXECUTABLE = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PATIENCE = 60_000
"""Milliseconds in which a busy machine shows what is expected."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start the browser, or skip the test where there is none."""
    if shutil.which(EXECUTABLE) is None:
        pytest.skip(f"no Chromium at {EXECUTABLE}; name one in $CHROMIUM")
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


async def violations(page: Page) -> list[str]:
    """Return what axe-core finds, each as 'rule: element', in the page and its frames' titles."""
    modules = assets.installed(dev=True)
    if modules is None:
        try:
            modules = assets.install(dev=True)
        except assets.AssetsMissing as missing:
            pytest.skip(str(missing))
    # By evaluate: the page's policy lets no script tag in.
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate((modules / assets.AXE).read_text())
    found: dict[str, Any] = await page.evaluate("() => axe.run({iframes: false})")
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
