"""The bells of one process: which loop is rung for what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from comms.bell import Bell, Topic
from comms.plan.model import ChannelName


class Bells:
    """What is rung for each loop. A fan-out that is ready concerns whoever sends, or dispatches."""

    def __init__(self) -> None:
        self.timers, self.outbox, self.planning, self.dispatch = Bell(), Bell(), Bell(), Bell()
        self.sources = Bell()
        self.lanes = {channel: Bell() for channel in ChannelName}
        self.by_topic: Mapping[Topic, tuple[Bell, ...]] = {
            Topic.TIMERS: (self.timers,),
            Topic.OUTBOX: (self.outbox,),
            Topic.PLANNING: (self.planning,),
            Topic.SOURCES: (self.sources,),
            Topic.FANOUT: (self.dispatch, *self.lanes.values()),
        }

    def ring(self, topics: Iterable[Topic]) -> None:
        """Wake every loop that these topics concern."""
        for topic in topics:
            for bell in self.by_topic[topic]:
                bell.ring()
