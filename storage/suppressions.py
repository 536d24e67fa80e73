"""Where the suppression list is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from comms.delivery import Reason
from comms.suppression import Suppression
from storage.ledger_sql import stamp
from storage.mail_tables import SuppressionRow
from storage.newer import reason_of
from storage.rowset import Rowset, spelt

_GIVEN = Rowset("given", (("address", "text"),))

_AMONG = """
SELECT suppression.address, suppression.reason
FROM {given} JOIN suppression ON suppression.address = given.address
WHERE suppression.reason IS NOT NULL
  AND (suppression.until IS NULL OR suppression.until > ?)
"""


class SqlSuppressions:
    """The suppression list in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def among(self, addresses: Sequence[str], *, now: datetime) -> Mapping[str, Reason]:
        """Those of these addresses (casefolded) to which nothing is sent now, and why."""
        connection = self._session.connection()
        # Most lists are empty: nothing is handed over to find that out.
        if (
            not addresses
            or not connection.exec_driver_sql(
                "SELECT EXISTS (SELECT 1 FROM suppression)"
            ).scalar_one()
        ):
            return {}
        found = connection.exec_driver_sql(
            spelt(_AMONG, connection.dialect.name, _GIVEN),
            (*_GIVEN.given(connection, [(one,) for one in addresses]), stamp(connection, now)),
        )
        return {address: reason_of(reason) or Reason.NEWER for address, reason in found}

    def get(self, address: str) -> Suppression | None:
        """What is known of an address; None: nothing has come back from it."""
        row = self._session.get(SuppressionRow, address.casefold())
        return _suppression(row) if row else None

    def save(self, suppression: Suppression) -> None:
        """Keep it, in place of what was known of its address."""
        self._session.merge(
            SuppressionRow(
                address=suppression.address,
                reason=suppression.reason.value if suppression.reason else None,
                since=suppression.since,
                until=suppression.until,
                evidence=suppression.evidence,
                strikes=suppression.strikes,
                strikes_since=suppression.strikes_since,
            )
        )
        self._session.flush()

    def forget(self, address: str) -> bool:
        """Know nothing more of an address; False where nothing was known."""
        row = self._session.get(SuppressionRow, address.casefold())
        if row is None:
            return False
        self._session.delete(row)
        self._session.flush()
        return True

    def held(self, *, after: str, limit: int, now: datetime) -> tuple[Suppression, ...]:
        """Addresses to which nothing is sent now, by their order, from the one behind `after`."""
        rows = self._session.exec(
            select(SuppressionRow)
            .where(col(SuppressionRow.address) > after, *_held(now))
            .order_by(col(SuppressionRow.address))
            .limit(limit)
        )
        return tuple(_suppression(row) for row in rows)


def is_suppressed(address: Mapped[str], now: datetime) -> ColumnElement[bool]:
    """Return the condition that nothing is sent to an address now."""
    held = select(SuppressionRow.address).where(
        col(SuppressionRow.address) == func.lower(address), *_held(now)
    )
    return held.exists()


def _held(now: datetime) -> tuple[ColumnElement[bool], ...]:
    until = col(SuppressionRow.until)
    return col(SuppressionRow.reason).is_not(None), or_(until.is_(None), until > now)


def _suppression(row: SuppressionRow) -> Suppression:
    return Suppression(
        address=row.address,
        reason=reason_of(row.reason),
        since=row.since,
        until=row.until,
        evidence=row.evidence,
        strikes=row.strikes,
        strikes_since=row.strikes_since,
    )
