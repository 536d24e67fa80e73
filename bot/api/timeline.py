"""The timeline of an incident, and the audit of who did what."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.api.keys import Key
from bot.api.operation import Call, Table
from bot.api.shapes import Given, PersonTold, Stamp, Text, Told
from comms.acts.incident import note
from comms.desk import Scene

table = Table(tag="timeline")


class Note(Given):
    """What happened, in a sentence."""

    text: Annotated[Text, Field(min_length=1)]


class Since(Given):
    """Where to go on reading."""

    after: int = Field(
        default=0, ge=0, le=2**63 - 1, description="The id of the last entry that is known."
    )


class EntryTold(Told):
    """One step: when, who, what kind, and the sentence."""

    id: int
    at: Stamp
    by: PersonTold
    kind: str
    text: str
    facts: dict[str, str | int]


class TimelineTold(Told):
    """The steps of an incident, oldest first."""

    entries: list[EntryTold]


class DeedTold(Told):
    """Who did what to which thing, through which door."""

    at: Stamp
    by: PersonTold
    via: str = Field(description="teams, api, cli or timer.")
    action: str
    subject: str
    detail: dict[str, str | int]


class AuditTold(Told):
    """The deeds done to an incident, oldest first."""

    deeds: list[DeedTold]


@table.get("/incidents/{key}/timeline")
async def read_timeline(call: Call, key: Key, query: Since) -> TimelineTold:
    """Read the timeline, oldest first."""

    def look(scene: Scene) -> TimelineTold:
        scene.book.incidents.get(key)
        entries = scene.book.timeline.of(key, after=query.after)
        return TimelineTold(entries=[EntryTold.model_validate(entry) for entry in entries])

    return await call.read(look)


@table.post("/incidents/{key}/timeline", status=201, problems=(409,))
async def add_note(call: Call, key: Key, body: Note) -> EntryTold:
    """Write a line into the timeline."""

    def act(scene: Scene) -> EntryTold:
        note(scene, key, body.text)
        return EntryTold.model_validate(scene.book.timeline.of(key)[-1])

    return await call.do(act)


@table.get("/incidents/{key}/audit")
async def read_audit(call: Call, key: Key) -> AuditTold:
    """Read who did what, and through which door, oldest first."""

    def look(scene: Scene) -> AuditTold:
        scene.book.incidents.get(key)
        deeds = scene.book.audit.of(key)
        return AuditTold(deeds=[DeedTold.model_validate(deed) for deed in deeds])

    return await call.read(look)
