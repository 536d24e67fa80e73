"""Where people are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from sqlalchemy import Select, bindparam, or_, select, text, true, update
from sqlmodel import Session, col, delete, func

from comms.recipient import Listed, Recipient
from storage.database import Database
from storage.replicas import is_shared
from storage.rowset import Rowset, spelt, tuples
from storage.tables import RecipientRow

BATCH = 5_000

_COLUMNS = (
    col(RecipientRow.email),
    col(RecipientRow.name),
    col(RecipientRow.language),
    col(RecipientRow.time_zone),
    col(RecipientRow.channels),
    col(RecipientRow.quiet),
)


_GIVEN = Rowset(
    "given",
    tuple(
        (column, "text")
        for column in ("address", "email", "name", "language", "time_zone", "channels", "quiet")
    ),
)

_INSERT = """
INSERT INTO recipient (audience, address, email, name, language, time_zone, channels, quiet,
                       listed, subscribed)
SELECT ?, address, email, name, language, time_zone, channels, quiet, ?, ?
FROM {given}
WHERE true
ON CONFLICT (audience, address) DO NOTHING
"""

_PAGE = """
SELECT id, email, name, language, channels, time_zone, quiet FROM recipient
WHERE audience = ? AND id > ? ORDER BY id LIMIT ?
"""


def counted(database: Database, audiences: Iterable[str]) -> dict[str, int]:
    """How many people each of these audiences has, read at once and outside of any loop."""
    with Session(database.reader) as session:
        recipients = SqlRecipients(session)
        return {name: recipients.count(name) for name in audiences}


_COUNT = select(func.count()).where(col(RecipientRow.audience) == bindparam("of"))
_LANGUAGES = (
    select(col(RecipientRow.language), func.count())
    .where(col(RecipientRow.audience) == bindparam("of"))
    .group_by(col(RecipientRow.language))
    .order_by(func.count().desc(), col(RecipientRow.language))
)


class SqlRecipients:
    """Recipients in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def replace(self, audience: str, people: Iterable[Recipient]) -> int:
        """Make these the people of the audience, beside those who have subscribed themselves.

        Whom sources name has to be settled anew: a list goes before them.
        """
        listed = (col(RecipientRow.audience) == audience, col(RecipientRow.subscribed).is_(False))
        self._session.exec(delete(RecipientRow).where(*listed))
        for batch in _batches(people):
            self._insert(audience, batch, listed=True)
        if is_shared(self._session):
            # Or Postgres takes a new list for a short one, and sorts the rest of it for each page.
            self._session.connection().exec_driver_sql("ANALYZE recipient")
        return self.count(audience)

    def subscribe(self, audience: str, person: Recipient) -> None:
        """Add somebody who stays whatever list replaces the others; nothing where they are in."""
        theirs = (
            col(RecipientRow.audience) == audience,
            col(RecipientRow.address) == person.email.casefold(),
        )
        self._insert(audience, [person], listed=False)
        self._session.exec(update(RecipientRow).where(*theirs).values(subscribed=True))

    def count(self, audience: str) -> int:
        """How many people the audience has."""
        connection = self._session.connection()
        return int(connection.execute(_COUNT, {"of": audience}).scalar_one())

    def languages(self, audience: str) -> Mapping[str, int]:
        """How many people of the audience are listed with each language ('': with none)."""
        rows = self._session.connection().execute(_LANGUAGES, {"of": audience})
        return {row[0]: row[1] for row in rows}

    def quiet(self, audience: str, *, own_only: bool) -> Mapping[tuple[str, str], int]:
        """How many people of the audience are listed with each quiet hours and time zone."""
        # In plain words, or SQLite does not know its index by them.
        own = text("recipient.quiet <> ''") if own_only else true()
        rows = self._session.connection().execute(
            select(col(RecipientRow.quiet), col(RecipientRow.time_zone), func.count())
            .where(col(RecipientRow.audience) == audience, own)
            .group_by(col(RecipientRow.quiet), col(RecipientRow.time_zone))
        )
        return {(quiet, zone): count for quiet, zone, count in rows}

    def page(self, audience: str, *, after: int, limit: int) -> Sequence[Listed]:
        """The next people of the audience by their number, from the one after `after`."""
        connection = self._session.connection()
        rows = connection.exec_driver_sql(
            spelt(_PAGE, connection.dialect.name), (audience, after, limit)
        )
        return list(map(Listed._make, tuples(rows)))

    def among(
        self, emails: Sequence[str], audiences: Sequence[str]
    ) -> Mapping[str, Mapping[str, str]]:
        """In which of the audiences these people are, and by which channels they want to be told
        there; by their addresses (casefolded)."""
        rows = self._session.connection().execute(
            select(
                col(RecipientRow.address), col(RecipientRow.audience), col(RecipientRow.channels)
            ).where(
                col(RecipientRow.audience).in_(audiences),
                col(RecipientRow.address).in_([email.casefold() for email in emails]),
            )
        )
        found: dict[str, dict[str, str]] = {}
        for address, audience, channels in rows:
            found.setdefault(address, {})[audience] = channels
        return found

    def found(self, audience: str, addresses: Sequence[str]) -> Sequence[Recipient]:
        """The people of the audience who have these addresses (casefolded)."""
        return self._people(
            select(*_COLUMNS).where(
                col(RecipientRow.audience) == audience, col(RecipientRow.address).in_(addresses)
            )
        )

    def of(
        self, audience: str, *, after: int = 0, limit: int = 1000, own: bool = False
    ) -> tuple[Recipient, ...]:
        """People of the audience by their number, from the one after `after`; limit 0: all."""
        # Columns, not rows of the table's class: a large audience is read six times as fast.
        wanted = (
            select(*_COLUMNS)
            .where(col(RecipientRow.audience) == audience, col(RecipientRow.id) > after)
            .order_by(col(RecipientRow.id))
        )
        if own:
            wanted = wanted.where(or_(col(RecipientRow.listed), col(RecipientRow.subscribed)))
        return self._people(wanted.limit(limit) if limit else wanted)

    def _insert(self, audience: str, people: Sequence[Recipient], *, listed: bool) -> None:
        connection = self._session.connection()
        rows = [
            (
                p.email.casefold(),
                p.email,
                p.name,
                p.language,
                p.time_zone,
                " ".join(p.channels),
                p.quiet,
            )
            for p in people
        ]
        connection.exec_driver_sql(
            spelt(_INSERT, connection.dialect.name, _GIVEN),
            (audience, listed, False, *_GIVEN.given(connection, rows)),
        )

    def _people(self, wanted: Select[str, str, str, str, str, str]) -> tuple[Recipient, ...]:
        return tuple(
            Recipient(
                email=email,
                name=name,
                language=language,
                time_zone=time_zone,
                channels=tuple(channels.split()),
                quiet=quiet,
            )
            for (
                email,
                name,
                language,
                time_zone,
                channels,
                quiet,
            ) in self._session.connection().execute(wanted)
        )


def _batches(people: Iterable[Recipient]) -> Iterator[list[Recipient]]:
    left = iter(people)
    while batch := list(islice(left, BATCH)):
        yield batch
