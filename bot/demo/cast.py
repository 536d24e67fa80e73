"""Who plays in the demo: five people around one payment company."""

from __future__ import annotations

from dataclasses import dataclass

COMPANY = "Northwind Pay"


@dataclass(frozen=True, kw_only=True)
class Persona:
    """One person of the demo. `key` names the person in the page and in scenarios.

    `entra_id` is empty for a person outside the organisation, who has no Teams either.
    """

    key: str
    name: str
    job: str
    email: str
    entra_id: str = ""

    @property
    def teams_id(self) -> str:
        """The connector's id of the account ('29:…'); empty where there is no Teams."""
        return f"29:{self.key}-{self.entra_id[:8]}" if self.entra_id else ""

    @property
    def in_teams(self) -> bool:
        """True for those who can open the war room."""
        return bool(self.entra_id)


INES = Persona(
    key="ines",
    name="Ines Carter",
    job="Incident commander",
    email="ines.carter@northwindpay.example",
    entra_id="6a1f0c52-5d1b-4c0e-9a55-0c1d7c3b1001",
)
CALEB = Persona(
    key="caleb",
    name="Caleb Long",
    job="Comms lead",
    email="caleb.long@northwindpay.example",
    entra_id="0e7be2a9-93c4-47a3-8b0c-5b8f2f6d1002",
)
RAVI = Persona(
    key="ravi",
    name="Ravi Singh",
    job="Responder",
    email="ravi.singh@northwindpay.example",
    entra_id="b94d1f70-2c8e-4e55-a6a1-7d3a9e0c1003",
)
ELENA = Persona(
    key="elena",
    name="Elena Exner",
    job="Executive on duty",
    email="elena.exner@northwindpay.example",
    entra_id="c2f8a6d4-71b3-4f0a-b5de-1e4c6b9a1004",
)
CORA = Persona(
    key="cora",
    name="Cora Lind",
    job="Customer",
    email="cora@lindsbakery.example",
)

CAST = (INES, CALEB, RAVI, ELENA, CORA)
IN_TEAMS = tuple(persona for persona in CAST if persona.in_teams)


def persona(key: str) -> Persona | None:
    """Return the person that a key names."""
    return next((one for one in CAST if one.key == key), None)
