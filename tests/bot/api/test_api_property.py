"""Whatever is sent to a documented operation, the answer is a documented one, and never a 5xx."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.api import Access, api_routes, problems_as_json
from bot.api.openapi import document
from bot.api.routes import OPERATIONS
from bot.channels import WRITERS
from comms.clock import SystemClock
from comms.desk import Desk, House
from comms.plan.model import Plan
from storage.book import SqlStore
from storage.database import Database
from tests.bot.api.client import CAN

SCHEMA = schemathesis.openapi.from_dict(document(OPERATIONS))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 20


@pytest.fixture(scope="module")
def base(plan: Plan, migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in a thread, with an incident and a draft to be asked about."""
    file = shutil.copy(migrated, tmp_path_factory.mktemp("property") / "sitrep.db")
    database = Database(f"sqlite:///{file}", durable=False)
    desk = Desk(
        store=SqlStore(database), house=House(plan=plan, writers=WRITERS), clock=SystemClock()
    )
    app = web.Application(middlewares=[problems_as_json])
    app.add_routes(api_routes(desk, Access(is_open=True)))
    runner = web.AppRunner(app)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield asyncio.run_coroutine_threadsafe(_start(runner), loop).result(30)
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
    database.close()


async def _start(runner: web.AppRunner) -> str:
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture(scope="module")
def there(base: str) -> dict[str, Any]:
    """What the paths may name."""
    told = requests.post(
        f"{base}/api/v1/incidents", json={"title": "Slow", "severity": "SEV2"}, timeout=60
    )
    key = told.json()["key"]
    requests.post(f"{base}/api/v1/incidents/{key}/updates", json=CAN, timeout=60)
    return {"key": key, "number": 1, "ask": 1, "name": "stakeholders"}


def _cases() -> Iterator[Any]:
    for operation in OPERATIONS:
        yield pytest.param(operation, GenerationMode.POSITIVE, id=operation.name)
        if operation.path_model.model_fields or operation.body or operation.query:
            yield pytest.param(operation, GenerationMode.NEGATIVE, id=f"{operation.name}, badly")


@pytest.mark.parametrize(("operation", "mode"), list(_cases()))
def test_no_documented_operation_answers_what_is_not_documented(
    operation: Any, mode: GenerationMode, base: str, there: dict[str, Any]
) -> None:
    described = SCHEMA[operation.path][operation.method]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.as_strategy(generation_mode=mode), named=st.booleans())
    def ask(case: Any, named: bool) -> None:
        if named and case.path_parameters:
            case.path_parameters.update(
                {name: there[name] for name in case.path_parameters if name in there}
            )
        answer = case.call(base_url=base)
        case.validate_response(answer, checks=CHECKS)

    ask()
