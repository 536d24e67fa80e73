"""The records that adherence is counted from: a few statements for hundreds of incidents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy
from sqlalchemy import Executable, func
from sqlmodel import Session, col

from comms.delivery import DeliveryState
from comms.errors import NotFound
from comms.incident import Severity, Status
from comms.promise import Promise
from comms.record import Reach, Record, Sent
from comms.update import Kind, UpdateState
from storage.ledger_tables import FanoutRow, ShardRow
from storage.promises import SqlPromises
from storage.tables import AcknowledgementRow, IncidentRow, UpdateRow

_INCIDENT = sqlalchemy.select(
    col(IncidentRow.key),
    col(IncidentRow.title),
    col(IncidentRow.severity),
    col(IncidentRow.status),
    col(IncidentRow.declared_at),
    col(IncidentRow.resolved_at),
).order_by(col(IncidentRow.declared_at), col(IncidentRow.id))

_SENT = (
    sqlalchemy.select(
        col(UpdateRow.incident),
        col(UpdateRow.number),
        col(UpdateRow.kind),
        col(UpdateRow.audiences),
        col(UpdateRow.drafted_at),
        col(UpdateRow.approved_at),
        col(UpdateRow.approvals),
    )
    .where(
        col(UpdateRow.state) == UpdateState.APPROVED.value, col(UpdateRow.approved_at).is_not(None)
    )
    .order_by(col(UpdateRow.number))
)

LEFT_OUT = (DeliveryState.SUPPRESSED, DeliveryState.CANCELLED)
_MEANT = [col(getattr(ShardRow, s.value)) for s in DeliveryState if s not in LEFT_OUT]
_REACH = (
    sqlalchemy.select(
        col(FanoutRow.incident),
        col(FanoutRow.audience),
        func.sum(sum(_MEANT[1:], _MEANT[0])),
        func.sum(col(ShardRow.accepted)),
    )
    .join(ShardRow, col(ShardRow.fanout_id) == col(FanoutRow.id))
    .group_by(col(FanoutRow.incident), col(FanoutRow.audience))
)

_SEEN = sqlalchemy.select(
    col(AcknowledgementRow.incident), col(AcknowledgementRow.audience), func.count()
).group_by(col(AcknowledgementRow.incident), col(AcknowledgementRow.audience))


class SqlRecords:
    """Records in SQL."""

    at_once = 500
    """Incidents a statement: SQLite takes 32,766 values, and memory holds what they have."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, incident: str) -> Record:
        """The record of one incident, or NotFound."""
        wanted = col(IncidentRow.key) == incident.strip().upper()
        for record in self._records(_INCIDENT.where(wanted)):
            return record
        raise NotFound(f"There is no incident {incident[:40]!r}.")

    def declared(self, begin: datetime, end: datetime) -> Iterator[Record]:
        """The records of what was declared from `begin` to before `end`, oldest first."""
        yield from self._records(
            _INCIDENT.where(
                col(IncidentRow.declared_at) >= begin, col(IncidentRow.declared_at) < end
            )
        )

    def _records(self, incidents: Executable) -> Iterator[Record]:
        rows = iter(self._execute(incidents))
        while page := list(islice(rows, self.at_once)):
            yield from self._page(page)

    def _page(self, page: Sequence[Any]) -> Iterator[Record]:
        keys = [row.key for row in page]
        promises = self._promises(keys)
        sent = self._sent(keys)
        reach = self._reach(keys)
        seen = self._seen(keys)
        for row in page:
            yield Record(
                incident=row.key,
                title=row.title,
                severity=Severity(row.severity),
                status=Status(row.status),
                declared_at=row.declared_at,
                resolved_at=row.resolved_at,
                promises=tuple(promises[row.key]),
                sent=tuple(sent[row.key]),
                reach=reach[row.key],
                seen=seen[row.key],
            )

    def _promises(self, keys: Sequence[str]) -> dict[str, list[Promise]]:
        promises: defaultdict[str, list[Promise]] = defaultdict(list)
        for promise in SqlPromises(self._session).of_all(keys):
            promises[promise.incident].append(promise)
        return promises

    def _sent(self, keys: Sequence[str]) -> dict[str, list[Sent]]:
        sent: defaultdict[str, list[Sent]] = defaultdict(list)
        for row in self._execute(_SENT.where(col(UpdateRow.incident).in_(keys))):
            sent[row.incident].append(
                Sent(
                    number=row.number,
                    kind=Kind(row.kind),
                    audiences=tuple(row.audiences),
                    drafted_at=row.drafted_at,
                    approved_at=row.approved_at,
                    was_asked=any(yes["roles"] or yes["break_glass"] for yes in row.approvals),
                )
            )
        return sent

    def _reach(self, keys: Sequence[str]) -> dict[str, dict[str, Reach]]:
        reach: defaultdict[str, dict[str, Reach]] = defaultdict(dict)
        rows = self._execute(_REACH.where(col(FanoutRow.incident).in_(keys)))
        for incident, audience, meant, accepted in rows:
            reach[incident][audience] = Reach(meant=int(meant), accepted=int(accepted))
        return reach

    def _seen(self, keys: Sequence[str]) -> dict[str, dict[str, int]]:
        seen: defaultdict[str, dict[str, int]] = defaultdict(dict)
        rows = self._execute(_SEEN.where(col(AcknowledgementRow.incident).in_(keys)))
        for incident, audience, count in rows:
            seen[incident][audience] = count
        return seen

    def _execute(self, query: Executable) -> Sequence[Any]:
        return self._session.connection().execute(query).all()
