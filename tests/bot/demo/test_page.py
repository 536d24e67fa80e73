"""The page's server lets in this machine's own browser, and nothing of another site's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.demo.app import is_loopback
from tests.bot.demo.small_bot import send_mail
from tests.bot.demo.stage import Stage, open_stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with open_stage() as opened:
        yield opened


async def get(stage: Stage, path: str, **headers: str) -> tuple[int, str, Any]:
    async with stage.http.get(f"{stage.url}/demo{path}", headers=headers) as response:
        return response.status, await response.text(), response.headers


async def post(stage: Stage, path: str, body: Any, **headers: str) -> tuple[int, str]:
    url = f"{stage.url}/demo/api/{path}"
    async with stage.http.post(url, json=body, headers=headers) as response:
        return response.status, await response.text()


@pytest.mark.parametrize("host", ["127.0.0.1:3978", "localhost", "[::1]:3978"])
def test_a_loopback_name_is_let_in(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["demo.example", "127.0.0.1.evil.example", "0.0.0.0", ""])
def test_any_other_name_is_not(host: str) -> None:
    assert not is_loopback(host)


async def test_a_request_by_another_name_is_refused(stage: Stage) -> None:
    assert (await get(stage, "", Host="rebound.example"))[0] == 403
    assert (await get(stage, "/api/mails", Host="rebound.example"))[0] == 403


async def test_another_sites_page_cannot_act(stage: Stage) -> None:
    said = {"persona": "ines", "text": "@Sitrep declare"}

    status, _ = await post(stage, "teams/say", said, **{"Sec-Fetch-Site": "cross-site"})

    assert status == 403
    assert list(stage.teams.rooms) == []


async def test_the_page_may_load_and_run_its_own_files_only(stage: Stage) -> None:
    status, html, headers = await get(stage, "")

    policy = headers["Content-Security-Policy"]
    assert status == 200
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<style" not in html
    assert ' style="' not in html


@pytest.mark.parametrize("path", ["/page/../app.py", "/page/js/none.js", "/page/%2e%2e/app.py"])
async def test_no_other_file_is_served(stage: Stage, path: str) -> None:
    assert (await get(stage, path))[0] == 404


async def test_a_mail_is_shown_under_a_policy_that_runs_nothing(stage: Stage) -> None:
    await asyncio.to_thread(send_mail, stage.mail.port, html="<head></head><p>hi</p>")

    _, html, headers = await get(stage, "/api/mails/1/html")

    assert html.strip() == '<head><base target="_blank"></head><p>hi</p>'
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "sandbox" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("teams/say", {"persona": "ines"}, 400, "text: Field required"),
        ("teams/say", {"persona": "cora", "text": "hi"}, 404, "Nobody in Teams"),
        ("teams/say", {"persona": "ines", "text": "hi", "room": "19:x"}, 404, "No such room"),
        ("teams/execute", {"persona": "ines", "message": "1"}, 404, "No such message"),
        ("teams/share", {"persona": "ines", "attachment": {}}, 400, "not an adaptive card"),
        ("stage", {"do": "explode"}, 400, "do:"),
        ("stage", {"do": "play", "speed": 0}, 400, "speed: Extra inputs"),
    ],
)
async def test_what_does_not_fit_is_refused_in_one_line(
    stage: Stage, path: str, body: Any, status: int, said: str
) -> None:
    answer = await post(stage, path, body)

    assert answer[0] == status
    assert said in answer[1]
    assert "\n" not in answer[1]


async def test_nobody_sees_another_persons_chat(stage: Stage) -> None:
    await post(stage, "teams/say", {"persona": "ines", "text": "help", "room": "chat"})

    _, mine, _ = await get(stage, "/api/teams?persona=ines")
    _, theirs, _ = await get(stage, "/api/teams?persona=ravi")

    assert '"kind": "chat"' in mine
    assert '"kind": "chat"' not in theirs


async def test_the_page_hears_of_what_changed(stage: Stage) -> None:
    async with stage.http.get(f"{stage.url}/demo/events") as events:
        assert await events.content.readline() == b"retry: 1000\n"
        stage.feed.touch("mail")
        stage.feed.touch("teams")
        lines = [await events.content.readline() for _ in range(3)]

    assert lines[1:] == [b"event: changed\n", b'data: ["mail", "teams"]\n']
