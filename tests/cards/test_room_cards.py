"""The war room's cards say what is so: promises, asks, roles, reach, nudges."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.cards.ask import ask_card
from bot.cards.decision import awaiting_card
from bot.cards.nudge import answered_nudge_card, nudge_card
from bot.cards.reach import reach_card, reach_line
from bot.cards.views import reach_of
from bot.cards.war_room import war_room_card
from bot.cards.wording import duration, listed, people
from comms.ask import Ask, AskState
from comms.chase import Seen
from comms.delivery import DeliveryState, Reason
from comms.hold import Held
from comms.people import Person, Role
from comms.plan.escalation import Phase
from comms.plan.model import ChannelName, OnUnknown
from comms.promise import Promise, PromiseState, answered, withdrawn
from comms.report import Need
from comms.throttle import Limit
from comms.unreached import Missed, Unreached, Way
from comms.update import Approval, UpdateState
from tests.cards.story import ANA, NOW, Words, incident, plan, update


def promise(audience: str, minutes: int, **more: object) -> Promise:
    made = Promise(
        id=1,
        incident="INC-41",
        audience=audience,
        made_at=NOW,
        due_at=NOW + timedelta(minutes=minutes),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def room(**more: object) -> str:
    card = war_room_card(incident=incident(Words()), plan=plan(), now=NOW, **more)  # type: ignore[arg-type]
    return json.dumps(card, ensure_ascii=False)


def test_an_overdue_promise_is_marked_in_words() -> None:
    assert "⚠ **overdue** since 09:38 UTC" in room(promises=[promise("customers", -4)])
    assert "overdue" not in room(promises=[promise("customers", 4)])


def test_a_plan_that_was_not_taken_up_is_told_of_while_the_incident_is_open() -> None:
    warned = "The communication plan's file has 2 mistakes, so the plan stays as it was."

    assert warned in room(refused=("plan.yaml:1:1: …", "plan.yaml:2:1: …"))
    assert "plan's file" not in room()


def test_a_promise_that_was_answered_is_not_shown() -> None:
    kept = promise("customers", -4, state=PromiseState.KEPT, answered_at=NOW)

    assert "Next update" not in room(promises=[kept])


def test_a_missed_promise_stays_until_it_is_answered() -> None:
    assert "overdue" in room(promises=[promise("customers", -4, state=PromiseState.MISSED)])


def test_an_audience_is_shown_once_with_its_most_urgent_promise() -> None:
    shown = room(promises=[promise("customers", 9), promise("customers", 3)])

    assert shown.count('"Customers"') == 1
    assert "by 09:45 UTC" in shown


def test_only_a_role_that_nobody_has_can_be_taken() -> None:
    shown = room()

    assert '"role": "comms_lead"' in shown
    assert '"role": "incident_commander"' not in shown


def test_asks_that_are_met_or_dropped_leave_the_room() -> None:
    def ask(state: AskState) -> Ask:
        return Ask(id=7, incident="INC-41", need=Need(text="Hands"), raised_at=NOW, state=state)

    assert "Hands" in room(asks=[ask(AskState.OPEN)])
    assert "Hands" not in room(asks=[ask(AskState.MET), ask(AskState.DROPPED)])


def test_many_asks_are_counted_not_dropped_silently() -> None:
    asks = [
        Ask(id=i, incident="INC-41", need=Need(text=f"Need {i}"), raised_at=NOW) for i in range(7)
    ]

    assert "and 2 more" in room(asks=asks)


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (AskState.OPEN, {"ask.take", "ask.met", "ask.decline"}),
        (AskState.TAKEN, {"ask.met", "ask.decline"}),
        (AskState.MET, set()),
        (AskState.DROPPED, set()),
    ],
)
def test_an_ask_offers_its_next_step_only(state: AskState, verbs: set[str]) -> None:
    ask = Ask(id=7, incident="INC-41", need=Need(text="Hands"), raised_at=NOW, state=state)
    card = json.dumps(ask_card(incident=incident(Words()), ask=ask, plan=plan()))

    assert {verb for verb in ("ask.take", "ask.met", "ask.decline") if verb in card} == verbs


def nudge(phase: Phase, minutes: int, to: Person | None, draft: int | None = None) -> str:
    card = nudge_card(
        incident=incident(Words()),
        plan=plan(),
        phase=phase,
        due_at=NOW + timedelta(minutes=minutes),
        audiences=("executives", "customers"),
        now=NOW,
        to=to,
        draft=draft,
    )
    return json.dumps(card, ensure_ascii=False)


def test_a_nudge_says_who_waits_and_for_how_long() -> None:
    assert "Update to Executives and Customers due by 09:47 UTC, in 5 min" in nudge(
        Phase.NUDGE, 5, ANA
    )
    assert "overdue since 09:37 UTC, by 5 min" in nudge(Phase.ESCALATE, -5, ANA)


def test_a_nudge_mentions_whom_teams_knows() -> None:
    known = json.loads(nudge(Phase.DUE, 0, ANA))
    unknown = nudge(Phase.DUE, 0, replace(ANA, teams_id=""))

    assert known["msteams"]["entities"] == [
        {
            "type": "mention",
            "text": "<at>Ana Silva</at>",
            "mentioned": {"id": "29:ana", "name": "Ana Silva"},
        }
    ]
    assert "Ana Silva: " in unknown
    assert "<at>" not in unknown


def test_a_nudge_leads_to_the_open_draft_or_else_to_the_form() -> None:
    assert "update.show" in nudge(Phase.DUE, 0, ANA, draft=3)
    assert "can.open" in nudge(Phase.DUE, 0, ANA)


TOTALS = {
    ("customers", ChannelName.PAGE): {DeliveryState.ACCEPTED: 1},
    ("customers", ChannelName.MAIL): {
        DeliveryState.ACCEPTED: 10,
        DeliveryState.UNKNOWN: 2,
        DeliveryState.REJECTED: 3,
        DeliveryState.SUPPRESSED: 4,
    },
    ("responders", ChannelName.TEAMS): {DeliveryState.ACCEPTED: 1},
}


def test_reach_adds_an_audiences_channels_in_the_plans_order() -> None:
    reach = reach_of(3, TOTALS, plan())

    assert [audience.audience for audience in reach.audiences] == ["Responders", "Customers"]
    assert reach_line(reach) == (
        "Update 3 reached 12 of 17 · 3 failed · 2 unknown · 4 left out on purpose"
    )


def test_the_reach_names_who_has_not_acknowledged_and_says_who_waits() -> None:
    seen = {"executives": Seen(acknowledged=1, told=4, silent=("Ana", "Bo"))}
    held = {"executives": Held(deliveries=2, until=datetime(2026, 6, 2, 5, tzinfo=UTC))}
    totals = {
        ("executives", ChannelName.MAIL): {DeliveryState.ACCEPTED: 2, DeliveryState.PLANNED: 2}
    }

    card = reach_card(
        incident=incident(Words()), reach=reach_of(3, totals, plan(), seen=seen, held=held)
    )

    said = json.dumps(card, ensure_ascii=False)
    assert "✔" not in said
    assert "1 of 4 acknowledged · 2 wait for the end of quiet hours, from 05:00 UTC on" in said
    assert "Executives, not acknowledged yet: Ana, Bo and 1 other" in said
    assert "under way" not in said


def test_a_resend_counts_those_that_a_retry_sends_again() -> None:
    card = reach_card(incident=incident(Words()), reach=reach_of(3, TOTALS, plan()))

    assert [a["title"] for a in card["actions"]] == ["Resend to 5 not reached"]  # type: ignore[attr-defined]


def test_nothing_is_resent_while_sending_is_under_way() -> None:
    totals = {
        ("customers", ChannelName.MAIL): {DeliveryState.PLANNED: 60, DeliveryState.REJECTED: 1}
    }
    reach = reach_of(
        3, totals, plan(), limits=lambda _audience, _channel: (Limit(key="mail", rate=0.5),)
    )

    assert reach.audiences[0].eta == timedelta(minutes=2)
    assert reach_card(incident=incident(Words()), reach=reach)["actions"] == []


def test_durations_and_counts_read_like_words() -> None:
    spans = [timedelta(seconds=s) for s in (10, 61, 840, 10_200, 7200)]

    assert [duration(span) for span in spans] == [
        "under a minute",
        "2 min",
        "14 min",
        "2 h 50 min",
        "2 h",
    ]
    assert [people(1), people(412), people(5000)] == ["1 person", "412 people", "5\u202f000 people"]
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"])] == ["", "a", "a, b and c"]


def settled(*promises: Promise) -> str:
    card = answered_nudge_card(
        incident=incident(Words()), plan=plan(), promises=promises, reminded=ANA
    )
    assert card["actions"] == []
    return json.dumps(card, ensure_ascii=False)


def test_an_answered_nudge_asks_for_nothing_and_says_whether_it_was_in_time() -> None:
    kept = answered(promise("executives", 30), number=3, now=NOW + timedelta(minutes=28))
    late = answered(promise("executives", 30), number=3, now=NOW + timedelta(minutes=31))

    assert "✔ Executives were told in time: promised by 10:12 UTC, update 3 went out 10:10 UTC" in (
        settled(kept)
    )
    assert "Executives were told late: promised by 10:12 UTC, update 3 went out 10:13 UTC" in (
        settled(kept, late)
    )
    assert f"{ANA.name} was reminded." in settled(kept)


def test_a_nudge_whose_incident_ended_says_that_nothing_is_owed() -> None:
    assert "Executives: nothing is owed any more (promised by 10:12 UTC)" in settled(
        withdrawn(promise("executives", 30), NOW)
    )


def test_one_person_who_holds_two_roles_is_told_that_another_must_approve() -> None:
    yes = Approval(by=ANA, roles=frozenset({Role.COMMS_LEAD}), hash="", at=NOW)
    once = replace(update(Words()), state=UpdateState.AWAITING, approvals=(yes,))

    def said(needed: Role) -> str:
        card = awaiting_card(incident=incident(Words()), update=once, plan=plan(), needed=(needed,))
        return json.dumps(card, ensure_ascii=False)

    assert f"somebody other than {ANA.name} must approve too" in said(Role.COMMS_LEAD)
    assert "Four eyes" not in said(Role.INCIDENT_COMMANDER)


def test_what_is_held_for_a_person_says_so() -> None:
    held = replace(plan().audiences["customers"], on_unknown=OnUnknown.HOLD)
    holding = replace(plan(), audiences={**plan().audiences, "customers": held})

    card = reach_card(incident=incident(Words()), reach=reach_of(3, TOTALS, holding))

    assert "2 unknown" in json.dumps(card)
    assert "what is unknown waits for you" in json.dumps(card)


KIM = Unreached(
    audience="Stakeholders",
    channel=ChannelName.MAIL,
    name="Kim *Akers*",
    address="kim@x.org",
    reason=Reason.BOUNCED,
    why="mail came back",
    ways=(
        Way(label="told in Teams"),
        Way(label="chat in Teams", url="https://teams.microsoft.com/l/chat/0/0?users=kim%40x.org"),
    ),
)


def test_reach_names_who_was_not_reached_and_how_else_they_can_be() -> None:
    lost = Missed(people=(KIM,), has_more=True, beyond_resend=3)

    card = reach_card(incident=incident(Words()), reach=reach_of(3, TOTALS, plan()), missed=lost)

    texts = [one.get("text") for one in card["body"]]  # type: ignore[attr-defined]
    assert texts[-3:] == [
        "Not reached",
        r"**Kim \*Akers\*** (Stakeholders): mail came back · told in Teams · [chat in"
        " Teams](https://teams.microsoft.com/l/chat/0/0?users=kim%40x.org)",
        "And others: the ledger names them all.",
    ]
    assert [a["title"] for a in card["actions"]] == ["Resend to 2 not reached"]  # type: ignore[attr-defined]


def test_nobody_is_called_not_reached_while_sending_is_under_way() -> None:
    totals = {("customers", ChannelName.MAIL): {DeliveryState.SENDING: 1}}

    card = reach_card(
        incident=incident(Words()), reach=reach_of(3, totals, plan()), missed=Missed(people=(KIM,))
    )

    assert "Not reached" not in str(card["body"])
