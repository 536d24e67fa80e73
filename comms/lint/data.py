"""Whether a text says what became of people's data."""

from __future__ import annotations

import re

_DATA = re.compile(
    r"\b(?:data|records?|transactions?|messages?|files?|payments?|orders?|nothing)\b.{0,60}?"
    r"\b(?:lost|safe|intact|missing|loss|unaffected|affected|recovered|preserved|corrupted"
    r"|exposed)\b"
    r"|\b(?:lost|loss of|no|any|without)\b.{0,20}?\b(?:data|records)\b"
    r"|\bDaten|\bDatenverlust|\bverloren|\bdonnées|\bperte|\bperdu|\bdatos|\bperdid|\bpérdida"
    r"|データ|失われ|بيانات|فقد",
    re.IGNORECASE,
)


def tells_of_data(text: str) -> bool:
    """True where a text says whether data was lost."""
    return _DATA.search(text) is not None
