"""`sitrep plan preview --out`: what each audience would read, as files to open and to send on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from comms.channels.mail.address import Mailbox
from comms.channels.mail.message import source
from comms.channels.mail.placeholders import NAMES
from comms.channels.mail.preview import all_shown
from comms.delivery import Delivery
from comms.errors import Invalid
from comms.plan.model import ChannelName
from comms.statement import CARD, HTML, NOTICE, PLAIN, Statement

ENDINGS = {PLAIN: "txt", HTML: "html", CARD: "card.json", NOTICE: "json"}
SENDER = Mailbox("Sitrep preview", "preview@example.org")
READER = Delivery(id=1, key="preview", address="reader@example.org", name="A Reader")


def write_files(folder: Path, statements: Iterable[Statement], now: datetime) -> list[Path]:
    """Write each part of each statement into the folder, and each letter as a mail program opens
    it (.eml), in every language; return what was written. Invalid where that cannot be."""
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for statement in statements:
            for name, content in _files(statement, now):
                (folder / name).write_bytes(content)
                written.append(folder / name)
    except OSError as error:
        raise Invalid(f"{folder} cannot be written: {error.strerror}.") from None
    return written


def _files(statement: Statement, now: datetime) -> Iterator[tuple[str, bytes]]:
    for language in (statement.language, *statement.versions):
        read = statement.read_in(language)
        name = f"{read.audience}.{read.channel}"
        if statement.versions:
            name = f"{name}.{language}"
        for media, part in all_shown(read).items():
            yield f"{name}.{ENDINGS[media]}", part.encode()
        if read.channel is ChannelName.MAIL:
            links = {link: f"https://example.org/{link}" for link in NAMES}
            eml = source(read, READER, sender=SENDER, at=now, links=links)
            yield f"{name}.eml", eml
