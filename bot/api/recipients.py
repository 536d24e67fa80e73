"""Recipients: the people of an audience, in bulk; and the audiences themselves."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from typing import IO

from aiohttp import web

from bot.api.body import chunks
from bot.api.keys import AudienceName
from bot.api.operation import Call, Table
from bot.api.problems import WrongMedia, problem
from bot.api.recipient_file import CSV, NDJSON, People, read_csv, read_ndjson, write_csv
from bot.api.shapes import Told
from comms.acts.people import NobodyLeft, audience_of, import_recipients, listed
from comms.choice import Wish
from comms.desk import Scene
from comms.people import Role
from comms.plan.model import Audience, ChannelName
from comms.recipient import Recipient, Refused, sorted_out

table = Table(tag="people")

LIMIT = 256 * 1024 * 1024
"""Bytes of a file of people: some four million of them."""

IN_MEMORY = 1024 * 1024
"""Bytes kept in memory before a file of people goes to disk."""

SHOWN = 10_000
"""So many refused lines are listed; `refused_in_all` counts the others too."""

READERS: dict[str, Callable[[IO[bytes], list[Refused]], People]] = {
    CSV: read_csv,
    NDJSON: read_ndjson,
}


class RefusedTold(Told):
    """A line that was not taken, and why."""

    line: int
    reason: str


class ImportedTold(Told):
    """How many people the audience has now, and the lines that were not taken."""

    imported: int
    refused: list[RefusedTold]
    refused_in_all: int


class ChoicesTold(Told):
    """How many of an audience have chosen what; those who have chosen nothing get every update."""

    choices: dict[Wish, int]


class AudienceTold(Told):
    """People with a shared need."""

    name: str
    label: str
    enabled: bool
    channels: list[ChannelName]
    approval: list[Role]
    recipients: int


class AudienceList(Told):
    """The audiences of the plan, in its order."""

    audiences: list[AudienceTold]


@table.get("/audiences")
async def list_audiences(call: Call) -> AudienceList:
    """List the audiences of the plan, and how many people each has."""

    def told(scene: Scene, audience: Audience) -> AudienceTold:
        return AudienceTold(
            name=audience.name,
            label=audience.label,
            enabled=audience.enabled,
            channels=list(audience.channels),
            approval=list(audience.approval),
            recipients=scene.book.recipients.count(audience.name),
        )

    def look(scene: Scene) -> AudienceList:
        return AudienceList(audiences=[told(scene, one) for one in scene.plan.audiences.values()])

    return await call.read(look)


@table.put("/audiences/{name}/recipients", accepts=(CSV, NDJSON), problems=(400, 413, 415, 422))
async def import_people(call: Call, name: AudienceName) -> ImportedTold | web.StreamResponse:
    """Replace the people of an audience.

    CSV or NDJSON in UTF-8, streamed. Columns: email, name, language, time_zone, channels (separated
    by spaces or `;`, the first choice first), choice (`every`, `changes`, `daily 8`, `weekly monday
    8`, `nothing`) and quiet_hours (`22:00-07:00`, `none`), only the first required. What people
    have chosen for themselves stays. Lines that cannot be taken are named; the others are. Where
    none can be taken, the audience stays as it was.
    """
    reader = READERS.get(call.request.content_type)
    if reader is None:
        raise WrongMedia(f"Send {CSV} or {NDJSON}, not {call.request.content_type[:80]}.")
    await call.read(audience_of, name)
    refused: list[Refused] = []
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        async for chunk in chunks(call.request, limit=LIMIT):
            file.write(chunk)
        file.seek(0)
        # Read and checked before the transaction: the book is not kept from others meanwhile.
        people = await asyncio.to_thread(_checked, reader, file, refused)
    try:
        done = await call.do(import_recipients, name, people=people, refused=refused)
    except NobodyLeft as nobody:
        lines = [told.model_dump() for told in _refused(nobody.refused)]
        return problem(nobody, {"imported": 0, "refused": lines})
    return ImportedTold(
        imported=done.imported, refused=_refused(done.refused), refused_in_all=len(done.refused)
    )


@table.get("/audiences/{name}/choices")
async def count_choices(call: Call, name: AudienceName) -> ChoicesTold:
    """Count what the people of an audience have chosen to receive by mail."""

    def look(scene: Scene) -> ChoicesTold:
        audience_of(scene, name)
        made = scene.book.choices.counts(name)
        return ChoicesTold(choices={wish: made.get(wish, 0) for wish in Wish})

    return await call.read(look)


@table.get("/audiences/{name}/recipients", produces=(CSV,))
async def export_people(call: Call, name: AudienceName) -> web.StreamResponse:
    """Give the people of an audience as CSV, as they can be imported again.

    Those who come from groups and rotas alone are not among them.
    """

    people = await call.read(listed, name)
    response = web.StreamResponse(
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'}
    )
    response.content_type = CSV
    response.charset = "utf-8"
    await response.prepare(call.request)
    for part in write_csv(iter(people)):
        await response.write(part)
    await response.write_eof()
    return response


def _checked(
    reader: Callable[[IO[bytes], list[Refused]], People],
    file: IO[bytes],
    refused: list[Refused],
) -> list[Recipient]:
    people = list(sorted_out(reader(file, refused), refused))
    refused.sort(key=lambda one: one.line)
    return people


def _refused(refused: tuple[Refused, ...]) -> list[RefusedTold]:
    return [RefusedTold.model_validate(one) for one in refused[:SHOWN]]
