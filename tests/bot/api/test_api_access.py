"""Whom the API lets in, and what it says when it cannot answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.api import Access
from comms.desk import Desk
from storage.book import SqlStore
from storage.database import Database
from tests.bot.api.client import TOKEN, serving

INCIDENT = {"title": "Card payments failing", "severity": "SEV1"}


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer tökén",
    ],
)
async def test_a_wrong_or_missing_token_is_refused(desk: Desk, authorization: str | None) -> None:
    async with serving(desk) as api:
        headers = {} if authorization is None else {"Authorization": authorization}
        async with api.session.post("/api/v1/incidents", json=INCIDENT, headers=headers) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert (await answer.json(content_type=None))["status"] == 401
        assert (await api.get("/incidents")).body["incidents"] == []


async def test_without_a_configured_token_the_api_is_closed_and_says_why(desk: Desk) -> None:
    async with serving(desk, Access()) as api:
        problem = (await api.get("/incidents")).problem(401)

    assert "SITREP_API_TOKEN" in problem["detail"]


async def test_an_open_api_asks_for_no_token(desk: Desk) -> None:
    async with (
        serving(desk, Access(is_open=True)) as api,
        api.session.get("/api/v1/incidents") as answer,
    ):
        assert answer.status == 200


def test_a_token_does_not_show_in_logs() -> None:
    assert TOKEN not in repr(Access(token=TOKEN))


async def test_a_failure_of_our_own_shows_no_trace(desk: Desk) -> None:
    class Broken(Desk):
        async def read(self, *_args: object, **_kwargs: object) -> Any:
            raise RuntimeError("the secret inside")

    broken = Broken(store=desk._store, house=desk.house, clock=desk.clock)
    async with serving(broken) as api:
        reply = await api.get("/incidents")

    reply.problem(500)
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text


async def test_a_database_without_tables_is_a_503_that_says_what_to_do(
    desk: Desk, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{tmp_path}/empty.db")
    empty = Desk(store=SqlStore(database), house=desk.house, clock=desk.clock)
    async with serving(empty) as api:
        declared = await api.post("/incidents", INCIDENT)
        ready = await api.ask("GET", "/readyz")
        alive = await api.ask("GET", "/healthz")
    database.close()

    assert "sitrep db upgrade" in declared.problem(503)["detail"]
    ready.problem(503)
    assert alive.body == {"status": "ok"}
