"""What the plan's capabilities need: people's chats with the app, copies of sources of people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary
from sqlmodel import Field, SQLModel

from storage.columns import UtcTime


class ChatRow(SQLModel, table=True):
    """One person's chat with the app, by their mail address in lower case."""

    __tablename__ = "chat"

    address: str = Field(primary_key=True)
    conversation: str
    service_url: str
    tenant: str


class SourceRow(SQLModel, table=True):
    """What is known of a source; `comms.source.SourceState` says what each column means."""

    __tablename__ = "source"

    key: str = Field(primary_key=True)
    people: int = 0
    left_out: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    fetched_at: datetime | None = Field(default=None, sa_type=UtcTime)
    tried_at: datetime | None = Field(default=None, sa_type=UtcTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    failing_since: datetime | None = Field(default=None, sa_type=UtcTime)
    why: str = ""
    held_since: datetime | None = Field(default=None, sa_type=UtcTime)
    held: int = 0
    accepted: bool = False


class MemberRow(SQLModel, table=True):
    """Somebody in a source's copy."""

    __tablename__ = "member"

    source: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    """In lower case, as with recipients."""
    email: str
    name: str
    language: str


class ShiftRow(SQLModel, table=True):
    """Somebody is on call for a while."""

    __tablename__ = "shift"
    __table_args__ = (Index("ix_shift_source", "source", "starts_at"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str
    starts_at: datetime = Field(sa_type=UtcTime)
    ends_at: datetime = Field(sa_type=UtcTime)
    email: str
    name: str


class FeedRow(SQLModel, table=True):
    """The last good text of a calendar."""

    __tablename__ = "feed"

    source: str = Field(primary_key=True)
    origin: str
    etag: str
    modified: str
    body: bytes = Field(sa_type=LargeBinary)


class TickRow(SQLModel, table=True):
    """An item of a checklist that was ticked off. `item` is the id of `comms.plan.conduct.Item`."""

    __tablename__ = "tick"

    incident: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    by: dict[str, Any] = Field(sa_type=JSON)
    at: datetime = Field(sa_type=UtcTime)
