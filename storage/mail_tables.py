"""The tables of what belongs to mail alone."""

from __future__ import annotations

from datetime import datetime

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
