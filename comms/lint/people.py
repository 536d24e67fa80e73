"""People in a text: those whom the incident or the plan knows, and anybody's address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from comms.lint.finding import Found
from comms.people import Person
from comms.rule import Rule

_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>.,;:!?)]+")
_LONGEST = 400
# Addresses of a function are there to be written to.
_FUNCTION = re.compile(
    r"^(?:support|help|helpdesk|info|contact|service|status|security|privacy|billing|press|hello"
    r"|kontakt|hilfe|soporte|ayuda|aide|assistance)@",
    re.IGNORECASE,
)
_TITLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Herr|Frau|Mme|Monsieur|Madame|Señora|Señor|Sra|Sr)\.?\s+[A-ZÀ-Ý][\w'-]+"
)


def people(text: str, known: Iterable[Person]) -> Iterator[Found]:
    """Yield the names and addresses that a text holds."""
    if address := next(_addresses(text), ""):
        yield Found(Rule.ADDRESSES, f"{address} is a person's address.")
    for name in sorted({person.name for person in known if person.name}):
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE):
            # 'Will' and 'May' are words as well; nobody can be kept from sending those.
            yield Found(Rule.NAMES, f"{name} is named; customers need no names.", " " in name)
    if titled := _TITLED.search(text):
        yield Found(Rule.NAMES, f"{titled[0]} is named; customers need no names.", is_sure=False)


def _addresses(text: str) -> Iterator[str]:
    for word in text.split():
        # What is longer is no address, and not looked at.
        found = _ADDRESS.search(word) if "@" in word and len(word) <= _LONGEST else None
        if found and not _FUNCTION.match(found[0]):
            yield found[0]
