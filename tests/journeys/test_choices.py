"""A reader follows the links of a letter: by hand, by one click, by a scanner that opens all."""

from __future__ import annotations

import re

from aiohttp import ClientSession, DummyCookieJar

from bot.demo.catcher import Mail
from tests.journeys.team import Team, a_team

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


async def test_one_click_stops_the_letters_and_only_the_readers_own() -> None:
    async with a_team() as team, browser() as http:
        await team.led()
        await team.drafted()
        await team.approved(1)
        first = team.mails(1, "customers")
        stopping, *others = first
        url = header(stopping, "List-Unsubscribe").split(">")[0].removeprefix("<")
        assert header(stopping, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"

        for _ in range(2):
            async with http.post(url, data=ONE_CLICK) as answer:
                assert answer.status == 200
                assert "Set-Cookie" not in answer.headers

        await team.drafted(symptom="All card payments are declined.")
        await team.approved(2)
        assert {mail.to for mail in team.mails(2, "customers")} == {mail.to for mail in others}
        told = await team.api("get", "/incidents/INC-1/updates/2/deliveries?audience=customers")
        reasons = {row["address"]: row["reason"] for row in told["deliveries"]}
        assert reasons[stopping.recipients[0]] == "unsubscribed"


async def test_opening_every_link_of_a_letter_changes_nothing() -> None:
    async with a_team() as team, browser() as http:
        await team.led()
        await team.drafted()
        await team.approved(1)
        [letter, *_] = before = team.mails(1, "customers")
        urls = set(re.findall(rf"{team.stage.url}/\S+", letter.text))
        assert {url.split("/")[3] for url in urls} == {"manage", "unsubscribe"}

        for url in urls:
            assert letter.recipients[0] not in url
            for method in ("GET", "HEAD"):
                async with http.request(method, url) as answer:
                    assert answer.status == 200
                    assert answer.headers["Referrer-Policy"] == "no-referrer"
                    assert "Set-Cookie" not in answer.headers

        await team.drafted(symptom="All card payments are declined.")
        await team.approved(2)
        assert len(team.mails(2, "customers")) == len(before)


async def test_a_reader_chooses_a_digest_and_their_own_hour_and_zone() -> None:
    async with a_team() as team, browser() as http:
        await team.led()
        await team.drafted()
        await team.approved(1)
        letter = team.mails(1, "customers")[0]
        url = link(team, letter, "manage")

        form = {
            "wish": "weekly",
            "hour": "17",
            "weekday": "4",
            "time_zone": "Asia/Tokyo",
            "language": "de",
        }
        async with http.post(url, data=form) as answer:
            text = await answer.text()
        assert answer.status == 200
        assert '<html lang="de"' in text
        async with http.get(url) as answer:
            assert re.search(r'value="weekly"[^>]* checked', await answer.text())

        await team.drafted(symptom="All card payments are declined.")
        await team.approved(2)
        told = await team.api("get", "/incidents/INC-1/updates/2/deliveries?audience=customers")
        reasons = {row["address"]: row["reason"] for row in told["deliveries"]}
        assert reasons[letter.recipients[0]] == "digest"


async def test_what_no_form_of_ours_can_have_sent_is_refused_where_it_was_sent() -> None:
    async with a_team() as team, browser() as http:
        await team.led()
        await team.drafted()
        await team.approved(1)
        letter = team.mails(1, "customers")[0]
        url = link(team, letter, "manage")

        bad = [
            {"wish": "hourly"},
            {"hour": "24"},
            {"weekday": "²"},
            {"time_zone": "Mars/Olympus"},
            {"language": "x" * 99},
        ]
        for form in bad:
            async with http.post(url, data=form) as answer:
                assert answer.status == 422, form
                assert 'role="alert"' in await answer.text()
        for forged in (f"{url}x", url.replace("/manage/", "/unsubscribe/"), f"{url[:-30]}/٣.x"):
            for method in ("GET", "POST"):
                async with http.request(method, forged) as answer:
                    assert answer.status == 404, forged


def browser() -> ClientSession:
    """A client that would keep no cookie."""
    return ClientSession(cookie_jar=DummyCookieJar())


def header(mail: Mail, name: str) -> str:
    [value] = [value for known, value in mail.headers if known == name]
    return value


def link(team: Team, letter: Mail, purpose: str) -> str:
    [url] = set(re.findall(rf"{team.stage.url}/{purpose}/\S+", letter.text))
    return str(url)
