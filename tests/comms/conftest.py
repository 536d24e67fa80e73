"""What the fan-out's tests stand on: a ledger and a transport in memory."""

from __future__ import annotations

import pytest

from comms.testing import FakeTransport, MemoryLedger


@pytest.fixture
def ledger() -> MemoryLedger:
    """An empty ledger."""
    return MemoryLedger()


@pytest.fixture
def transport() -> FakeTransport:
    """A transport that accepts everything."""
    return FakeTransport()
