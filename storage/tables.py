"""The tables. Nouns that people change one at a time; the ledger's are in `ledger_tables`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.columns import UtcTime


class IncidentRow(SQLModel, table=True):
    """One incident. `number` makes its key: INC-{number}."""

    __tablename__ = "incident"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(index=True, unique=True)
    nonce: str = Field(unique=True)
    title: str
    summary: str
    type: str
    severity: str
    status: str = Field(index=True)
    services: list[str] = Field(sa_type=JSON)
    roles: dict[str, Any] = Field(sa_type=JSON)
    declared_by: dict[str, Any] = Field(sa_type=JSON)
    declared_at: datetime = Field(sa_type=UtcTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcTime)
    drill: bool = False
    plans: list[Any] = Field(sa_type=JSON)


class UpdateRow(SQLModel, table=True):
    """One update. A discarded one gives its number back (it becomes negative)."""

    __tablename__ = "incident_update"
    __table_args__ = (UniqueConstraint("incident", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    incident: str = Field(index=True)
    number: int
    kind: str
    state: str
    report: dict[str, Any] = Field(sa_type=JSON)
    status: str
    audiences: list[str] = Field(sa_type=JSON)
    promises: dict[str, Any] = Field(sa_type=JSON)
    hash: str
    drafted_by: dict[str, Any] = Field(sa_type=JSON)
    drafted_at: datetime = Field(sa_type=UtcTime)
    approvals: list[Any] = Field(sa_type=JSON)
    asked: list[Any] = Field(sa_type=JSON)
    approved_at: datetime | None = Field(default=None, sa_type=UtcTime)
    corrects: int | None = None
    severity: str
    severity_was: str | None = None
    unchanged_since: datetime | None = Field(default=None, sa_type=UtcTime)


class StatementRow(SQLModel, table=True):
    """What one audience reads by one channel, as it was rendered and approved."""

    __tablename__ = "statement"
    __table_args__ = (UniqueConstraint("update_id", "audience", "channel"),)

    id: int | None = Field(default=None, primary_key=True)
    update_id: int = Field(foreign_key="incident_update.id", index=True)
    position: int
    audience: str
    channel: str
    body: dict[str, Any] = Field(sa_type=JSON)


class AskRow(SQLModel, table=True):
    """One need, live in the war room."""

    __tablename__ = "ask"

    id: int | None = Field(default=None, primary_key=True)
    incident: str = Field(index=True)
    need: dict[str, Any] = Field(sa_type=JSON)
    raised_at: datetime = Field(sa_type=UtcTime)
    state: str
    taken_by: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    declined_by: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    met_at: datetime | None = Field(default=None, sa_type=UtcTime)


class PromiseRow(SQLModel, table=True):
    """One 'next update by' of one audience."""

    __tablename__ = "promise"

    id: int | None = Field(default=None, primary_key=True)
    incident: str = Field(index=True)
    audience: str
    made_at: datetime = Field(sa_type=UtcTime)
    due_at: datetime = Field(sa_type=UtcTime)
    state: str
    answered_by: int | None = None
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    snoozed_until: datetime | None = Field(default=None, sa_type=UtcTime)


class TimerRow(SQLModel, table=True):
    """Something due at a moment."""

    __tablename__ = "timer"

    key: str = Field(primary_key=True)
    due_at: datetime = Field(sa_type=UtcTime, index=True)
    kind: str
    incident: str
    subject: int
    generation: int


class EntryRow(SQLModel, table=True):
    """One line of a timeline."""

    __tablename__ = "timeline"

    id: int | None = Field(default=None, primary_key=True)
    incident: str = Field(index=True)
    at: datetime = Field(sa_type=UtcTime)
    by: dict[str, Any] = Field(sa_type=JSON)
    kind: str
    text: str
    facts: dict[str, Any] = Field(sa_type=JSON)


class DeedRow(SQLModel, table=True):
    """One line of the audit log; triggers refuse to change or delete it."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    by: dict[str, Any] = Field(sa_type=JSON)
    via: str
    action: str
    subject: str = Field(index=True)
    detail: dict[str, Any] = Field(sa_type=JSON)


class EffectRow(SQLModel, table=True):
    """Something to be carried out in the outside world; `due_at` None: done or given up."""

    __tablename__ = "outbox"
    __table_args__ = (
        # What is left to do: small, however much has been done.
        Index(
            "ix_outbox_left",
            "lane",
            "id",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    lane: str
    kind: str
    incident: str
    payload: dict[str, Any] = Field(sa_type=JSON)
    attempts: int = 0
    revivals: int = 0
    written_at: datetime = Field(sa_type=UtcTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcTime, index=True)
    done_at: datetime | None = Field(default=None, sa_type=UtcTime)
    why: str = ""
    trace: str = ""


class LaneRow(SQLModel, table=True):
    """A lane of the outbox that one of several processes has in hand."""

    __tablename__ = "outbox_lane"

    lane: str = Field(primary_key=True)
    owner: str = Field(index=True)
    lease_until: datetime = Field(sa_type=UtcTime)


class PlaceRow(SQLModel, table=True):
    """A Teams conversation that the app may post to."""

    __tablename__ = "place"

    conversation: str = Field(primary_key=True)
    service_url: str
    tenant: str
    team: str
    channel: str
    name: str
    seen: int


class RoomRow(SQLModel, table=True):
    """An incident's war room, or (not open yet) where it was declared."""

    __tablename__ = "room"

    incident: str = Field(primary_key=True)
    origin: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    place: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    conversation: str = Field(default="", index=True)
    card: str = ""


class CardRow(SQLModel, table=True):
    """A posted card that may have to change later."""

    __tablename__ = "card"

    incident: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    activity: str


class RecipientRow(SQLModel, table=True):
    """One address of one person in one audience."""

    __tablename__ = "recipient"
    __table_args__ = (
        UniqueConstraint("audience", "address"),
        Index("ix_recipient_audience_id", "audience", "id"),
        Index("ix_recipient_language", "audience", "language"),
        # Who has quiet hours of their own: few, as a rule.
        Index(
            "ix_recipient_quiet",
            "audience",
            "quiet",
            sqlite_where=text("quiet <> ''"),
            postgresql_where=text("quiet <> ''"),
        ),
        # Whom only a source names: few, however long the list is.
        Index(
            "ix_recipient_found",
            "audience",
            "address",
            sqlite_where=text("NOT listed AND NOT subscribed"),
            postgresql_where=text("NOT listed AND NOT subscribed"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    audience: str
    address: str
    """The address in lower case, by which people are compared."""
    email: str
    name: str
    language: str
    time_zone: str
    channels: str
    """Separated by spaces; none of them: those of the audience."""
    quiet: str = ""
    """Quiet hours as `comms.quiet` words them; none of them: those of the audience."""
    listed: bool = False
    """They stand in the audience's list."""
    subscribed: bool = False
    """They have entered themselves: a new list leaves them in. Whoever is neither listed nor
    subscribed is here because a source names them."""


class CountdownRow(SQLModel, table=True):
    """A regulator's deadlines in one incident."""

    __tablename__ = "countdown"
    __table_args__ = (UniqueConstraint("incident", "regime"),)

    id: int | None = Field(default=None, primary_key=True)
    incident: str
    regime: str
    started_at: datetime = Field(sa_type=UtcTime)
    aware_at: datetime = Field(sa_type=UtcTime)
    started_by: dict[str, Any] = Field(sa_type=JSON)
    filed: dict[str, Any] = Field(sa_type=JSON)
    stopped: str


class SightingRow(SQLModel, table=True):
    """An activity id that has been seen."""

    __tablename__ = "sighting"

    activity: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcTime, index=True)


class AcknowledgementRow(SQLModel, table=True):
    """A person's 'seen' of an update."""

    __tablename__ = "acknowledgement"
    __table_args__ = (UniqueConstraint("incident", "number", "person"),)

    id: int | None = Field(default=None, primary_key=True)
    incident: str
    number: int
    person: str
    by: dict[str, Any] = Field(sa_type=JSON)
    audience: str
    at: datetime = Field(sa_type=UtcTime)
    way: str = ""


class KeyRow(SQLModel, table=True):
    """A key of this installation, with which it signs its links."""

    __tablename__ = "key"

    name: str = Field(primary_key=True)
    value: str


class ThrottleRow(SQLModel, table=True):
    """How fast one key may be sent to; `comms.pace.Pace` says what each column means."""

    __tablename__ = "throttle"

    key: str = Field(primary_key=True)
    rate: float = 0.0
    since: datetime | None = Field(default=None, sa_type=UtcTime)
    top: float = 0.0
    is_brisk: bool = False
    taken: int = 0
    lately: int = 0
    before: int = 0
    counted_from: datetime | None = Field(default=None, sa_type=UtcTime)
    is_flowing: bool = True
    pauses: int = 0
    refused_at: datetime | None = Field(default=None, sa_type=UtcTime)
    blocked_until: datetime | None = Field(default=None, sa_type=UtcTime)
    ready_at: datetime | None = Field(default=None, sa_type=UtcTime)
    urgent: int = 0
    urgent_until: datetime | None = Field(default=None, sa_type=UtcTime)


class OutageRow(SQLModel, table=True):
    """A channel that is out; the row goes when it works again."""

    __tablename__ = "outage"

    channel: str = Field(primary_key=True)
    since: datetime = Field(sa_type=UtcTime)
    why: str
    incidents: list[str] = Field(sa_type=JSON)
