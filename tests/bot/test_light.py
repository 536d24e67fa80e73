"""What an installation does not need, its process does not hold."""

from __future__ import annotations

import subprocess
import sys

SERVED = "import bot.cli.serve, bot.serve, sys; print(*sys.modules)"


def test_an_app_on_sqlite_loads_neither_postgres_nor_imap_nor_migrations() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVED], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert "sqlalchemy" in loaded
    assert not loaded & {"psycopg", "procrastinate", "imapclient", "alembic"}
