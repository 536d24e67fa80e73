"""The life of an incident through the API, over real HTTP."""

from __future__ import annotations

from typing import Any

from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.fanout import Runner
from comms.testing import FakeTransport
from comms.testing.transport import Rule, accept
from tests.bot.api.client import CAN, Api

ADA = {"email": "ada@example.org", "name": "Ada Lovelace"}
BEN = {"email": "ben@example.org", "name": "Ben Okafor"}


async def _lead(api: Api, key: str) -> None:
    for role, person in (("incident_commander", ADA), ("comms_lead", BEN)):
        reply = await api.post(f"/incidents/{key}/roles", {"role": role, "person": person})
        assert reply.status == 200, reply.text


async def _approve(api: Api, key: str, draft: dict[str, Any], approver: object) -> Any:
    path = f"/incidents/{key}/updates/{draft['number']}/approve"
    reply = await api.post(path, {"hash": draft["hash"], "approver": approver})
    assert reply.status == 202, reply.text
    return reply.body


def _refuse(address: str) -> Rule:
    def rule(delivery: Delivery) -> Outcome:
        if delivery.address != address:
            return accept(delivery)
        return Outcome(
            delivery=delivery.id,
            state=DeliveryState.REJECTED,
            reason=Reason.MAILBOX_UNKNOWN,
            detail="550 5.1.1",
        )

    return rule


async def test_an_incident_is_told_from_declaration_to_its_end(
    api: Api, mail: Runner, relay: FakeTransport
) -> None:
    await api.people("stakeholders", "one@example.org", "two@example.org")
    await api.people("customers", "customer@example.net")
    key = await api.declare(services=["card payments"])
    await _lead(api, key)

    draft = await api.draft(key, status="identified")
    assert draft["number"] == 1
    assert draft["audiences"]["stakeholders"]["recipients"] == 2
    assert sorted(draft["needed"]) == ["comms_lead", "incident_commander"]

    shown = await api.get(f"/incidents/{key}/updates/1/preview", audience="stakeholders")
    assert shown.body["channel"] == "mail"
    assert CAN["conditions"] in shown.body["parts"]["text/plain"]

    first = await _approve(api, key, draft, BEN["email"])
    assert first["state"] == "awaiting"
    assert first["needed"] == ["incident_commander"]
    assert relay.addresses == []
    second = await _approve(api, key, draft, "incident_commander")
    assert second["state"] == "approved"
    assert [approval["by"]["name"] for approval in second["approvals"]] == [
        "Ben Okafor",
        "Ada Lovelace",
    ]

    await mail.run_until_idle()
    reach = (await api.get(f"/incidents/{key}/updates/1/reach")).body
    assert reach["audiences"]["stakeholders"]["accepted"] == 2
    assert reach["audiences"]["customers"]["accepted"] == 1
    # The war room and the page have no runner in this test.
    assert reach["states"]["planned"] == 2

    state = (await api.get(f"/incidents/{key}")).body
    assert state["status"] == "identified"
    assert state["updates"][0]["reach"] == reach["states"]
    assert [ask["text"] for ask in state["asks"]] == ["A contact at the acquirer"]

    final = (await api.post(f"/incidents/{key}/resolve")).body
    assert final["incident"]["status"] == "resolved"
    assert final["kind"] == "resolved"
    assert set(final["audiences"]) == {"responders", "executives", "stakeholders", "customers"}
    await _approve(api, key, final, ADA)
    assert (await _approve(api, key, final, BEN))["state"] == "approved"
    await mail.run_until_idle()
    assert len(relay.addresses) == 6


async def test_a_repeated_declaration_is_one_incident(api: Api) -> None:
    body = {"title": "Card payments failing", "severity": "SEV1"}
    again = {"Idempotency-Key": "alert-17"}

    first = await api.post("/incidents", body, headers=again)
    second = await api.post("/incidents", body, headers=again)
    third = await api.post("/incidents", body)

    assert first.headers["Location"] == f"/api/v1/incidents/{first.body['key']}"
    assert second.body["key"] == first.body["key"]
    assert third.body["key"] != first.body["key"]


async def test_four_eyes_needs_two_even_where_the_token_acts_in_both_roles(api: Api) -> None:
    key = await api.declare()
    draft = await api.draft(key, audiences=["customers"])

    first = await _approve(api, key, draft, "comms_lead")
    again = await _approve(api, key, draft, "comms_lead")
    last = await _approve(api, key, draft, "incident_commander")

    assert first["needed"] == again["needed"] == ["incident_commander"]
    assert last["state"] == "approved"
    assert [one["by"]["name"] for one in last["approvals"]] == [
        "API as comms lead",
        "API as incident commander",
    ]


async def test_one_person_in_both_roles_is_not_four_eyes(api: Api) -> None:
    key = await api.declare()
    for role in ("incident_commander", "comms_lead"):
        await api.post(f"/incidents/{key}/roles", {"role": role, "person": ADA})
    draft = await api.draft(key, audiences=["customers"])

    first = await _approve(api, key, draft, "comms_lead")
    second = await _approve(api, key, draft, "incident_commander")

    assert first["needed"] == second["needed"]
    assert second["state"] == "awaiting"


async def test_a_broken_glass_is_recorded_and_told(api: Api) -> None:
    key = await api.declare()
    draft = await api.draft(key, audiences=["customers"])

    reply = await api.post(
        f"/incidents/{key}/updates/1/approve",
        {"hash": draft["hash"], "approver": BEN, "break_glass": "Nobody else is awake."},
    )

    assert reply.body["state"] == "approved"
    assert reply.body["approvals"][0]["break_glass"] == "Nobody else is awake."
    told = (await api.get(f"/incidents/{key}/timeline")).body["entries"]
    assert "update.break_glass" in [entry["kind"] for entry in told]


async def test_those_not_reached_are_sent_to_again(
    api: Api, mail: Runner, relay: FakeTransport
) -> None:
    await api.people("stakeholders", "one@example.org", "two@example.org")
    key = await api.declare()
    draft = await api.draft(key, audiences=["stakeholders"])
    await _approve(api, key, draft, "comms_lead")
    relay.rule = _refuse("two@example.org")
    await mail.run_until_idle()

    failed = await api.get(f"/incidents/{key}/updates/1/deliveries", state="rejected")
    assert [row["address"] for row in failed.body["deliveries"]] == ["two@example.org"]

    relay.rule = accept
    again = await api.post(f"/incidents/{key}/updates/1/retry", {"only": "failed"})
    assert (again.status, again.body) == (202, {"retried": 1})
    await mail.run_until_idle()
    reach = (await api.get(f"/incidents/{key}/updates/1/reach")).body
    assert reach["states"]["accepted"] == 2


async def test_the_ledger_is_read_page_by_page(api: Api, mail: Runner) -> None:
    await api.people("stakeholders", *(f"p{at}@example.org" for at in range(5)))
    key = await api.declare()
    draft = await api.draft(key, audiences=["stakeholders"])
    await _approve(api, key, draft, "comms_lead")
    path = f"/incidents/{key}/updates/1/deliveries"

    seen: list[str] = []
    cursor: dict[str, str] = {}
    sizes = []
    while True:
        page = (await api.get(path, limit="2", **cursor)).body
        seen += [row["address"] for row in page["deliveries"]]
        sizes.append(len(page["deliveries"]))
        if page["next"] is None:
            break
        cursor = {"cursor": str(page["next"])}

    assert sizes == [2, 2, 1]
    assert seen == [f"p{at}@example.org" for at in range(5)]


async def test_severity_and_status_change_and_make_an_open_draft_stale(api: Api) -> None:
    key = await api.declare(severity="SEV3")
    draft = await api.draft(key, audiences=["stakeholders"])

    worse = await api.post(f"/incidents/{key}/severity", {"severity": "SEV1"})
    assert worse.body["severity"] == "SEV1"
    assert worse.body["updates"][0]["hash"] != draft["hash"]
    moved = await api.post(f"/incidents/{key}/status", {"status": "monitoring"})
    assert moved.body["status"] == "monitoring"


async def test_a_suspected_incident_promises_nothing_until_it_is_confirmed(api: Api) -> None:
    key = await api.declare(suspected=True)
    assert (await api.get(f"/incidents/{key}")).body["promises"] == []

    confirmed = (await api.post(f"/incidents/{key}/confirm")).body

    assert confirmed["status"] == "declared"
    assert {promise["audience"] for promise in confirmed["promises"]} >= {"customers"}


async def test_an_ask_is_taken_and_met(api: Api) -> None:
    key = await api.declare()
    draft = await api.draft(key, audiences=["responders"])
    await _approve(api, key, draft, ADA)
    (ask,) = (await api.get(f"/incidents/{key}")).body["asks"]

    taken = await api.post(f"/incidents/{key}/asks/{ask['id']}/take", {"person": BEN})
    other = await api.post(f"/incidents/{key}/asks/{ask['id']}/take", {"person": ADA})
    met = await api.post(f"/incidents/{key}/asks/{ask['id']}/meet")

    assert taken.body["taken_by"]["name"] == "Ben Okafor"
    assert other.problem(409)["detail"] == "Ben Okafor has it."
    assert met.body["state"] == "met"


async def test_a_discarded_draft_gives_its_number_back(api: Api) -> None:
    key = await api.declare()
    await api.draft(key)

    gone = await api.ask("DELETE", f"/api/v1/incidents/{key}/updates/1")
    assert gone.body["state"] == "discarded"
    assert (await api.get(f"/incidents/{key}/updates/1")).status == 404
    assert (await api.draft(key))["number"] == 1


async def test_a_need_may_be_just_its_words(api: Api) -> None:
    key = await api.declare()
    await api.draft(key, needs=["More coffee", {"text": "A decision", "decision": True}])

    update = (await api.get(f"/incidents/{key}/updates/1")).body

    assert [need["text"] for need in update["report"]["needs"]] == ["More coffee", "A decision"]


async def test_a_note_stands_in_the_timeline_and_the_deed_in_the_audit(api: Api) -> None:
    key = await api.declare()

    noted = await api.post(f"/incidents/{key}/timeline", {"text": "Rolled back at 09:41."})

    assert noted.status == 201
    told = (await api.get(f"/incidents/{key}/timeline")).body["entries"]
    assert [entry["kind"] for entry in told] == ["incident.declared", "note"]
    later = await api.get(f"/incidents/{key}/timeline", after=str(told[0]["id"]))
    assert [entry["text"] for entry in later.body["entries"]] == ["Rolled back at 09:41."]
    deeds = (await api.get(f"/incidents/{key}/audit")).body["deeds"]
    assert [(deed["action"], deed["via"]) for deed in deeds] == [
        ("incident.declared", "api"),
        ("note", "api"),
    ]


async def test_incidents_are_found_by_their_words_and_by_being_open(api: Api) -> None:
    first = await api.declare(title="Card payments failing")
    second = await api.declare(title="Slow search")
    await api.post(f"/incidents/{first}/resolve")

    async def found(**params: str) -> list[str]:
        body = (await api.get("/incidents", **params)).body
        return [incident["key"] for incident in body["incidents"]]

    assert await found() == [second, first]
    assert await found(q="payments") == [first]
    assert await found(open="true") == [second]


async def test_a_key_may_be_written_in_small_letters(api: Api) -> None:
    key = await api.declare()

    draft = await api.draft(key.lower())

    assert (await api.get(f"/incidents/{key}/updates/{draft['number']}")).status == 200
