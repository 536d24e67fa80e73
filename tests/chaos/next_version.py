"""The version after this one: the same program with one more migration."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.chaos.victim import ROOT

PACKAGES = ("bot", "comms", "storage", "templates", "manifest")

MIGRATION = '''
"""A column that this version does not know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "9002"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("tone", sa.String(), nullable=True))
    op.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
'''


def next_version(folder: Path, *, head: str) -> dict[str, str]:
    """Write it into a folder; return the environment of a process that runs it.

    `head` is the revision of this version's schema.
    """
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package)
    migration = folder / "storage/migrations/versions/v9002_tone.py"
    migration.write_text(MIGRATION.format(head=head), encoding="utf-8")
    schema = folder / "storage/schema.py"
    told = schema.read_text(encoding="utf-8")
    assert f'HEAD = "{head}"' in told
    schema.write_text(told.replace(f'HEAD = "{head}"', 'HEAD = "9002"'), encoding="utf-8")
    return {"PYTHONPATH": str(folder)}
