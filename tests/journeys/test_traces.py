"""One approval can be followed in a collector of traces, over OTLP as a real one reads it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from storage.database import Database
from tests.journeys.cluster import cluster, until

REPORT = {
    "conditions": "4 in 10 card payments fail since 09:12",
    "actions": {"done": [], "doing": ["Rolling back release 412"], "next": []},
    "needs": [],
    "customer": {"symptom": "Some card payments are declined.", "scope": "Payments by card"},
}
TOLD = ("Card payments fail", "declined", "ada@example.org", "Rolling back")


@dataclass
class Collector:
    """Reads what an OTLP collector would be sent."""

    url: str = ""
    spans: list[Any] = field(default_factory=list)
    raw: bytes = b""

    async def receive(self, request: web.Request) -> web.Response:
        self.raw += (body := await request.read())
        message = ExportTraceServiceRequest.FromString(body)
        for of_resource in message.resource_spans:
            for scope in of_resource.scope_spans:
                self.spans += scope.spans
        return web.Response(content_type="application/x-protobuf")

    def named(self, name: str) -> Any:
        return next((span for span in self.spans if span.name == name), None)

    def above(self, span: Any) -> Any:
        return next(one for one in self.spans if one.span_id == span.parent_span_id)


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    app = web.Application(client_max_size=10**8)
    app.router.add_post("/v1/traces", collector.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        await runner.cleanup()


async def posted(http: ClientSession, path: str, body: Mapping[str, object]) -> Any:
    async with http.post(f"/api/v1{path}", json=body) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()


async def test_an_approval_is_one_trace_down_to_the_deliveries(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/sitrep.db")
    async with (
        collecting() as collector,
        cluster(
            database,
            tmp_path,
            SITREP_API_TOKEN="let-me-in",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_BSP_SCHEDULE_DELAY="100",
        ) as installation,
    ):
        replica, url = await installation.replica()
        async with ClientSession(url, headers={"Authorization": "Bearer let-me-in"}) as http:
            made = await posted(
                http, "/incidents", {"title": "Card payments fail", "severity": "SEV2"}
            )
            key = made["key"]
            for role in ("comms_lead", "incident_commander"):
                person = {"email": f"{role}.ada@example.org", "name": role}
                await posted(http, f"/incidents/{key}/roles", {"role": role, "person": person})
            draft = await posted(http, f"/incidents/{key}/updates", REPORT)
            approve = f"/incidents/{key}/updates/{draft['number']}/approve"
            for role in ("comms_lead", "incident_commander"):
                await posted(http, approve, {"hash": draft["hash"], "approver": role})
        await until(lambda: collector.named("fanout.shard") is not None)
        assert await replica.stopped() == 0

    shard, send = collector.named("fanout.shard"), collector.named("fanout.send")
    act = collector.above(shard)
    request = collector.above(act)
    assert act.name.startswith("act approve")
    assert request.name.startswith("POST /api/v1/incidents/{key}/updates/{number}/approve")
    assert shard.trace_id == request.trace_id
    assert send.parent_span_id == shard.span_id
    assert not [words for words in TOLD if words.encode() in collector.raw]


def test_a_collector_without_its_parts_is_told_at_the_start(tmp_path: Path) -> None:
    hidden = tmp_path / "sitecustomize.py"
    hidden.write_text("import sys\nsys.modules['opentelemetry.sdk'] = None\n")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SITREP_")}
    said = subprocess.run(
        [sys.executable, "-m", "bot", "serve", "--port", "0"],
        cwd=tmp_path,
        env=environ
        | {
            "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert said.returncode == 1
    assert "pip install 'sitrep[otel]'" in said.stderr
    assert "Traceback" not in said.stderr
