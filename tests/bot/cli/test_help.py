"""Help is quick and whole: every command that is listed is there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.cli import COMMANDS
from tests.bot.cli.conftest import Sitrep


@pytest.mark.parametrize("command", COMMANDS)
def test_every_listed_command_is_there(sitrep: Sitrep, command: str) -> None:
    said = sitrep(command, "--help")

    assert said.code == 0
    assert command in said.out


def test_help_lists_every_command(sitrep: Sitrep) -> None:
    said = sitrep("--help")

    assert said.code == 0
    assert all(command in said.out for command in COMMANDS)


def test_help_loads_nothing_that_it_does_not_need() -> None:
    script = (
        "import sys; from bot.cli import app; app(['--help'], standalone_mode=False);"
        "print(sorted({'aiohttp', 'pydantic', 'sqlalchemy', 'botbuilder'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_printed(sitrep: Sitrep) -> None:
    assert sitrep("--version").out.startswith("sitrep ")


def test_a_mistyped_command_is_told_the_nearest(sitrep: Sitrep) -> None:
    said = sitrep("delcare")

    assert said.code == 2
    assert "declare" in said.err
