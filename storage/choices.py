"""Where choices are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func

from comms.choice import Choice, Chosen, Wish
from comms.slot import Slot
from storage.mail_tables import ChoiceRow
from storage.tables import RecipientRow
from storage.upsert import dialect_of, insert_into

_KEY = ("audience", "address")
_COLUMNS = tuple(ChoiceRow.model_fields)
_READ = select(*(col(getattr(ChoiceRow, name)) for name in _COLUMNS))


_COUNTS = (
    select(col(ChoiceRow.wish), func.count())
    .join(
        RecipientRow,
        and_(
            col(RecipientRow.audience) == col(ChoiceRow.audience),
            col(RecipientRow.address) == col(ChoiceRow.address),
        ),
    )
    .where(col(ChoiceRow.audience) == bindparam("of"))
    .group_by(col(ChoiceRow.wish))
)


class SqlChoices:
    """Choices in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def among(
        self, audiences: Sequence[str], addresses: Sequence[str]
    ) -> Mapping[tuple[str, str], Choice]:
        """What these addresses have chosen in these audiences, by audience and address."""
        theirs = col(ChoiceRow.audience).in_(audiences)
        # Most people choose nothing: the addresses are not handed over to find that out.
        if self._session.connection().execute(_READ.where(theirs).limit(1)).first() is None:
            return {}
        found = self._read(theirs, col(ChoiceRow.address).in_(addresses))
        return {(one.audience, one.address): one.choice for one in found}

    def save(self, chosen: Sequence[Chosen]) -> None:
        """Keep these choices in place of any before."""
        if chosen:
            self._put(self._upsert(), chosen)

    def imported(self, chosen: Sequence[Chosen]) -> None:
        """Keep the choices of a list, but not in place of what a person has chosen."""
        if chosen:
            # How far they have read stays: else each list would keep news from its readers.
            kept = (*_KEY, "read_to", "read_at")
            self._put(self._upsert(kept, where=col(ChoiceRow.by_import).is_(True)), chosen)

    def of(self, audience: str, *, after: str = "", limit: int = 1000) -> Sequence[Chosen]:
        """The choices made in an audience by address, from the one after `after`."""
        return self._read(
            col(ChoiceRow.audience) == audience, col(ChoiceRow.address) > after, limit=limit
        )

    def counts(self, audience: str) -> Mapping[Wish, int]:
        """How many of the audience have made which choice; those who made none are not in it."""
        counted = self._session.connection().execute(_COUNTS, {"of": audience})
        return {Wish(wish): count for wish, count in counted}

    def due(
        self, audience: str, slot: Slot, *, before: datetime | None = None, limit: int
    ) -> Sequence[Chosen]:
        """Readers whose digest leaves at that slot; `before`: whose last one was due before."""
        at = [
            col(ChoiceRow.audience) == audience,
            col(ChoiceRow.time_zone) == slot.zone,
            col(ChoiceRow.hour) == slot.hour,
        ]
        if slot.weekday is None:
            at.append(col(ChoiceRow.wish) == Wish.DAILY.value)
        else:
            at.append(col(ChoiceRow.wish) == Wish.WEEKLY.value)
            at.append(col(ChoiceRow.weekday) == slot.weekday)
        if before is not None:
            at.append(or_(col(ChoiceRow.read_at).is_(None), col(ChoiceRow.read_at) < before))
        return self._read(*at, limit=limit)

    def _read(self, *conditions: ColumnElement[bool], limit: int | None = None) -> Sequence[Chosen]:
        wanted = _READ.where(*conditions).order_by(col(ChoiceRow.address)).limit(limit)
        return [_chosen(row) for row in self._session.connection().execute(wanted)]

    def _put(self, statement: postgresql.Insert | sqlite.Insert, chosen: Sequence[Chosen]) -> None:
        self._session.connection().execute(statement, [_row(one) for one in chosen])

    def _upsert(
        self, kept: Sequence[str] = _KEY, where: ColumnElement[bool] | None = None
    ) -> postgresql.Insert | sqlite.Insert:
        insert = insert_into(ChoiceRow, dialect_of(self._session))
        return insert.on_conflict_do_update(
            index_elements=_KEY,
            set_={name: insert.excluded[name] for name in _COLUMNS if name not in kept},
            where=where,
        )


def _row(chosen: Chosen) -> dict[str, Any]:
    choice = asdict(chosen.choice) | {"wish": chosen.choice.wish.value}
    return {"audience": chosen.audience, "address": chosen.address, **choice}


def _chosen(row: Row[Any]) -> Chosen:
    values = dict(zip(_COLUMNS, row, strict=True))
    audience, address, wish = (values.pop(name) for name in (*_KEY, "wish"))
    return Chosen(audience, address, Choice(wish=Wish(wish), **values))
