"""Fakes that ship with the engine; `tests/contracts` holds them to what the real ones do."""

from comms.testing.clock import HeldClock, LeapingClock
from comms.testing.ledger import MemoryLedger
from comms.testing.throttle import MemoryThrottle
from comms.testing.transport import FakeTransport

__all__ = ["FakeTransport", "HeldClock", "LeapingClock", "MemoryLedger", "MemoryThrottle"]
