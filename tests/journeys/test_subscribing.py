"""Somebody subscribes: a form, a letter, a click; and nothing before the click."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from aiohttp import ClientSession, DummyCookieJar

from bot.demo.catcher import Mail
from comms.acts.subscriptions import PER_ADDRESS, PER_SOURCE
from tests.journeys.team import Team, a_team

NEW = "new.reader@customer.example"


async def test_an_address_becomes_a_recipient_when_its_reader_says_so_and_not_before() -> None:
    async with a_team() as team, browser() as http:
        before = await people(team)
        letter = await asked(team, http, NEW, language="de", time_zone="Europe/Zurich")
        url = link(team, letter, "confirm")
        assert NEW not in url

        for method in ("HEAD", "GET"):
            async with http.request(method, url) as answer:
                assert answer.status == 200
        assert await people(team) == before

        for _ in range(2):
            async with http.post(url) as answer:
                assert answer.status == 200
                assert "/manage/" in await answer.text()
        assert await people(team) == before | {NEW}

        await team.led()
        await team.drafted()
        await team.approved(1)
        assert NEW in {mail.recipients[0] for mail in team.mails(1, "customers")}


async def test_a_new_list_leaves_in_who_has_subscribed() -> None:
    async with a_team() as team, browser() as http:
        letter = await asked(team, http, NEW)
        async with http.post(link(team, letter, "confirm")) as answer:
            assert answer.status == 200

        url = f"{team.stage.url}/api/v1/audiences/customers/recipients"
        csv = {"Content-Type": "text/csv"}
        async with http.put(url, data="email\nother@customer.example\n", headers=csv) as answer:
            assert answer.status == 200

        assert await people(team) == {NEW, "other@customer.example"}


async def test_the_link_is_over_after_two_days_and_a_forged_one_leads_nowhere() -> None:
    async with a_team() as team, browser() as http:
        letter = await asked(team, http, NEW)
        url = link(team, letter, "confirm")
        for forged in (f"{url}x", url.replace("/confirm/", "/manage/")):
            async with http.post(forged) as answer:
                assert answer.status == 404

        team.stage.clock.step(timedelta(hours=49))

        async with http.post(url) as answer:
            assert answer.status == 404
        assert NEW not in await people(team)


async def test_the_answer_tells_nobody_whose_address_is_known() -> None:
    async with a_team() as team, browser() as http:
        known = next(iter(await people(team)))

        texts = set()
        for email in (known, NEW, *[NEW] * PER_ADDRESS):
            async with http.post(f"{team.stage.url}/subscribe", data={"email": email}) as answer:
                assert answer.status == 200
                texts.add(await answer.text())

        assert len(texts) == 1
        await letters(team, NEW, PER_ADDRESS)
        confirmations = await team.api("get", "/bulletins?kind=confirmation")
        assert len(confirmations["bulletins"]) == PER_ADDRESS + 1


async def test_a_source_that_asks_for_many_is_refused() -> None:
    async with a_team() as team, browser() as http:
        statuses = []
        for number in range(PER_SOURCE + 1):
            form = {"email": f"n{number}@customer.example"}
            async with http.post(f"{team.stage.url}/subscribe", data=form) as answer:
                statuses.append(answer.status)

        assert statuses == [200] * PER_SOURCE + [429]


async def test_what_is_no_address_is_said_at_the_form() -> None:
    async with a_team() as team, browser() as http:
        bad = ["", "x", "a@b\r\nBcc: c@d.example", '"><script>@x.example', "a" * 321 + "@x.example"]
        for email in bad:
            form = {"email": email}
            async with http.post(f"{team.stage.url}/subscribe", data=form) as answer:
                assert answer.status == 422, email
                assert "<script>" not in await answer.text()
        form = {"email": NEW, "audience": "executives"}
        async with http.post(f"{team.stage.url}/subscribe", data=form) as answer:
            assert answer.status == 404
        assert not team.stage.mail.mails


def _in_box(team: Team, email: str) -> list[Mail]:
    return [mail for mail in team.stage.mail.mails if email in mail.recipients]


def browser() -> ClientSession:
    """A client that would keep no cookie."""
    return ClientSession(cookie_jar=DummyCookieJar())


async def asked(team: Team, http: ClientSession, email: str, **more: str) -> Mail:
    """Enter an address and return the letter that asks."""
    async with http.post(f"{team.stage.url}/subscribe", data={"email": email, **more}) as answer:
        assert answer.status == 200
        assert "Set-Cookie" not in answer.headers
    return (await letters(team, email))[0]


async def letters(team: Team, email: str, count: int = 1) -> list[Mail]:
    """Wait until an address has got so many letters."""
    async with asyncio.timeout(60):
        while len(got := _in_box(team, email)) < count:  # noqa: ASYNC110 (over the wire)
            await asyncio.sleep(0.02)
    return got


async def people(team: Team) -> set[str]:
    """The addresses of the customers."""
    url = f"{team.stage.url}/api/v1/audiences/customers/recipients"
    async with team.http.get(url) as answer:
        rows = (await answer.text()).splitlines()[1:]
    return {row.split(",")[0] for row in rows}


def link(team: Team, letter: Mail, purpose: str) -> str:
    [url] = set(re.findall(rf"{team.stage.url}/{purpose}/[\w.=-]+", letter.text))
    return str(url)
