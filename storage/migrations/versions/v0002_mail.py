"""What mail needs: whom not to write to, what its readers have chosen, bulletins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of mail."""
    op.create_table(
        "suppression",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("strikes_since", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("address"),
    )
    op.create_table(
        "choice",
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("wish", sa.String(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("read_to", sa.Integer(), nullable=False),
        sa.Column("read_at", UtcTime(), nullable=True),
        sa.Column("by_import", sa.Boolean(), nullable=False),
        sa.Column("quiet", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("audience", "address"),
    )
    op.create_index("ix_choice_wish", "choice", ["wish", "audience"])
    op.create_table(
        "bulletin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(op.f("ix_bulletin_kind"), "bulletin", ["kind"])
    op.create_index(op.f("ix_bulletin_about"), "bulletin", ["about"])
