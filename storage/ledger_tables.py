"""The ledger's tables: a fan-out with its running totals, and one row a delivery."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.columns import UtcTime

SHARD = 500
"""Deliveries a shard: what one engine job carries."""


class FanoutRow(SQLModel, table=True):
    """One update to one audience by one channel.

    The seven counts are the totals by state. They change in the transaction that changes the rows,
    so nobody ever counts a million of them.
    """

    __tablename__ = "fanout"
    __table_args__ = (UniqueConstraint("update_id", "audience", "channel"),)

    id: int | None = Field(default=None, primary_key=True)
    update_id: int = Field(foreign_key="incident_update.id")
    incident: str = Field(index=True)
    number: int
    audience: str
    channel: str
    priority: int
    state: str
    opened_at: datetime = Field(sa_type=UtcTime)
    planned: int = 0
    sending: int = 0
    accepted: int = 0
    rejected: int = 0
    suppressed: int = 0
    unknown: int = 0
    cancelled: int = 0


class DeliveryRow(SQLModel, table=True):
    """One update to one recipient by one channel."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("fanout_id", "address"),
        # What is waiting, and what is being sent: small, however long the ledger grows.
        Index(
            "ix_delivery_planned",
            "fanout_id",
            "due_at",
            "id",
            sqlite_where=text("state = 'planned'"),
            postgresql_where=text("state = 'planned'"),
        ),
        Index(
            "ix_delivery_sending",
            "fanout_id",
            "lease_until",
            sqlite_where=text("state = 'sending'"),
            postgresql_where=text("state = 'sending'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    fanout_id: int = Field(foreign_key="fanout.id")
    shard: int
    address: str
    name: str
    language: str
    state: str
    reason: str | None = None
    detail: str = ""
    provider_id: str = ""
    attempts: int = 0
    owner: str = ""
    lease_until: datetime | None = Field(default=None, sa_type=UtcTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcTime)
