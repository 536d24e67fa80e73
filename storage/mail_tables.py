"""The tables of what belongs to mail alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from storage.columns import UtcTime


class SuppressionRow(SQLModel, table=True):
    """What came back from an address; `comms.suppression` says what each column means."""

    __tablename__ = "suppression"

    address: str = Field(primary_key=True)
    reason: str | None = None
    since: datetime = Field(sa_type=UtcTime)
    until: datetime | None = Field(default=None, sa_type=UtcTime)
    evidence: str = ""
    strikes: int = 0
    strikes_since: datetime | None = Field(default=None, sa_type=UtcTime)


class ChoiceRow(SQLModel, table=True):
    """What one reader of an audience's mail wants. It outlives the list that the reader is in."""

    __tablename__ = "choice"
    __table_args__ = (Index("ix_choice_wish", "wish", "audience"),)

    audience: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    """In lower case, as with recipients."""
    wish: str
    hour: int
    weekday: int
    language: str
    time_zone: str
    read_to: int
    read_at: datetime | None = Field(default=None, sa_type=UtcTime)
    by_import: bool
    quiet: str = ""


class BulletinRow(SQLModel, table=True):
    """What goes out through the ledger and is no update."""

    __tablename__ = "bulletin"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    kind: str = Field(index=True)
    audience: str
    about: str = Field(index=True)
    at: datetime = Field(sa_type=UtcTime)
    facts: dict[str, Any] = Field(sa_type=JSON)
    body: dict[str, Any] = Field(sa_type=JSON)
