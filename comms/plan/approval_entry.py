"""What a plan file says of approvals: whose, at which severity, and who is asked next."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from comms.incident import Severity
from comms.people import Role
from comms.plan.called_entry import CalledEntry
from comms.plan.entry import Strict, refuse_doubles
from comms.plan.values import Duration, RoleName


class ApprovalTable(Strict):
    """The roles that must each approve, by severity."""

    SEV1: list[RoleName] | None = None
    SEV2: list[RoleName] | None = None
    SEV3: list[RoleName] | None = None
    SEV4: list[RoleName] | None = None
    default: list[RoleName] | None = Field(
        default=None, description="At the severities that are not named."
    )

    @field_validator("SEV1", "SEV2", "SEV3", "SEV4", "default")
    @classmethod
    def _each_role_once(cls, roles: list[Role] | None) -> list[Role] | None:
        refuse_doubles(roles or [])
        return roles

    @model_validator(mode="after")
    def _says_it_of_all(self) -> Self:
        left = [severity.value for severity in Severity if getattr(self, severity.value) is None]
        if left and self.default is None:
            raise ValueError(f"say who approves at {', '.join(left)}, or give a 'default'")
        return self

    def at(self, severity: Severity) -> list[Role]:
        """The roles at that severity."""
        roles: list[Role] | None = getattr(self, severity.value)
        return (self.default or []) if roles is None else roles


def _shape(given: Any) -> str:
    return "[by severity]" if isinstance(given, dict | ApprovalTable) else "[for all]"


Approvals = Annotated[
    Annotated[list[RoleName], Tag("[for all]")] | Annotated[ApprovalTable, Tag("[by severity]")],
    Discriminator(_shape),
]


def roles_at(approval: list[Role] | ApprovalTable) -> dict[Severity, tuple[Role, ...]]:
    """Return the roles that must each approve at each severity."""
    return {
        severity: tuple(approval.at(severity) if isinstance(approval, ApprovalTable) else approval)
        for severity in Severity
    }


class ApprovalTimeoutEntry(Strict):
    """Who is asked when nobody approves."""

    after: Duration = Field(description="Since the draft, and again for each who is asked.")
    then: list[CalledEntry] = Field(
        min_length=1,
        max_length=8,
        description="Asked one after the other; each may approve in place of who did not.",
    )
