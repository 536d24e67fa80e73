"""What comes back, posted: believed with a token and for our own letters, and never a 500."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.api import Access
from comms.delivery import Delivery, DeliveryState
from comms.desk import Desk, House, Scene
from comms.ledger import Filter
from comms.people import SITREP
from comms.recipient import Recipient
from comms.testing import HeldClock
from storage.book import SqlStore
from storage.database import Database
from tests.acting import declared, seen, sent
from tests.bot.api.client import TOKEN, Api, serving
from tests.comms.mail import reports
from tests.contracts.ledgers import LedgerBench, SqlShelf, outcomes

KIM = "kim@fabrikam.example"
MESSAGE = {"Content-Type": "message/rfc822"}
INBOUND = "a token for reports"


@pytest.fixture
async def mail_to_kim(desk: Desk, database: Database, clock: HeldClock) -> Delivery:
    """A mail that a relay accepted, with the receipt acs-1."""

    def fill(scene: Scene) -> None:
        scene.book.recipients.replace("stakeholders", [Recipient(email=KIM, name="Kim")])

    await desk.do(fill, SITREP, "api")
    incident = await declared(desk)
    await sent(desk, incident.key, audiences=("stakeholders",))
    bench = LedgerBench(SqlShelf(database), clock)
    claim, step = await bench.begun()
    done = outcomes(step.deliveries, DeliveryState.ACCEPTED, provider_id="acs-1")
    await bench.advance(claim, *done)
    return step.deliveries[0]


@pytest.fixture
async def api(desk: Desk) -> AsyncIterator[Api]:
    """A client of a house that has a token for reports too."""
    async with serving(desk, access=Access(token=TOKEN, inbound=INBOUND)) as client:
        yield client


async def state(desk: Desk) -> DeliveryState:
    [row] = await seen(desk, lambda scene: scene.book.fanouts.rows("INC-1", Filter()))
    return row.state


def event(**data: Any) -> dict[str, Any]:
    return {
        "id": "5f6b",
        "topic": "/subscriptions/x",
        "subject": "sender/incidents@contoso.example/message/acs-1",
        "data": {
            "sender": "incidents@contoso.example",
            "recipient": KIM,
            "messageId": "acs-1",
            "status": "Bounced",
            "deliveryStatusDetails": {"statusMessage": "550 5.1.1 no such user"},
            "deliveryAttemptTimeStamp": "2026-11-21T14:00:22.2855749+00:00",
            **data,
        },
        "eventType": "Microsoft.Communication.EmailDeliveryReportReceived",
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": "2026-11-21T14:00:22Z",
    }


async def test_a_message_as_it_came_is_taken(api: Api, desk: Desk, mail_to_kim: Delivery) -> None:
    raw = reports.postfix(desk.house.postmarks.of(mail_to_kim))

    reply = await api.ask("POST", "/inbound/bounces", data=raw, headers=MESSAGE)

    assert (reply.status, reply.body) == (
        200,
        {"reports": 1, "matched": 1, "strangers": 0, "repeated": 0, "suppressed": 1},
    )
    assert await state(desk) is DeliveryState.REJECTED


async def test_a_stranger_s_report_changes_nothing(
    api: Api, desk: Desk, mail_to_kim: Delivery
) -> None:
    raw = reports.postfix(f"{mail_to_kim.id}.{'0' * 24}")

    reply = await api.ask("POST", "/inbound/bounces", data=raw, headers=MESSAGE)

    assert reply.body["strangers"] == 1
    assert await state(desk) is DeliveryState.ACCEPTED


@pytest.mark.usefixtures("mail_to_kim")
async def test_a_report_of_azure_belongs_to_its_receipt_and_its_address(
    api: Api, desk: Desk
) -> None:
    others = [event(messageId="acs-2"), event(recipient="lee@fabrikam.example")]

    first = await api.ask("POST", "/inbound/bounces", json=others)
    second = await api.ask("POST", "/inbound/bounces", json=[event()])
    again = await api.ask("POST", "/inbound/bounces", json=[event()])

    assert first.body["strangers"] == 2
    assert second.body["suppressed"] == 1
    assert again.body["repeated"] == 1
    assert await state(desk) is DeliveryState.REJECTED


async def test_a_report_of_azure_is_known_by_its_message_id_too(
    api: Api, desk: Desk, mail_to_kim: Delivery
) -> None:
    name = f"<{desk.house.postmarks.of(mail_to_kim)}@contoso.example>"

    reply = await api.ask(
        "POST", "/inbound/bounces", json=[event(messageId="x", internetMessageId=name)]
    )

    assert reply.body["matched"] == 1


@pytest.mark.usefixtures("mail_to_kim")
@pytest.mark.parametrize("status", ["Delivered", "Expanded", "Quarantined", "FilteredSpam"])
async def test_what_is_not_the_address_s_fault_suppresses_nobody(api: Api, status: str) -> None:
    reply = await api.ask("POST", "/inbound/bounces", json=[event(status=status)])

    assert (reply.status, reply.body["suppressed"]) == (200, 0)


async def test_event_grid_gets_back_the_code_by_which_it_knows_us(api: Api) -> None:
    asked = {
        "id": "1",
        "topic": "/subscriptions/x",
        "subject": "",
        "data": {"validationCode": "512d38b6", "validationUrl": "https://example.org/"},
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": "2026-11-21T14:00:22Z",
        "metadataVersion": "1",
        "dataVersion": "1",
    }

    reply = await api.ask("POST", "/inbound/bounces", json=[asked])

    assert (reply.status, reply.body) == (200, {"validationResponse": "512d38b6"})


async def test_event_grid_may_send_cloud_events_once_it_has_asked(api: Api) -> None:
    origin = {"WebHook-Request-Origin": "eventgrid.azure.net"}
    nobody = {"Authorization": ""}

    allowed = await api.ask(
        "OPTIONS", "/inbound/bounces", headers={**origin, **nobody}, params={"token": INBOUND}
    )
    stranger = await api.ask("OPTIONS", "/inbound/bounces", headers={**origin, **nobody})
    nameless = await api.ask("OPTIONS", "/inbound/bounces")

    assert allowed.status == 200
    assert allowed.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"
    assert allowed.headers["WebHook-Allowed-Rate"] == "*"
    stranger.problem(401)
    nameless.problem(422)


@pytest.mark.usefixtures("mail_to_kim")
async def test_a_cloud_event_tells_what_an_event_of_event_grid_tells(api: Api) -> None:
    told = event()
    cloud = {
        "specversion": "1.0",
        "source": "/subscriptions/x",
        "id": told["id"],
        "type": told["eventType"],
        "data": told["data"],
    }

    reply = await api.ask(
        "POST",
        "/inbound/bounces",
        data=json.dumps(cloud).encode(),
        headers={"Content-Type": "application/cloudevents+json; charset=utf-8"},
    )

    assert reply.body["suppressed"] == 1


async def test_any_program_can_say_what_became_of_a_mail(
    api: Api, desk: Desk, mail_to_kim: Delivery
) -> None:
    name = f"<{desk.house.postmarks.of(mail_to_kim)}@contoso.example>"

    reply = await api.ask(
        "POST",
        "/inbound/bounces",
        json=[{"kind": "complaint", "message_id": name, "detail": "this is\r\nspam"}],
    )

    assert reply.body["suppressed"] == 1
    listed = (await api.get("/suppressions")).body["suppressed"]
    assert [(one["address"], one["reason"], one["evidence"]) for one in listed] == [
        (KIM, "complained", "this is spam")
    ]


async def test_the_token_for_reports_opens_nothing_else(api: Api) -> None:
    bearer = {"Authorization": f"Bearer {INBOUND}"}

    taken = await api.ask("POST", "/inbound/bounces", json=[], headers=bearer)
    refused = await api.ask("GET", "/api/v1/suppressions", headers=bearer)

    assert taken.status == 200
    assert "under /inbound" in refused.problem(403)["detail"]


async def test_a_service_that_can_set_no_header_puts_the_token_into_the_url(api: Api) -> None:
    nobody = {"Authorization": ""}

    taken = await api.ask(
        "POST", "/inbound/bounces", json=[], params={"token": INBOUND}, headers=nobody
    )
    wrong = await api.ask(
        "POST", "/inbound/bounces", json=[], params={"token": "guess"}, headers=nobody
    )
    elsewhere = await api.ask(
        "GET", "/api/v1/suppressions", params={"token": TOKEN}, headers=nobody
    )

    assert taken.status == 200
    wrong.problem(401)
    elsewhere.problem(401)


async def test_without_a_token_nothing_is_taken(api: Api) -> None:
    reply = await api.ask("POST", "/inbound/bounces", json=[], headers={"Authorization": ""})

    reply.problem(401)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reports": "x"}, ""),
        ("x", ""),
        ([1], "/0"),
        ([{"kind": "hard", "x": 1}], "/0/x"),
        ([{"kind": "soggy"}], "/0/kind"),
        ([{"eventType": 1, "id": "1"}], "/0/eventType"),
        ([{}] * 5001, ""),
    ],
)
async def test_what_is_no_list_of_reports_is_refused_with_its_place(
    api: Api, body: object, pointer: str
) -> None:
    reply = await api.ask("POST", "/inbound/bounces", json=body)

    assert reply.problem(422)["pointer"] == pointer


async def test_what_is_no_json_and_no_message_is_refused(api: Api) -> None:
    json = {"Content-Type": "application/json"}

    (await api.ask("POST", "/inbound/bounces", data=b"{", headers=json)).problem(400)
    (await api.ask("POST", "/inbound/bounces", data=b"x", headers={"Content-Type": "a/b"})).problem(
        415
    )


async def test_the_list_is_read_in_pages_and_lifted_from_by_a_person(
    api: Api, desk: Desk, mail_to_kim: Delivery
) -> None:
    raw = reports.postfix(desk.house.postmarks.of(mail_to_kim))
    await api.ask("POST", "/inbound/bounces", data=raw, headers=MESSAGE)

    page = (await api.get("/suppressions", limit="1")).body
    lifted = await api.ask("DELETE", f"/api/v1/suppressions/{KIM}")
    again = await api.ask("DELETE", f"/api/v1/suppressions/{KIM}")

    assert [one["address"] for one in page["suppressed"]] == [KIM]
    assert page["next"] is None
    assert (lifted.status, lifted.body["reason"]) == (200, "bounced")
    again.problem(404)
    assert (await api.get("/suppressions")).body["suppressed"] == []


@pytest.mark.parametrize("kind", ["database", "postgres"])
async def test_no_character_that_json_may_hold_disturbs_the_database(
    kind: str, house: House, clock: HeldClock, request: pytest.FixtureRequest
) -> None:
    desk = Desk(store=SqlStore(request.getfixturevalue(kind)), house=house, clock=clock)
    odd = "\x00\x1b\u202e\U0001f642"
    report = {"kind": "hard", "id": odd, "receipt": odd, "recipient": odd, "detail": odd}

    async with serving(desk) as api:
        taken = await api.ask("POST", "/inbound/bounces", json=[report])
        events = [{**event(messageId=odd, recipient=odd), "id": odd}]
        azure = await api.ask("POST", "/inbound/bounces", json=events)
        listed = await api.get("/suppressions", cursor=odd)

    assert (taken.status, taken.body["strangers"]) == (200, 1)
    assert (azure.status, azure.body["strangers"]) == (200, 1)
    listed.problem(422)
