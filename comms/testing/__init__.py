"""Fakes that ship with the engine; `tests/contracts` holds them to what the real ones do."""

from comms.testing.clock import HeldClock
from comms.testing.ledger import MemoryLedger
from comms.testing.transport import FakeTransport

__all__ = ["FakeTransport", "HeldClock", "MemoryLedger"]
