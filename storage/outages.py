"""Which channels are out."""

from __future__ import annotations

from sqlmodel import Session

from comms.outage import Outage
from comms.plan.model import ChannelName
from storage.tables import OutageRow


class SqlOutages:
    """Outages in SQL: a row while a channel is out."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, channel: ChannelName) -> Outage | None:
        """The outage that the channel has now."""
        row = self._session.get(OutageRow, channel.value)
        if row is None:
            return None
        return Outage(channel=channel, since=row.since, why=row.why, incidents=tuple(row.incidents))

    def save(self, outage: Outage) -> None:
        """Keep it, in place of what was known of its channel."""
        self._session.merge(
            OutageRow(
                channel=outage.channel.value,
                since=outage.since,
                why=outage.why,
                incidents=list(outage.incidents),
            )
        )
        self._session.flush()

    def end(self, channel: ChannelName) -> None:
        """The channel works again."""
        row = self._session.get(OutageRow, channel.value)
        if row is not None:
            self._session.delete(row)
            self._session.flush()
