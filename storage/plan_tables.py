"""What the plan's capabilities need: by what chat each person is told."""

from __future__ import annotations

from sqlmodel import Field, SQLModel


class ChatRow(SQLModel, table=True):
    """One person's chat with the app, by their mail address in lower case."""

    __tablename__ = "chat"

    address: str = Field(primary_key=True)
    conversation: str
    service_url: str
    tenant: str
