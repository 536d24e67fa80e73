"""The ledger's tables: a fan-out, its shards with their totals, and one row a delivery."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.columns import UtcTime


class FanoutRow(SQLModel, table=True):
    """One update, or one bulletin (no `update_id`, number 0), to one audience by one channel."""

    __tablename__ = "fanout"
    __table_args__ = (
        UniqueConstraint("update_id", "audience", "channel"),
        # A bulletin's key stands where an update has its incident's.
        Index(
            "ix_fanout_bulletin",
            "incident",
            "audience",
            "channel",
            unique=True,
            sqlite_where=text("update_id IS NULL"),
            postgresql_where=text("update_id IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    update_id: int | None = Field(default=None, foreign_key="incident_update.id")
    incident: str = Field(index=True)
    number: int
    audience: str
    channel: str
    priority: int
    state: str
    opened_at: datetime = Field(sa_type=UtcTime)
    written: int = 0
    corrects: int | None = None
    trace: str = ""


class ShardRow(SQLModel, table=True):
    """Some hundred deliveries of a fan-out: what one worker holds at a time.

    The seven counts are its totals by state. They change in the transaction that changes the rows,
    so nobody ever counts a million of them, and two workers never wait for one row. `due_at` None:
    nothing is left to send, or the fan-out is still being planned.
    """

    __tablename__ = "shard"
    __table_args__ = (
        UniqueConstraint("fanout_id", "number"),
        Index(
            "ix_shard_open",
            "channel",
            "priority",
            "id",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    fanout_id: int = Field(foreign_key="fanout.id")
    number: int
    channel: str
    priority: int
    due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    owner: str = ""
    token: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=UtcTime)
    planned: int = 0
    sending: int = 0
    accepted: int = 0
    rejected: int = 0
    suppressed: int = 0
    unknown: int = 0
    cancelled: int = 0


class DeliveryRow(SQLModel, table=True):
    """One update to one recipient by one channel.

    Its fan-out and its shard are there, though nothing is declared: to check two references of
    each row costs Postgres more than to write it. `upkeep.flaws` finds rows without a shard.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("fanout_id", "address"),
        Index("ix_delivery_shard", "shard_id"),
        # Who waits for the end of quiet hours: few, and none by day.
        Index(
            "ix_delivery_held",
            "held_until",
            sqlite_where=text("held_until IS NOT NULL"),
            postgresql_where=text("held_until IS NOT NULL"),
        ),
        # Each row is written three times; where there is room beside it the indexes need not be.
        {"postgresql_with": {"fillfactor": "50"}},
    )

    id: int | None = Field(default=None, primary_key=True)
    fanout_id: int
    shard_id: int
    address: str
    name: str
    language: str
    time_zone: str
    state: str
    reason: str | None = None
    detail: str = ""
    provider_id: str = ""
    attempts: int = 0
    due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcTime)
    held_until: datetime | None = Field(default=None, sa_type=UtcTime)
    """Planned, and due to be sent when the reader's quiet hours end: `due_at` is not set then."""
