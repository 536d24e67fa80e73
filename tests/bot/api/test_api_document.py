"""The OpenAPI document is valid, complete, and true: no documented operation ever answers 5xx."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from bot.api.routes import OPERATIONS
from tests.bot.api.client import Api


async def _document(api: Api) -> dict[str, Any]:
    document: dict[str, Any] = (await api.get("/openapi.json")).body
    return document


async def test_the_document_is_valid_openapi_3_1(api: Api) -> None:
    document = await _document(api)

    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


async def test_every_route_of_the_api_is_documented(api: Api) -> None:
    document = await _document(api)

    for operation in OPERATIONS:
        described = document["paths"][operation.path][operation.method.lower()]
        assert described["summary"]
        assert str(operation.status) in described["responses"]


async def test_every_operation_but_those_for_probes_needs_the_token(api: Api) -> None:
    document = await _document(api)

    public = {
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
        if operation.get("security") == []
    }
    assert document["security"] == [{"token": []}]
    assert public == {"healthz", "readyz"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"])
async def test_probes_need_no_token(api: Api, path: str) -> None:
    async with api.session.get(path) as answer:
        assert answer.status == 200


async def test_metrics_count_what_was_asked(api: Api) -> None:
    await api.get("/incidents")
    await api.get("/incidents/INC-999")

    told = (await api.ask("GET", "/metrics")).text

    assert 'sitrep_api_requests_total{operation="list_incidents",status="200"} 1.0' in told
    assert 'sitrep_api_requests_total{operation="read_incident",status="404"} 1.0' in told
