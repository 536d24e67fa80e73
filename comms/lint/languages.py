"""What readers of other languages will miss."""

from __future__ import annotations

from collections.abc import Iterator

from comms.language import name_of
from comms.lint.finding import Finding
from comms.plan.model import Audience
from comms.readers import Readers
from comms.rule import Level
from comms.update import Update


def languages(
    update: Update, audience: Audience, readers: Readers, language: str
) -> Iterator[Finding]:
    """What readers of other languages will miss: nobody finds it out only from the letter."""
    told = name_of(language)
    text = update.report.customer
    for other, people in readers.told_in.items():
        missing = text.lacks(other) if text and not audience.reads_inside else ()
        if other != language and missing:
            yield Finding(
                level=Level.WARN,
                audience=audience.name,
                code="untranslated",
                message=f"{_read(people, other)}; {_lack(missing, other)}: they get it in {told}.",
                pointer=f"/customer/versions/{other}/{missing[0]}",
            )
    if readers.strangers:
        each = ", ".join(_read(people, other) for other, people in readers.strangers.items())
        yield Finding(
            level=Level.WARN,
            audience=audience.name,
            code="language",
            message=f"{each}, which {audience.label} are not written to in: they get {told}.",
            pointer="/audiences",
        )


def _read(people: int, language: str) -> str:
    count = f"{people:,}".replace(",", "\u202f")  # a mark that every language reads
    return f"{count} {'reads' if people == 1 else 'read'} {name_of(language)}"


def _lack(missing: tuple[str, ...], language: str) -> str:
    if "symptom" in missing:
        return f"there is no {name_of(language)} text"
    return f"the {name_of(language)} text has no {' and no '.join(missing)}"
