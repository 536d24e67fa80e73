"""The ledger as the fan-out sees it, in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, bindparam, case, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from comms.delivery import Delivery, DeliveryState
from comms.errors import NotFound
from comms.ledger import LATEST_RETRY, Advance, Claim, Fanout, Settled, keys_of
from comms.plan.model import ChannelName
from comms.statement import Statement
from storage import ledger_sql as sql
from storage.database import Database
from storage.documents import STATEMENT
from storage.ledger_rows import fanout_of
from storage.ledger_sql import bounds, driver, stamp
from storage.ledger_tables import FanoutRow, ShardRow
from storage.mail_tables import BulletinRow
from storage.rowset import tuples
from storage.tables import StatementRow

COUNTED = (
    DeliveryState.PLANNED,
    DeliveryState.SENDING,
    DeliveryState.ACCEPTED,
    DeliveryState.REJECTED,
    DeliveryState.UNKNOWN,
)
"""The states that a claim moves deliveries between, in the order of `ledger_sql.COUNT`."""

_STATES = {state: state.value for state in DeliveryState}

_FANOUT = sqlalchemy.select(FanoutRow.__table__).where(col(FanoutRow.id) == bindparam("id"))  # type: ignore[attr-defined] # mypy sees no table


class SqlLedger:
    """Claims shards and records outcomes; SQLite and Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, *, channel: ChannelName, owner: str, now: datetime, lease: timedelta
    ) -> Claim | None:
        """Take the most urgent shard that has something due and that nobody holds."""

        def take(connection: Connection) -> Claim | None:
            until = now + lease
            taken = connection.exec_driver_sql(
                driver(connection, sql.CLAIM),
                (owner, stamp(connection, until), channel.value, *bounds(connection, now)),
            ).first()
            if taken is None:
                return None
            row: Any = connection.execute(_FANOUT, {"id": taken.fanout_id}).one()
            fanout = fanout_of(row)
            lost: Sequence[tuple[Any, ...]] = ()
            if taken.sending:
                lost = tuples(connection.exec_driver_sql(driver(connection, sql.LOST), (taken.id,)))
            return Claim(
                shard=taken.id,
                fanout=fanout,
                owner=owner,
                token=taken.token,
                lease_until=until,
                lost=_deliveries(fanout, lost),
            )

        return await self._database.write_behind(take)

    async def advance(
        self,
        claim: Claim,
        settled: Sequence[Settled],
        *,
        take: int,
        now: datetime,
        lease: timedelta,
        put_off: datetime | None = None,
    ) -> Advance:
        """Record what became of deliveries and take up to `take` more, in one transaction."""

        def go_on(connection: Connection) -> Advance:
            step = _advance(connection, claim, settled, take=take, now=now, lease=lease)
            if put_off and not step.deliveries:
                _put_off(connection, claim, min(put_off, now + LATEST_RETRY))
            return step

        return await self._database.write_behind(go_on)

    async def renew(self, claim: Claim, *, now: datetime, lease: timedelta) -> None:
        """Hold the shard for longer: a send takes its time. Nothing for a claim that was fenced."""

        def longer(connection: Connection) -> None:
            until = stamp(connection, now + lease)
            connection.exec_driver_sql(
                driver(connection, sql.HOLD), (until, claim.shard, claim.token)
            )

        await self._database.write_behind(longer)

    async def statement(self, fanout: Fanout) -> Statement:
        """What was approved for this fan-out."""

        def look(session: Session) -> Statement:
            body = session.exec(_approved(fanout) if fanout.is_update else _posted(fanout)).first()
            if body is None:
                raise NotFound(f"{fanout.incident} has no statement for {fanout.audience}.")
            return STATEMENT.validate_python(body)

        return await self._database.read(look)

    async def next_due(self, channel: ChannelName) -> datetime | None:
        """When the next shard is due, or the lease of one runs out."""
        free = case(
            (col(ShardRow.lease_until).is_(None), col(ShardRow.due_at)),
            (col(ShardRow.lease_until) > col(ShardRow.due_at), col(ShardRow.lease_until)),
            else_=col(ShardRow.due_at),
        )
        return await self._database.read(
            lambda session: session.exec(
                select(func.min(free)).where(
                    ShardRow.channel == channel.value, col(ShardRow.due_at).is_not(None)
                )
            ).one()
        )


def _approved(fanout: Fanout) -> SelectOfScalar[Any]:
    return (
        select(StatementRow.body)
        .join(FanoutRow, col(FanoutRow.update_id) == col(StatementRow.update_id))
        .where(
            FanoutRow.id == fanout.id,
            StatementRow.audience == fanout.audience,
            StatementRow.channel == fanout.channel.value,
        )
    )


def _posted(fanout: Fanout) -> SelectOfScalar[Any]:
    return select(BulletinRow.body).where(BulletinRow.key == fanout.incident)


def _advance(
    connection: Connection,
    claim: Claim,
    settled: Sequence[Settled],
    *,
    take: int,
    now: datetime,
    lease: timedelta,
) -> Advance:
    """Renew, finish, take: each in one statement. Whoever lost the fence changes nothing."""
    at = stamp(connection, now)
    renewed = connection.exec_driver_sql(
        driver(connection, sql.RENEW),
        (
            stamp(connection, now + lease),
            claim.shard,
            claim.token,
            claim.fanout.channel.value,
            *bounds(connection, now),
            claim.fanout.priority,
        ),
    ).first()
    if renewed is None:
        return Advance(is_fenced=True)
    kept = _finish(connection, claim, settled, at)
    waiting, overtaken = renewed[0], bool(take) and bool(renewed[1])
    waiting += sum(one.due_at is not None for one in settled)
    taken: Sequence[tuple[Any, ...]] = ()
    # Whoever has just claimed looks all the same: totals that were wrong would strand a shard.
    if take and not overtaken and (waiting or not settled):
        taken = _take(connection, claim, settled, now, take)
    _count(connection, claim, settled, kept=kept, taken=len(taken))
    if not taken:
        connection.exec_driver_sql(driver(connection, sql.GIVE_BACK), (claim.shard, claim.token))
    return Advance(deliveries=_deliveries(claim.fanout, taken), kept=kept, is_overtaken=overtaken)


def _put_off(connection: Connection, claim: Claim, until: datetime) -> None:
    at = stamp(connection, until)
    connection.exec_driver_sql(driver(connection, sql.PUT_OFF), (at, claim.shard, claim.token, at))


def _finish(connection: Connection, claim: Claim, settled: Sequence[Settled], at: Any) -> int:
    """Record what became of deliveries; return how many of them were under way."""
    if not settled:
        return 0
    rows = {
        number: (
            number,
            _STATES[DeliveryState.PLANNED if due else state],
            reason.value if reason else None,
            detail[:300],
            provider_id,
            stamp(connection, due) if due else None,
            0 if counts else 1,
        )
        for (number, state, reason, detail, provider_id, _), due, counts in reversed(settled)
    }
    told = sql.OUTCOMES.given(connection, list(rows.values()))
    ours = (at, *told, claim.shard)
    return connection.exec_driver_sql(driver(connection, sql.FINISH), ours).rowcount


def _take(
    connection: Connection, claim: Claim, settled: Sequence[Settled], now: datetime, limit: int
) -> Sequence[tuple[Any, ...]]:
    """Take what is due: what follows on the last batch, then whatever there is in the shard."""
    due, until = bounds(connection, now)[:2]
    taken: Sequence[tuple[Any, ...]] = ()
    if settled:
        last = max(one.outcome.delivery for one in settled)
        given: tuple[Any, ...] = (claim.shard, due, until, last, limit)
        taken = tuples(connection.exec_driver_sql(driver(connection, sql.TAKE_NEXT), given))
    if not taken:
        given = (claim.shard, due, until, limit)
        taken = tuples(connection.exec_driver_sql(driver(connection, sql.TAKE), given))
    return taken


def _count(
    connection: Connection, claim: Claim, settled: Sequence[Settled], *, kept: int, taken: int
) -> None:
    """Move the shard's totals with its rows; count them anew where a row was not under way."""
    if kept != len(settled):
        connection.exec_driver_sql(driver(connection, sql.RECOUNT), (claim.shard,))
        return
    moved = Counter(DeliveryState.PLANNED if due else one.state for one, due, _ in settled)
    moved[DeliveryState.PLANNED] -= taken
    moved[DeliveryState.SENDING] += taken - kept
    if settled or taken:
        connection.exec_driver_sql(
            driver(connection, sql.COUNT), (*(moved[state] for state in COUNTED), claim.shard)
        )


def _deliveries(fanout: Fanout, rows: Iterable[Any]) -> tuple[Delivery, ...]:
    """Return rows that were taken as deliveries, what is due longest first."""
    key_of = keys_of(fanout)
    return tuple(
        Delivery(number, key_of(address), address, name, language, time_zone, attempt)
        for _due, number, address, name, language, time_zone, attempt in sorted(rows)
    )
