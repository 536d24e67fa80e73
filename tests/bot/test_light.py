"""What an installation does not need, its process does not hold."""

from __future__ import annotations

import subprocess
import sys

SERVED = "import bot.cli.serve, bot.serve, sys; print(*sys.modules)"

UNNEEDED = {
    "msal",
    "requests",
    "psycopg",
    "procrastinate",
    "imapclient",
    "alembic",
    "botbuilder",
    "jwt",
    "holidays",
}


def test_an_app_on_sqlite_loads_what_sqlite_needs_and_no_bot_before_one_is_spoken_to() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVED], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert "sqlalchemy" in loaded
    assert not loaded & UNNEEDED
