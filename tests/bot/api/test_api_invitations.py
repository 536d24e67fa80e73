"""Invitations over the API: sent, moved, called off, refused with their field."""

from __future__ import annotations

from typing import Any

from tests.bot.api.client import Api

REVIEW: dict[str, Any] = {
    "what": "review",
    "minutes": 60,
    "url": "https://meet.example.org/review",
    "audiences": ["executives"],
}


async def test_people_are_invited_to_a_review_and_told_when_it_moves_or_is_off(api: Api) -> None:
    await api.people("executives", "cfo@x.org", "coo@x.org")
    key = await api.declare()

    first = await api.post(f"/incidents/{key}/invitations", REVIEW)
    assert first.status == 201
    assert (first.body["sequence"], first.body["invited"], first.body["minutes"]) == (0, 2, 60)
    at = "2099-01-01T00:00:00Z"
    (await api.post(f"/incidents/{key}/invitations", {**REVIEW, "at": at})).problem(422)

    moved = await api.post(f"/incidents/{key}/invitations", {**REVIEW, "minutes": 45})
    assert (moved.body["sequence"], moved.body["bulletin"]) == (1, f"invitation.{key}.review.1")
    off = await api.ask("DELETE", f"/api/v1/incidents/{key}/invitations/review")
    assert (off.body["is_off"], off.body["sequence"]) == (True, 2)
    listed = await api.get("/bulletins", kind="invitation")
    assert [one["about"] for one in listed.body["bulletins"]] == [key] * 3
    rows = await api.get(f"/bulletins/invitation.{key}.review.1/deliveries")
    assert {row["address"] for row in rows.body["deliveries"]} == {"cfo@x.org", "coo@x.org"}


async def test_what_cannot_be_is_refused(api: Api) -> None:
    key = await api.declare()
    path = f"/incidents/{key}/invitations"

    for differs, status in (
        ({"what": "party"}, 422),
        ({"url": "http://meet.example.org"}, 422),
        ({"at": "tomorrow"}, 422),
        ({"at": "2026-11-23T14:00"}, 422),
        ({"audiences": ["customers"]}, 422),
        ({"minutes": 0}, 422),
    ):
        (await api.post(path, {**REVIEW, **differs})).problem(status)
    (await api.ask("DELETE", f"/api/v1{path}/bridge")).problem(409)
    (await api.ask("DELETE", f"/api/v1{path}/party")).problem(404)
    (await api.post("/incidents/INC-99/invitations", REVIEW)).problem(404)
