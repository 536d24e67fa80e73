"""The API over real HTTP, on a SQLite file of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from comms.bell import Bell
from comms.desk import Desk
from comms.fanout import Runner, Slots
from comms.plan.model import ChannelName
from comms.routes import only
from comms.testing import FakeTransport, HeldClock
from storage.database import Database
from storage.ledger import SqlLedger
from tests.bot.api.client import Api, serving


@pytest.fixture
async def api(desk: Desk) -> AsyncIterator[Api]:
    """A client with the house's token."""
    async with serving(desk) as client:
        yield client


@pytest.fixture
def relay() -> FakeTransport:
    """Where mail goes in these tests."""
    return FakeTransport()


@pytest.fixture
def mail(database: Database, clock: HeldClock, relay: FakeTransport) -> Runner:
    """Fans mail out when the test says so."""
    return Runner(
        channel=ChannelName.MAIL,
        routes=only(relay),
        ledger=SqlLedger(database),
        clock=clock,
        bell=Bell(),
        owner="test",
        slots=Slots(),
    )
