"""The readers of the demo: executives, stakeholders and customers of a payment company."""

from __future__ import annotations

from bot.demo.cast import CALEB, CORA, ELENA, INES, Persona
from comms.recipient import Recipient

_EXECUTIVES = ("Tomás Herrera", "Wei Zhang", "Amara Okafor", "Björn Lindqvist")
_STAKEHOLDERS = (
    "Priya Nair",
    "Jonas Weber",
    "Fatima Zahra El Idrissi",
    "Liam O'Brien",
    "Chloé Dubois",
    "Kenji Tanaka",
    "Sofia Rossi",
    "Mateusz Nowak",
    "Grace Kim",
    "Noah Williams",
    "Zeynep Yılmaz",
    "Hugo Silva",
    "Ana Popescu",
    "Oliver Smith",
    "Ingrid Hansen",
    "Samuel Adeyemi",
)
_CUSTOMERS = (
    "corner-books",
    "harbour-cafe",
    "velo-atelier",
    "studio-nord",
    "green-grocer",
    "casa-verde",
    "pixel-repair",
    "atlas-travel",
    "blue-door-inn",
    "fjord-coffee",
    "little-theatre",
    "moonlight-toys",
)


def people() -> dict[str, tuple[Recipient, ...]]:
    """Return the recipients of each audience that reads mail.

    One stakeholder takes no mail, and one executive is a stakeholder too, so that a suppression
    and its reason are seen.
    """
    return {
        "executives": (_one(ELENA), *(_named(name) for name in _EXECUTIVES)),
        "stakeholders": (
            *(_named(name) for name in _STAKEHOLDERS),
            _one(INES),
            _one(CALEB),
            _one(ELENA),
            Recipient(email="archive@northwindpay.example", name="Archive", channels=("teams",)),
        ),
        "customers": (
            _one(CORA),
            *(
                Recipient(email=f"office@{shop}.example", name=shop.replace("-", " ").title())
                for shop in _CUSTOMERS
            ),
        ),
    }


def _one(persona: Persona) -> Recipient:
    return Recipient(email=persona.email, name=persona.name)


def _named(name: str) -> Recipient:
    plain = "".join(char if char.isascii() and char.isalpha() else "." for char in name.lower())
    local = ".".join(part for part in plain.split(".") if part)
    return Recipient(email=f"{local}@northwindpay.example", name=name)
