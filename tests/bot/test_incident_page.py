"""The incident page: for whoever holds the link, with everything typed shown as typed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from bot.api import Access
from bot.incident_page import incident_page_routes, incident_url
from bot.links import Links
from comms.acts.triage import change_services
from comms.desk import Desk
from tests.acting import declared, sent
from tests.house import ADA, REPORT

LINKS = Links(key=b"k" * 32, base_url="https://sitrep.example.org")
NASTY = "<script>alert(1)</script> {{ 7 * 7 }} **bold** <at>x</at>"


@pytest.fixture
async def page(desk: Desk) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app.add_routes(incident_page_routes(desk, LINKS, Access(token="right")))
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_the_signed_link_shows_the_incident(
    desk: Desk, page: TestClient[web.Request, web.Application]
) -> None:
    key = (await declared(desk)).key
    await sent(desk, key, replace(REPORT, conditions=NASTY))

    answer = await page.get(URL(incident_url(LINKS, key)).path_qs)

    assert answer.status == 200
    text = await answer.text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }} **bold** &lt;at&gt;x" in text
    assert "<script>alert" not in text
    assert "Update 1" in text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_it_says_what_is_hit_as_it_was_typed(
    desk: Desk, page: TestClient[web.Request, web.Application]
) -> None:
    key = (await declared(desk)).key
    await desk.do(change_services, ADA, "teams", key, ["Checkout", "Pay<b>x</b>"])

    answer = await page.get(URL(incident_url(LINKS, key)).path_qs)

    shown = "Hits <bdi>Checkout</bdi>, <bdi>Pay&lt;b&gt;x&lt;/b&gt;</bdi>"
    assert shown in await answer.text()


@pytest.mark.parametrize("query", ["", "?t=", "?t=wrong", "?t=%ff"])
async def test_without_its_key_the_page_tells_nothing(
    desk: Desk, page: TestClient[web.Request, web.Application], query: str
) -> None:
    incident = await declared(desk)

    answer = await page.get(f"/incidents/{incident.key}{query}")

    assert answer.status == 404
    assert incident.title not in await answer.text()


async def test_a_link_opens_one_incident_only(
    desk: Desk, page: TestClient[web.Request, web.Application]
) -> None:
    first, second = (await declared(desk)).key, (await declared(desk)).key
    query = URL(incident_url(LINKS, first)).query_string

    assert (await page.get(f"/incidents/{second}?{query}")).status == 404


async def test_the_api_token_opens_it_too_and_a_wrong_one_does_not(
    desk: Desk, page: TestClient[web.Request, web.Application]
) -> None:
    key = (await declared(desk)).key

    right = await page.get(f"/incidents/{key}", headers={"Authorization": "Bearer right"})
    wrong = await page.get(f"/incidents/{key}", headers={"Authorization": "Bearer wrong"})

    assert (right.status, wrong.status) == (200, 401)


async def test_an_unchanged_page_is_not_sent_again(
    desk: Desk, page: TestClient[web.Request, web.Application]
) -> None:
    path = URL(incident_url(LINKS, (await declared(desk)).key)).path_qs
    etag = (await page.get(path)).headers["ETag"]

    assert (await page.get(path, headers={"If-None-Match": etag})).status == 304
