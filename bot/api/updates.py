"""Updates: draft, read, preview, discard."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.api.keys import AudienceName, Key, Number
from bot.api.operation import Call, Table
from bot.api.report_given import ReportGiven
from bot.api.shapes import Given, Language, Text, Told
from bot.api.update_told import Drafted, UpdateList, UpdateTold, drafted, update_told
from comms.acts.approve import discard
from comms.acts.draft import draft
from comms.channels.mail.preview import all_shown
from comms.desk import Scene
from comms.errors import Invalid
from comms.incident import Status
from comms.plan.model import ChannelName
from comms.report import CanReport
from comms.statement import Statement
from comms.update import Update

table = Table(tag="updates")


class Draft(ReportGiven):
    """A CAN report, what it makes of the incident, and who is told.

    Without `status` the incident stays what it is; without `audiences` all of the plan are told,
    those that read only the customer text where there is one.
    """

    conditions: Annotated[Text, Field(min_length=1)]
    status: Status | None = None
    audiences: list[str] | None = Field(default=None, min_length=1, max_length=40)
    corrects: Number | None = Field(
        default=None, description="The number of the update that this one corrects."
    )


class Which(Given):
    """Whose text to show, and by which channel."""

    audience: AudienceName
    channel: ChannelName | None = Field(
        default=None, description="Without it, the first channel of the audience."
    )
    language: Language | None = Field(
        default=None,
        description="As a reader of that language gets it: in the nearest that there is.",
    )


class StatementTold(Told):
    """Exactly what would be sent. Each part is under its media type.

    Where a recipient's own link comes, such as 'I have seen this', '#seen' stands.
    """

    audience: str
    channel: ChannelName
    subject: str
    parts: dict[str, str]
    thread: str
    urgent: bool
    language: str = Field(description="The language (BCP 47) that it is written in.")
    languages: list[str] = Field(description="All in which the audience is written to.")
    hash: str = Field(description="The hash of the whole update, all audiences together.")


@table.post(
    "/incidents/{key}/updates",
    status=201,
    location="/api/v1/incidents/{key}/updates/{number}",
    problems=(409,),
)
async def draft_update(call: Call, key: Key, body: Draft) -> Drafted:
    """Draft the incident's next update.

    An open draft is replaced under its number, and its hash changes with its text. `lint` says for
    each audience what is wrong; a `block` cannot be approved.
    """
    report = body.report() or CanReport(conditions=body.conditions)

    def act(scene: Scene) -> Drafted:
        return drafted(
            draft(
                scene,
                key,
                report=report,
                status=body.status,
                audiences=body.audiences,
                corrects=body.corrects,
            )
        )

    return await call.do(act)


@table.get("/incidents/{key}/updates")
async def list_updates(call: Call, key: Key) -> UpdateList:
    """List the updates of an incident by their number."""

    def look(scene: Scene) -> UpdateList:
        scene.book.incidents.get(key)
        updates = scene.book.updates.of(key)
        return UpdateList(updates=[update_told(scene, update) for update in updates])

    return await call.read(look)


@table.get("/incidents/{key}/updates/{number}")
async def read_update(call: Call, key: Key, number: Number) -> UpdateTold:
    """Read one update and the report it was made from."""

    def look(scene: Scene) -> UpdateTold:
        scene.book.incidents.get(key)
        return update_told(scene, scene.book.updates.get(key, number))

    return await call.read(look)


@table.get("/incidents/{key}/updates/{number}/preview")
async def preview_update(call: Call, key: Key, number: Number, query: Which) -> StatementTold:
    """Show exactly what an audience would be sent, or was."""

    def look(scene: Scene) -> StatementTold:
        scene.book.incidents.get(key)
        update = scene.book.updates.get(key, number)
        return _told(update, _chosen(scene, update, query), query.language or "")

    return await call.read(look)


@table.delete("/incidents/{key}/updates/{number}", problems=(409,))
async def discard_update(call: Call, key: Key, number: Number) -> UpdateTold:
    """Discard an open draft; the next one has its number."""

    def act(scene: Scene) -> UpdateTold:
        scene.book.incidents.get(key)
        before = update_told(scene, scene.book.updates.get(key, number))
        return before.model_copy(update={"state": discard(scene, key, number).state})

    return await call.do(act)


def _chosen(scene: Scene, update: Update, query: Which) -> Statement:
    statements = scene.book.updates.statements(update)
    mine = [statement for statement in statements if statement.audience == query.audience]
    if not mine:
        scene.plan.audience(query.audience, pointer="/audience")
        told = ", ".join(update.audiences)
        raise Invalid(
            f"Update {update.number} does not go to {query.audience}. It goes to: {told}.",
            pointer="/audience",
        )
    if query.channel is None:
        return mine[0]
    by_channel = {statement.channel: statement for statement in mine}
    if query.channel not in by_channel:
        raise Invalid(
            f"{query.audience} has no channel {query.channel}. It has: {', '.join(by_channel)}.",
            pointer="/channel",
        )
    return by_channel[query.channel]


def _told(update: Update, whole: Statement, language: str) -> StatementTold:
    statement = whole.read_in(language)
    return StatementTold(
        audience=statement.audience,
        channel=statement.channel,
        subject=statement.subject,
        parts=dict(all_shown(statement)),
        thread=statement.thread,
        urgent=statement.urgent,
        language=statement.language,
        languages=list(whole.languages),
        hash=update.hash,
    )
