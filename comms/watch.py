"""The watch over the channels: it acts when one fails, and when it works again."""

from __future__ import annotations

from comms.acts.outages import fail, is_out, recover
from comms.circuit import Audiences, Watch
from comms.desk import Desk
from comms.people import SITREP
from comms.plan.model import ChannelName


def watch(desk: Desk) -> Watch:
    """Return what runners tell; what they say goes into the book."""

    async def failed(channel: ChannelName, why: str, audiences: Audiences) -> None:
        await desk.do(fail, SITREP, "timer", channel, why, audiences)

    async def works(channel: ChannelName) -> None:
        # A look first: every runner says so with its first delivery.
        if await desk.read(is_out, SITREP, "timer", channel):
            await desk.do(recover, SITREP, "timer", channel)

    return Watch(failed=failed, works=works)
