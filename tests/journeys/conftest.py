"""What several journeys share: a team that stays on stage."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.journeys.team import Team, a_team


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Team]:
    """A team of the module's own, in an incident with its leads."""
    async with a_team() as team:
        await team.led()
        yield team
