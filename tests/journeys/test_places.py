"""Where the war room opens: in a channel, in a chat until there is one, and never in silence."""

from __future__ import annotations

from functools import partial

from bot.cards import verbs
from bot.demo.cast import CALEB, INES, RAVI
from bot.demo.teams.cards import card_of, find_action
from bot.demo.teams.rooms import Message, RoomKind
from comms.desk import Scene
from tests.journeys.team import Team, a_team, shown

TYPED = {"title": "Card payments failing", "severity": "SEV2"}


async def test_declared_where_no_channel_is_the_room_opens_as_soon_as_there_is_one() -> None:
    async with a_team(installed=False) as team:
        key = (await team.api("post", "/incidents", TYPED))["key"]
        missing = await team.becomes(lambda scene: told(scene, key, "room.missing"))
        assert "Sitrep is in no channel of a team yet." in missing
        assert "Add the app to a team" in missing
        await team.api("post", f"/incidents/{key}/updates", {"conditions": "4 in 10 fail."})

        await team.stage.teams.install(INES)

        room = (await team.see(key)).room
        assert room.kind is RoomKind.THREAD
        await team.actor.button(CALEB, verbs.UPDATE_APPROVE, {"incident": key, "number": 1})
        assert await team.becomes(lambda scene: told(scene, key, "room.opened"))


async def test_in_a_personal_chat_the_room_moves_into_the_first_channel_there_is() -> None:
    async with a_team(installed=False) as team:
        chat = team.stage.teams.rooms.chat(RAVI)
        await team.say(RAVI, "declare Card payments failing sev1", room=chat)
        await team.see("Until then this chat is the war room, which only you see.")
        await team.press(RAVI, verbs.ROLE_TAKE, role="comms_lead")
        await team.drafted()

        await team.stage.teams.install(INES)

        told_where = await team.see("The war room is open in the incidents channel")
        assert told_where.room is chat
        # What it asked for is there too.
        await team.actor.sight(partial(in_channel, team, verbs.UPDATE_APPROVE), "the draft")
        # What stood in for it says so and has nothing left to press.
        assert not [one for one in chat.messages if "People" in shown(one)]


async def test_a_group_chat_is_the_war_room_of_what_is_declared_in_it() -> None:
    async with a_team(installed=False) as team:
        chat = team.stage.teams.rooms.group("oncall")
        await team.say(RAVI, "declare Card payments failing sev1", room=chat)
        await team.press(INES, verbs.ROLE_TAKE, role="incident_commander")
        await team.press(CALEB, verbs.ROLE_TAKE, role="comms_lead")
        await team.drafted()
        await team.approved(1)

        assert {one.room.id for one in team.stage.teams.rooms.newest()} == {chat.id}
        assert team.mails(1, "executives")
        assert not await team.read(lambda scene: told(scene, "INC-1", "room.missing"))


async def test_a_team_whose_channels_are_not_named_gets_its_rooms_in_general() -> None:
    async with a_team(installed=False) as team:
        await team.stage.teams.install(INES, names_channel=False)
        home = await team.becomes(lambda scene: scene.book.rooms.home())
        assert home
        assert home.channel == team.stage.teams.place.team_id

        key = (await team.api("post", "/incidents", TYPED))["key"]

        room = (await team.see(key)).room
        assert room.id.startswith(f"{team.stage.teams.place.team_id};")


async def test_the_app_was_taken_out_of_the_team_and_the_declarer_hears_of_it() -> None:
    async with a_team() as team:
        chat = team.stage.teams.rooms.chat(RAVI)
        team.stage.teams.connector.installed = False
        await team.say(RAVI, "declare Card payments failing sev1", room=chat)

        await team.see("Sitrep may not post to the channel")
        await team.stage.teams.install(INES)

        assert (await team.see("The war room is open in the incidents channel")).room is chat
        assert "INC-1" in await team.say(RAVI, "status INC-1", room=chat)


def in_channel(team: Team, verb: str) -> Message | None:
    """A message in a thread of the channel that has this button."""
    newest = (one for one in team.stage.teams.rooms.newest() if one.room.kind is RoomKind.THREAD)
    return next((one for one in newest if find_action(card_of(one.activity) or {}, verb)), None)


def told(scene: Scene, key: str, kind: str) -> str:
    """What the timeline says of that kind, in one text."""
    return " ".join(entry.text for entry in scene.book.timeline.of(key) if entry.kind == kind)
