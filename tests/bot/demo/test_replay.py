"""A scenario plays through real activities, at the pace of the demo's clock."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from time import monotonic

import pytest

from bot.demo.cast import CALEB, IN_TEAMS, INES, RAVI
from bot.demo.clock import ScaledClock
from bot.demo.replay import Phase, Progress, Replay
from bot.demo.scenario import Fill, Press, Say, Scenario, Step, Watch
from bot.demo.scenarios import SCENARIOS
from tests.bot.demo.stage import Stage, open_stage

STORY = Scenario(
    name="short",
    title="A short story",
    steps=(
        Step(minute=0, who=RAVI, act=Say(text="@Sitrep declare"), note="declares"),
        Step(
            minute=1,
            who=RAVI,
            act=Press(verb="declare.submit", typed={"title": "Since {-2}"}),
            note="submits",
        ),
        Step(
            minute=2,
            who=INES,
            act=Press(verb="role.take", where={"role": "comms_lead"}),
            note="takes a role",
        ),
        Step(
            minute=3,
            who=CALEB,
            act=Fill(verb="can.open", submit="can.submit", typed={"conditions": "Bad."}),
            note="reports",
        ),
        Step(minute=30, who=CALEB, act=Watch(), note="waits"),
        Step(minute=31, who=CALEB, act=Press(verb="update.approve"), note="approves"),
        Step(
            minute=32, who=RAVI, act=Say(text="@Sitrep thanks", in_war_room=True), note="thanks"
        ),
    ),
)  # fmt: skip


def story(*steps: Step) -> Scenario:
    return Scenario(name="story", title="A story", steps=steps)


async def play(stage: Stage) -> Progress:
    stage.replay.play()
    return await stage.replay.finished()


async def test_a_story_plays_to_its_end() -> None:
    async with open_stage(scenario=STORY, with_page=False) as stage:
        begun = stage.clock.now()
        progress = await play(stage)

        assert (progress.phase, progress.step) == (Phase.DONE, len(STORY.steps))
        assert len(stage.mail.mails) == 1
        assert stage.clock.speed == 1
        invoked = [one for one in stage.bot.heard if one["type"] == "invoke"]
        submitted = invoked[0]["value"]["action"]["data"]
        assert re.fullmatch(r"Since \d\d:\d\d", submitted["title"])
        assert submitted["severity"] == "SEV2"
        assert invoked[1]["value"]["action"]["data"]["role"] == "comms_lead"
        assert (stage.clock.now() - begun).total_seconds() >= 32 * 60


async def test_every_step_is_told_as_it_is_done() -> None:
    async with open_stage(scenario=STORY, with_page=False) as stage:
        told: list[Progress] = []
        replay = Replay(
            scenario=STORY,
            teams=stage.teams,
            clock=stage.clock,
            feed=stage.feed,
            tell=told.append,
            speed=36_000.0,
        )
        replay.play()
        await replay.finished()

    notes = [one.note for one in told if one.note]
    assert notes == [*(step.note for step in STORY.steps), STORY.steps[-1].note]


async def test_a_button_that_never_comes_ends_the_replay_with_a_reason() -> None:
    lost = story(Step(minute=0, who=RAVI, act=Press(verb="no.such"), note="looks in vain"))
    async with open_stage(scenario=lost, with_page=False, patience=0.05) as stage:
        progress = await play(stage)

    assert progress.phase is Phase.FAILED
    assert progress.note == "looks in vain: a button for 'no.such' did not appear"


async def test_a_refusal_ends_the_replay_in_the_bots_words() -> None:
    async with open_stage(scenario=story(*STORY.steps[:2]), with_page=False) as stage:
        stage.bot.answers["adaptiveCard/action"] = {
            "statusCode": 403,
            "type": "application/vnd.microsoft.error",
            "value": {"message": "Not you."},
        }
        progress = await play(stage)

    assert (progress.phase, progress.note) == (Phase.FAILED, "submits: Not you.")


async def test_a_slow_bot_makes_nobody_late() -> None:
    taken = [0.0]
    clock = ScaledClock(ticks=lambda: monotonic() + sum(taken))
    short = story(*STORY.steps[:2])
    async with open_stage(scenario=short, with_page=False, clock=clock) as stage:
        begun, stage.bot.toil = clock.now(), lambda: taken.append(3600.0)
        await play(stage)
        asked = [one for one in stage.bot.heard if one["type"] == "invoke"]

    late = datetime.fromisoformat(asked[0]["timestamp"]) - begun - timedelta(minutes=1)
    assert late < timedelta(days=365), "an hour is four years at this speed"


async def test_steps_go_one_by_one_while_time_stands_still() -> None:
    async with open_stage(scenario=STORY, clock=ScaledClock(running=False)) as stage:
        async with stage.feed.listen() as listener:
            for number in (1, 2):
                stage.replay.step()
                while stage.replay.progress.step < number:
                    await listener.topics()

        assert not stage.clock.running
        assert stage.replay.progress.note == "submits"


async def test_a_restart_begins_a_new_incident_beside_the_old_one() -> None:
    async with open_stage(scenario=story(*STORY.steps[:2]), with_page=False) as stage:
        await play(stage)
        first = {room.id for room in stage.teams.rooms}
        await stage.replay.restart()
        progress = await stage.replay.finished()

        assert progress.phase is Phase.DONE
        assert len({room.id for room in stage.teams.rooms}) == 2 * len(first)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_shipped_story_is_told_in_order_by_people_who_have_teams(scenario: Scenario) -> None:
    minutes = [step.minute for step in scenario.steps]

    assert minutes == sorted(minutes)
    assert {step.who for step in scenario.steps} <= set(IN_TEAMS)
    assert all(step.note for step in scenario.steps)
