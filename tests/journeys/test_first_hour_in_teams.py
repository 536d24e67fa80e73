"""The first hour of a SEV1, lived in Teams: every step is an activity, every reader a real one."""

from __future__ import annotations

from bot.cards import verbs
from bot.demo.cast import CALEB, ELENA, INES, RAVI
from bot.demo.scenario import Fill
from bot.demo.teams.cards import card_of
from bot.demo.teams.rooms import Message
from bot.demo.town import people
from comms.incident import Status
from comms.promise import PromiseState
from tests.journeys.team import Team, a_team, words_of


async def test_the_first_hour_of_a_sev1_in_teams() -> None:
    async with a_team() as team:
        await two_inputs_open_the_war_room_and_its_card_takes_leads(team)
        await one_report_is_previewed_for_everybody_before_anything_leaves(team)
        await a_change_of_severity_voids_the_approval_and_the_old_card(team)
        await two_people_approve_the_same_text_and_every_reader_has_it(team)
        await what_is_needed_is_taken_with_a_button_and_met(team)
        await no_change_is_one_tap_from_the_reminder_to_the_next_update(team)
        await a_missed_promise_is_told_up_the_line_and_marked_in_the_war_room(team)
        await customers_read_on_the_page_that_their_update_is_late(team)
        await doing_becomes_done_with_a_tap_and_broken_glass_is_seen_by_all(team)
        await the_end_is_approved_like_any_update_and_reaches_whoever_was_told(team)
        await the_hour_can_be_read_back(team)


async def two_inputs_open_the_war_room_and_its_card_takes_leads(team: Team) -> None:
    assert await team.led() == "INC-1"

    await team.see("Incident commander: **Ines Carter**")
    await team.see("Comms lead: **Caleb Long**")


async def one_report_is_previewed_for_everybody_before_anything_leaves(team: Team) -> None:
    await team.until(3)
    await team.drafted()

    await team.see("This is exactly what is sent.")
    await team.press(CALEB, verbs.UPDATE_APPROVE, number=1)
    await team.see("still needs the approval of: incident commander", who=CALEB)
    assert not team.stage.mail.mails


async def a_change_of_severity_voids_the_approval_and_the_old_card(team: Team) -> None:
    await team.until(4)
    old, _, approve = await team.actor.button(INES, verbs.UPDATE_APPROVE)
    await team.press(INES, verbs.SEVERITY_CHANGE, typed={"severity": "SEV2"})

    refused = await team.stage.teams.execute(INES, old, approve, approve["data"])

    assert "Not approved: the draft has changed" in words_of(refused.card or {})
    await team.press(INES, verbs.UPDATE_SHOW, number=1)
    await team.press(INES, verbs.UPDATE_APPROVE, number=1)
    await team.see("still needs the approval of: comms lead", who=INES)
    assert not team.stage.mail.mails


async def two_people_approve_the_same_text_and_every_reader_has_it(team: Team) -> None:
    await team.until(5)
    await team.press(INES, verbs.SEVERITY_CHANGE, typed={"severity": "SEV1"})
    await team.approved(1)

    [mail] = [m for m in team.mails(1, "executives") if ELENA.email in m.recipients]
    assert "4 in 10 card payments fail" in mail.text
    page = await team.page(shows="Some card payments are declined.")
    assert "release 412" not in page
    await team.see("Update 1 is approved and on its way", who=INES)
    mailed = [mail for crowd in people() for mail in team.mails(1, crowd)]
    await team.see(f"Update 1 reached {len(mailed) + 2} of")  # and the room, and the page


async def what_is_needed_is_taken_with_a_button_and_met(team: Team) -> None:
    await team.until(8)
    await team.press(RAVI, verbs.ASK_TAKE)
    await team.see("taken by Ravi Singh")
    await team.press(RAVI, verbs.ASK_DECLINE)
    await team.see("Ravi Singh can't")
    await team.press(RAVI, verbs.ASK_TAKE)

    await team.press(RAVI, verbs.ASK_MET)

    await team.see("met by Ravi Singh")


async def no_change_is_one_tap_from_the_reminder_to_the_next_update(team: Team) -> None:
    await team.until_promised("responders", minutes=-5)
    nudge = await team.see("Update to Responders due by")
    assert mentioned(nudge) == [CALEB.teams_id]

    message, form = await team.actor.open(CALEB, verbs.CAN_OPEN)
    await team.actor.send(CALEB, message, form, verbs.CAN_NOCHANGE, {})
    await team.approved(2)

    assert len(team.mails(2, "executives")) == 5
    assert "4 in 10 card payments fail" in team.mails(2, "executives")[0].text


async def a_missed_promise_is_told_up_the_line_and_marked_in_the_war_room(team: Team) -> None:
    await team.until_promised("responders", minutes=-5)
    assert mentioned(await team.see("Update to Responders due by")) == [CALEB.teams_id]
    await team.until_promised("responders")
    assert mentioned(await team.see("Update to Responders is due now")) == [INES.teams_id]
    await team.until_promised("responders", minutes=5)
    assert mentioned(await team.see("Please see that somebody does.")) == [ELENA.teams_id]
    await team.see("⚠ **overdue** since")


async def customers_read_on_the_page_that_their_update_is_late(team: Team) -> None:
    await team.until_promised("customers")

    page = await team.page(shows="The next update is late.")

    assert 'class="late"' in page


async def doing_becomes_done_with_a_tap_and_broken_glass_is_seen_by_all(team: Team) -> None:
    message, form = await team.actor.open(CALEB, verbs.CAN_OPEN)
    carried = await team.actor.send(CALEB, message, form, verbs.CAN_CARRY, {})
    assert carried.card is not None
    typed = {"conditions": "Fewer than 1 in 100 card payments fail.", "status": "monitoring"}
    await team.actor.send(CALEB, message, carried.card, verbs.CAN_SUBMIT, typed)

    reason = "Nobody answers; readers have waited for 16 minutes."
    await team.press(RAVI, verbs.UPDATE_BREAKGLASS, typed={"reason": reason}, number=3)
    await team.sent()

    update = await team.see("Fewer than 1 in 100 card payments fail.")
    assert "Rolling back release 412" in words_of(card_of(update.activity) or {})
    told = await team.see("broke the glass: update 3 went out")
    assert reason in words_of(card_of(told.activity) or {})
    assert mentioned(told) == [ELENA.teams_id]
    page = await team.page(shows="Update 3")
    assert "The next update is late." not in page.replace(" hidden>The next update is late.", "")


async def the_end_is_approved_like_any_update_and_reaches_whoever_was_told(team: Team) -> None:
    await team.until(58)
    await team.actor.fill(
        INES,
        Fill(
            verb=verbs.RESOLVE_OPEN,
            submit=verbs.RESOLVE_SUBMIT,
            typed={"conditions": "All card payments work.", "symptom": "Card payments work again."},
        ),
    )
    await team.approved(4)

    for audience, crowd in people().items():
        told = {mail.recipients for mail in team.mails(4, audience)}
        assert told == {mail.recipients for mail in team.mails(1, audience)}, audience
        assert len(told) <= len(crowd)
    await team.page("/feed.json", shows="Card payments work again.")
    assert "Past 14 days" in await team.page(shows="Resolved")
    assert (await team.incident("INC-1")).status is Status.RESOLVED


async def the_hour_can_be_read_back(team: Team) -> None:
    promises = await team.read(lambda scene: scene.book.promises.of("INC-1"))
    assert not [promise for promise in promises if promise.is_owed]
    missed = [promise.audience for promise in promises if promise.state is PromiseState.MISSED]
    assert sorted(missed) == ["customers", "executives", "responders", "stakeholders"]

    told = [entry.kind for entry in await team.timeline("INC-1")]
    for kind, times in {"update.planned": 4, "update.break_glass": 1, "ask.met": 1}.items():
        assert told.count(kind) == times, kind


def mentioned(message: Message) -> list[str]:
    """Whom a card mentions."""
    card = card_of(message.activity) or {}
    return [entity["mentioned"]["id"] for entity in card["msteams"]["entities"]]
