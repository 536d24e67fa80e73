"""What is not there is a 404, whatever the path tries."""

from __future__ import annotations

import pytest

from tests.bot.api.client import CAN, Api

MISSING = "/incidents/INC-999"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", MISSING, None),
        ("GET", f"{MISSING}/updates", None),
        ("GET", f"{MISSING}/updates/1", None),
        ("GET", f"{MISSING}/updates/1/preview?audience=stakeholders", None),
        ("GET", f"{MISSING}/updates/1/deliveries", None),
        ("GET", f"{MISSING}/updates/1/reach", None),
        ("GET", f"{MISSING}/timeline", None),
        ("GET", f"{MISSING}/audit", None),
        ("DELETE", f"{MISSING}/updates/1", None),
        ("POST", f"{MISSING}/updates", CAN),
        ("POST", f"{MISSING}/updates/1/approve", {"hash": "x", "approver": "scribe"}),
        ("POST", f"{MISSING}/updates/1/retry", {"only": "failed"}),
        ("POST", f"{MISSING}/roles", {"role": "scribe", "person": {"email": "a@b.example"}}),
        ("POST", f"{MISSING}/severity", {"severity": "SEV1"}),
        ("POST", f"{MISSING}/status", {"status": "resolved"}),
        ("POST", f"{MISSING}/resolve", {}),
        ("POST", f"{MISSING}/confirm", None),
        ("POST", f"{MISSING}/timeline", {"text": "x"}),
        ("POST", f"{MISSING}/asks/1/take", {"person": {"email": "a@b.example"}}),
        ("POST", f"{MISSING}/asks/1/meet", None),
        ("GET", "/incidents/%00", None),
        ("GET", "/incidents/%ff%fe", None),
        ("GET", "/incidents/' OR 1=1 --", None),
        ("GET", "/incidents/INC-99999999999999999999", None),
        ("GET", "/audiences/investors/recipients", None),
        ("GET", "/nothing", None),
        ("POST", "/nothing", {}),
    ],
)
async def test_what_does_not_exist_is_a_404(api: Api, method: str, path: str, body: object) -> None:
    (await api.ask(method, f"/api/v1{path}", json=body)).problem(404)


@pytest.mark.parametrize("number", ["0", "-1", "99", "x", "1.5", str(2**63), "%00"])
async def test_an_update_that_does_not_exist_is_a_404(api: Api, number: str) -> None:
    key = await api.declare()

    (await api.get(f"/incidents/{key}/updates/{number}")).problem(404)


async def test_a_method_that_is_not_possible_names_those_that_are(api: Api) -> None:
    reply = await api.ask("PATCH", "/api/v1/incidents")

    assert reply.headers["Allow"] == "GET, HEAD, POST"
    reply.problem(405)
