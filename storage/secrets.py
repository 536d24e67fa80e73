"""Where the installation's own keys are kept."""

from __future__ import annotations

import secrets

from sqlmodel import Session, select

from storage.tables import KeyRow
from storage.upsert import insert_ignoring


def key_of(session: Session, name: str) -> bytes:
    """Return the key of that name, made when it is first asked for; equal for all replicas."""
    insert_ignoring(session, KeyRow, {"name": name, "value": secrets.token_hex(32)}, on=("name",))
    value = session.exec(select(KeyRow.value).where(KeyRow.name == name)).one()
    return bytes.fromhex(value)
