"""What tests of several parts of the bot stand on."""

from __future__ import annotations

import pytest

from bot.bench import process
from tests.forks import FORKS


@pytest.fixture
def quick_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork a benchmark's processes: where its figures are not tested they need not be as new."""
    monkeypatch.setattr(process, "SPAWN", FORKS)
