"""Checklists, services and the type of an incident through the API."""

from __future__ import annotations

import pytest

from tests.bot.api.client import Api

ADA = {"email": "ada@example.org", "name": "Ada Lovelace"}


async def test_an_item_is_ticked_for_somebody_once_and_taken_back(api: Api) -> None:
    key = await api.declare()
    lists = (await api.get(f"/incidents/{key}/checklists")).body
    scribe = next(one for one in lists["checklists"] if one["role"] == "scribe")
    item = scribe["items"][0]
    assert lists["house_rules"]
    assert item["ticked_by"] is None

    path, body = f"/incidents/{key}/checklists/scribe", {"item": item["id"], "person": ADA}
    for _ in range(2):
        reply = await api.post(path, body)
        assert reply.status == 200, reply.text
        assert reply.body["items"][0]["ticked_by"]["name"] == "Ada Lovelace"
    assert await _told(api, key) == [
        f"Ada Lovelace ticked on the scribe's checklist: {item['text']}"
    ]

    reply = await api.post(path, {**body, "done": False})
    assert reply.body["items"][0]["ticked_by"] is None


@pytest.mark.parametrize(
    ("role", "item", "status"),
    [("scribe", "0" * 12, 404), ("scribe", "first", 422), ("legal", "0" * 12, 404)],
)
async def test_what_is_no_item_or_no_role_is_not_ticked(
    api: Api, role: str, item: str, status: int
) -> None:
    key = await api.declare()

    reply = await api.post(f"/incidents/{key}/checklists/{role}", {"item": item, "person": ADA})
    assert reply.status == status, reply.text


async def test_what_is_hit_and_of_which_type_it_is_can_be_said_later(api: Api) -> None:
    key = await api.declare()

    hit = await api.post(f"/incidents/{key}/services", {"services": ["Checkout", "Checkout"]})
    assert hit.body["services"] == ["Checkout"]
    secret = await api.post(f"/incidents/{key}/type", {"type": "security"})
    assert secret.body["type"] == "security"
    lists = (await api.get(f"/incidents/{key}/checklists")).body
    assert any("evidence" in rule for rule in lists["house_rules"])


async def _told(api: Api, key: str) -> list[str]:
    entries = (await api.get(f"/incidents/{key}/timeline")).body["entries"]
    return [entry["text"] for entry in entries if entry["kind"].startswith("checklist.")]
