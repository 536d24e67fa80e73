"""Approvals: somebody's yes to exactly one text."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler, StringConstraints, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from bot.api.access import Caller
from bot.api.incident_told import ApprovalTold, approvals_told
from bot.api.keys import Key, Number
from bot.api.operation import Call, Table
from bot.api.shapes import Given, Line, Told
from comms import text
from comms.acts.on_behalf import approve_for
from comms.desk import Scene
from comms.errors import Forbidden
from comms.people import Person, Role
from comms.update import UpdateState

table = Table(tag="updates")


class ApproverGiven(Given):
    """Who approves: a mail address or a role in one word, or a person.

    In a role whose holder is not known the token itself acts, recorded as such.
    """

    role: Role | None = None
    email: Annotated[str, StringConstraints(max_length=254)] = ""
    name: Line = ""
    entra_id: Annotated[str, StringConstraints(max_length=64)] = ""

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        word = given.strip().casefold().replace(" ", "_").replace("-", "_")
        if word in set(Role):
            return {"role": word}
        return {"email" if "@" in given else "name": given.strip()}

    @model_validator(mode="after")
    def _is_somebody(self) -> ApproverGiven:
        if not (self.role or self.email or self.name or self.entra_id):
            raise ValueError("Name the approver: an address, a role, or a person with an email.")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say that a string will do."""
        return {"anyOf": [{"type": "string"}, handler(core)]}

    def approver(self) -> Person | Role:
        """The engine's person, or the role alone."""
        if self.role and not (self.email or self.entra_id):
            return self.role
        name = text.line(self.name or self.email, pointer="/approver")
        return Person(name=name or "Somebody", email=self.email, entra_id=self.entra_id)


class ApprovalGiven(Given):
    """A yes to the update with this hash."""

    hash: Annotated[str, StringConstraints(max_length=200)] = Field(
        description="The hash of what the approver saw."
    )
    approver: ApproverGiven
    break_glass: Line = Field(
        default="",
        description="A reason to approve without the roles that are needed. All are told of it.",
    )
    override: Line = Field(
        default="",
        description="A reason to approve what lint blocks, by a role of the plan's"
        " `lint_override`. It is recorded.",
    )


class ApprovedTold(Told):
    """What the update is now, and whose yes it still needs."""

    state: UpdateState
    approvals: list[ApprovalTold]
    needed: list[Role]


@table.post("/incidents/{key}/updates/{number}/approve", status=202, problems=(403, 409))
async def approve_update(call: Call, key: Key, number: Number, body: ApprovalGiven) -> ApprovedTold:
    """Approve exactly what was seen.

    With the last approval that is needed, the deliveries are planned and sending begins. The same
    yes twice changes nothing.
    """
    approver = _allowed(call.caller, body.approver.approver())

    def act(scene: Scene) -> ApprovedTold:
        done = approve_for(
            scene,
            key,
            number,
            hash=body.hash,
            approver=approver,
            break_glass=body.break_glass,
            override=body.override,
        )
        return ApprovedTold(
            state=done.update.state,
            approvals=approvals_told(done.update.approvals),
            needed=list(done.needed),
        )

    return await call.do(act)


def _allowed(caller: Caller, approver: Person | Role) -> Person | Role:
    if caller.is_unscoped or (isinstance(approver, Person) and approver.is_same(caller.person)):
        return approver
    raise Forbidden("This token approves only as its own person.", pointer="/approver")
