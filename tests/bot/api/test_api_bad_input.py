"""What the API says to bad input: what is wrong, where, and never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.bot.api.client import CAN, Api

INCIDENT = {"title": "Card payments failing", "severity": "SEV1"}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "line 1 column 1"),
        (b'{"title": "x",\n "severity": SEV1}', "line 2 column 14"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"title": "\\ud800"}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"", "empty"),
        (b'{"title": "x"} {', "trailing characters"),
    ],
)
async def test_a_body_that_is_not_json_is_told_where(api: Api, body: bytes, says: str) -> None:
    reply = await api.ask(
        "POST", "/api/v1/incidents", data=body, headers={"Content-Type": "application/json"}
    )

    assert says in reply.problem(400)["detail"]


@pytest.mark.parametrize("body", [None, 1, "text", [], [INCIDENT], True])
async def test_a_body_that_is_no_object_is_refused(api: Api, body: object) -> None:
    reply = await api.ask("POST", "/api/v1/incidents", data=json.dumps(body), headers=_JSON)

    assert reply.problem(422)["pointer"] == ""


_JSON = {"Content-Type": "application/json"}


async def test_another_media_type_is_refused(api: Api) -> None:
    reply = await api.ask("POST", "/api/v1/incidents", data={"title": "x"})

    assert "application/json" in reply.problem(415)["detail"]


async def test_a_body_of_two_megabytes_is_refused(api: Api) -> None:
    reply = await api.post("/incidents", {**INCIDENT, "summary": "x" * 2 * 1024 * 1024})

    assert "1 024 KB" in reply.problem(413)["detail"]


async def test_a_body_that_lies_about_its_encoding_is_refused(api: Api) -> None:
    headers = _JSON | {"Content-Encoding": "gzip"}
    reply = await api.ask("POST", "/api/v1/incidents", data=b'{"title": "x"}', headers=headers)

    reply.problem(400)


async def test_all_flaws_of_a_body_are_listed_with_their_pointers(api: Api) -> None:
    body = {"title": "", "severity": "SEV9", "services": ["ok", 7], "color": "red"}

    problem = (await api.post("/incidents", body)).problem(422)

    assert [flaw["pointer"] for flaw in problem["errors"]] == [
        "/title",
        "/severity",
        "/services/1",
        "/color",
    ]
    assert problem["pointer"] == "/title"


async def test_a_mistyped_field_is_told_the_nearest(api: Api) -> None:
    problem = (await api.post("/incidents", {**INCIDENT, "sumary": "x"})).problem(422)

    assert "Did you mean 'summary'?" in problem["detail"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": "   "}, "/title"),
        ({"title": "\u202e\x00"}, None),
        ({"title": "x" * 201}, "/title"),
        ({"title": None}, "/title"),
        ({"severity": 1}, "/severity"),
        ({"type": "party"}, "/type"),
        ({"summary": "x" * 10_001}, "/summary"),
        ({"services": "payments"}, "/services"),
        ({"services": ["x"] * 21}, "/services"),
        ({"suspected": "perhaps"}, "/suspected"),
    ],
)
async def test_a_declaration_names_the_field_that_is_wrong(
    api: Api, change: dict[str, object], pointer: str | None
) -> None:
    reply = await api.post("/incidents", {**INCIDENT, **change})

    if pointer is None:
        assert reply.status < 500
    else:
        assert reply.problem(422)["pointer"] == pointer


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "a b", "ü"])
async def test_an_idempotency_key_is_checked(api: Api, key: str) -> None:
    reply = await api.post("/incidents", INCIDENT, headers={"Idempotency-Key": key})

    assert reply.problem(422)["pointer"] == "/Idempotency-Key"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"conditions": ""}, "/conditions"),
        ({"conditions": "   "}, "/conditions"),
        ({"conditions": "x" * 10_001}, "/conditions"),
        ({"actions": {"did": ["x"]}}, "/actions/did"),
        ({"actions": {"done": "x"}}, "/actions/done"),
        ({"actions": {"done": ["x"] * 21}}, "/actions/done"),
        ({"needs": [{"text": "x", "by": "tomorrow"}]}, "/needs/0/by"),
        ({"needs": [{"text": "x", "by": "2026-01-01T10:00:00"}]}, "/needs/0/by"),
        ({"needs": [{"text": "x", "by": "0001-01-01T00:00:00+14:00"}]}, "/needs/0/by"),
        ({"needs": [{"text": "x", "by": 1e300}]}, "/needs/0/by"),
        ({"needs": [{"owner": "x"}]}, "/needs/0/text"),
        ({"needs": [17]}, "/needs/0"),
        ({"needs": ["x" * 10_001]}, "/needs/0"),
        ({"customer": {"scope": "all"}}, "/customer/symptom"),
        ({"customer": {"symptom": " ", "scope": "all"}}, "/customer/symptom"),
        ({"basis": "guessed"}, "/basis"),
        ({"status": "fine"}, "/status"),
        ({"audiences": []}, "/audiences"),
        ({"audiences": ["everybody"]}, "/audiences/0"),
        ({"audiences": ["stakeholders", "regulator"]}, "/audiences/1"),
        ({"corrects": 0}, "/corrects"),
        ({"corrects": 10**30}, "/corrects"),
    ],
)
async def test_a_draft_names_the_field_that_is_wrong(
    api: Api, change: dict[str, object], pointer: str
) -> None:
    key = await api.declare()

    reply = await api.post(f"/incidents/{key}/updates", {**CAN, **change})

    assert reply.problem(422)["pointer"] == pointer
    assert (await api.get(f"/incidents/{key}/updates")).body["updates"] == []


async def test_an_unknown_audience_names_the_known_ones(api: Api) -> None:
    key = await api.declare()

    reply = await api.post(f"/incidents/{key}/updates", {**CAN, "audiences": ["investors"]})

    detail = reply.problem(422)["detail"]
    for name in ("investors", "responders", "executives", "stakeholders", "customers"):
        assert name in detail


async def test_a_status_that_cannot_be_reached_names_those_that_can(api: Api) -> None:
    key = await api.declare()

    drafted = await api.post(f"/incidents/{key}/updates", {**CAN, "status": "closed"})
    moved = await api.post(f"/incidents/{key}/status", {"status": "closed"})

    for reply in (drafted, moved):
        problem = reply.problem(409)
        assert problem["pointer"] == "/status"
        assert "investigating" in problem["detail"]


async def test_a_stale_hash_is_refused_and_sends_nothing(api: Api) -> None:
    key = await api.declare()
    old = await api.draft(key)
    new = await api.draft(key, conditions="Two in three card payments fail.")

    path = f"/incidents/{key}/updates/1/approve"
    stale = await api.post(path, {"hash": old["hash"], "approver": "comms_lead"})

    assert new["hash"] != old["hash"]
    assert stale.problem(409)["pointer"] == "/hash"
    assert stale.body["type"] == "urn:sitrep:problem:stale-draft"
    assert (await api.get(f"/incidents/{key}/updates/1")).body["state"] == "draft"


@pytest.mark.parametrize(
    "approver",
    [
        "eve@example.org",
        "the boss",
        "scribe",
        {"email": "eve@example.org", "name": "Eve"},
        {"entra_id": "e-eve", "name": "Eve"},
    ],
)
async def test_an_approver_without_the_right_is_told_what_is_needed(
    api: Api, approver: object
) -> None:
    key = await api.declare()
    draft = await api.draft(key)

    reply = await api.post(
        f"/incidents/{key}/updates/1/approve", {"hash": draft["hash"], "approver": approver}
    )

    problem = reply.problem(403)
    assert problem["pointer"] == "/approver"
    assert "comms lead" in problem["detail"]
    assert "incident commander" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"approver": "comms_lead"}, "/hash"),
        ({"hash": 7, "approver": "comms_lead"}, "/hash"),
        ({"hash": "x"}, "/approver"),
        ({"hash": "x", "approver": ""}, "/approver"),
        ({"hash": "x", "approver": {}}, "/approver"),
        ({"hash": "x", "approver": 7}, "/approver"),
        ({"hash": "x", "approver": {"role": "king"}}, "/approver/role"),
        ({"hash": "x", "approver": "comms_lead", "break_glass": "x" * 201}, "/break_glass"),
    ],
)
async def test_an_approval_names_the_field_that_is_wrong(
    api: Api, body: dict[str, Any], pointer: str
) -> None:
    key = await api.declare()
    await api.draft(key)

    reply = await api.post(f"/incidents/{key}/updates/1/approve", body)

    assert reply.problem(422)["pointer"] == pointer


async def test_what_lint_blocks_cannot_be_approved(api: Api) -> None:
    key = await api.declare()
    customer = {"symptom": "db1.internal is down.", "scope": "Everybody."}
    draft = await api.draft(key, customer=customer)
    found = draft["audiences"]["customers"]["lint"]
    assert [(one["level"], one["pointer"]) for one in found] == [("block", "/customer/symptom")]

    reply = await api.post(
        f"/incidents/{key}/updates/1/approve", {"hash": draft["hash"], "approver": "comms_lead"}
    )

    assert reply.problem(409)["pointer"] == "/customer/symptom"


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({}, "/audience"),
        ({"audience": "investors"}, "/audience"),
        ({"audience": "executives"}, "/audience"),
        ({"audience": "stakeholders", "channel": "pigeon"}, "/channel"),
        ({"audience": "stakeholders", "channel": "teams"}, "/channel"),
        ({"audience": "stakeholders", "colour": "red"}, "/colour"),
        ({"audience": "\x00"}, "/audience"),
    ],
)
async def test_a_preview_says_what_there_is(api: Api, params: dict[str, str], pointer: str) -> None:
    key = await api.declare()
    await api.draft(key, audiences=["stakeholders"])

    reply = await api.get(f"/incidents/{key}/updates/1/preview", **params)

    assert reply.problem(422)["pointer"] == pointer


@pytest.mark.parametrize(
    "params",
    [
        {"state": "lost"},
        {"audience": "investors"},
        {"cursor": "x"},
        {"cursor": "-1"},
        {"cursor": str(10**40)},
        {"limit": "0"},
        {"limit": "100000"},
        {"sort": "up"},
    ],
)
async def test_a_filter_of_the_ledger_is_checked(api: Api, params: dict[str, str]) -> None:
    key = await api.declare()
    await api.draft(key)

    reply = await api.get(f"/incidents/{key}/updates/1/deliveries", **params)

    assert reply.problem(422)["pointer"] == f"/{next(iter(params))}"


async def test_a_parameter_given_twice_is_refused(api: Api) -> None:
    reply = await api.ask("GET", "/api/v1/incidents?q=a&q=b")

    assert reply.problem(422)["pointer"] == "/q"


@pytest.mark.parametrize("body", [{}, {"only": "all"}, {"only": None}, {"only": "failed", "x": 1}])
async def test_only_the_failed_are_sent_to_again(api: Api, body: dict[str, Any]) -> None:
    key = await api.declare()
    await api.draft(key)

    (await api.post(f"/incidents/{key}/updates/1/retry", body)).problem(422)


async def test_a_draft_cannot_be_sent_again(api: Api) -> None:
    key = await api.declare()
    await api.draft(key)

    (await api.post(f"/incidents/{key}/updates/1/retry", {"only": "failed"})).problem(409)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"role": "king", "person": {"email": "a@b.example"}}, "/role"),
        ({"role": "legal", "person": {"email": "a@b.example"}}, "/role"),
        ({"role": "scribe"}, "/person"),
        ({"role": "scribe", "person": {"name": "Ada"}}, "/person/email"),
        ({"role": "scribe", "person": {"email": "not an address"}}, "/person/email"),
        ({"role": "scribe", "person": {"email": "a@b\r\nBcc: c@d"}}, "/person/email"),
        ({"role": "scribe", "person": {"email": "a@b.example", "entra_id": "\x00"}},
         "/person/entra_id"),
    ],
)  # fmt: skip
async def test_an_assignment_names_the_field_that_is_wrong(
    api: Api, body: dict[str, Any], pointer: str
) -> None:
    key = await api.declare()

    assert (await api.post(f"/incidents/{key}/roles", body)).problem(422)["pointer"] == pointer


@pytest.mark.parametrize("text", ["", "  \x00 ", None, 7, "x" * 10_001])
async def test_a_note_needs_words(api: Api, text: object) -> None:
    key = await api.declare()

    reply = await api.post(f"/incidents/{key}/timeline", {"text": text})

    assert reply.problem(422)["pointer"] == "/text"


async def test_nothing_changes_about_a_closed_incident(api: Api) -> None:
    key = await api.declare(suspected=True)
    await api.post(f"/incidents/{key}/status", {"status": "closed"})

    (await api.post(f"/incidents/{key}/resolve")).problem(409)
    (await api.post(f"/incidents/{key}/severity", {"severity": "SEV1"})).problem(409)
    (await api.post(f"/incidents/{key}/updates", CAN)).problem(409)
