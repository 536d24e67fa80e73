"""Everything the status page shows at one moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from comms.channels.page.notice import Notice, headline
from comms.errors import Invalid
from comms.incident import Status
from comms.update import Kind

RECENT = timedelta(days=14)
"""How long the front page lists an incident after its last notice."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """Whose page it is. `url` is where customers find it, without a slash at the end.

    `subscribe_url` is where they ask for mail, `manage_url` where, before the token of their own
    link, they choose what they receive; '' where they cannot.
    """

    organisation: str
    time_zone: ZoneInfo
    url: str
    subscribe_url: str = ""
    manage_url: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.netloc or self.url.endswith("/"):
            raise Invalid(
                f"The status page's address must be like https://status.example.com, "
                f"without a slash at its end; it is {self.url!r}."
            )

    @property
    def prefix(self) -> str:
        """The path below which the page is served: '' or like '/status'."""
        return urlsplit(self.url).path

    def incident_url(self, incident: str) -> str:
        """The full address of an incident's page."""
        return f"{self.url}/incidents/{incident}"


@dataclass(frozen=True, kw_only=True)
class Posting:
    """A notice with its approved renderings; `html` is shown exactly as it is."""

    notice: Notice
    html: str
    text: str


@dataclass(frozen=True, kw_only=True)
class PublicIncident:
    """An incident as customers know it: its postings, the oldest first."""

    id: str
    postings: tuple[Posting, ...]

    @property
    def latest(self) -> Notice:
        """What was said last."""
        return self.postings[-1].notice

    @property
    def status(self) -> Status:
        """The state that was told last."""
        return self.latest.status

    @property
    def is_open(self) -> bool:
        """True until customers were told that it is resolved."""
        return self.status.is_open

    @property
    def headline(self) -> str:
        """The headline of the first notice that has one, or of the notice which corrected it.

        Later notices do not rename it: 'Payments work again' is no name for a problem.
        """
        told = [p.notice for p in self.postings if p.notice.symptom]
        if not told:
            return headline("", Status.INVESTIGATING)
        named = told[0]
        while (better := self.correction_of(named)) is not None and better.symptom:
            named = better
        return headline(named.symptom, named.status)

    @property
    def started_at(self) -> datetime:
        """When customers were first told."""
        return self.postings[0].notice.issued_at

    @property
    def resolved_at(self) -> datetime | None:
        """When customers were told that it is over; None while it is open."""
        if self.is_open:
            return None
        told = self.latest.issued_at
        for posting in reversed(self.postings):
            if posting.notice.status.is_open:
                break
            told = posting.notice.issued_at
        return told

    @property
    def monitoring_at(self) -> datetime | None:
        """When customers were first told that a fix is in place."""
        told = (p.notice for p in self.postings if p.notice.status is Status.MONITORING)
        return next((notice.issued_at for notice in told), None)

    @property
    def promised(self) -> datetime | None:
        """The next update's printed time, while one is owed."""
        return self.latest.next_update if self.is_open else None

    def is_late(self, now: datetime) -> bool:
        """True when the promised time has come and nothing newer was said."""
        return self.promised is not None and now >= self.promised

    def correction_of(self, notice: Notice) -> Notice | None:
        """The last notice that puts this one right, if any."""
        corrections = (
            p.notice
            for p in reversed(self.postings)
            if p.notice.kind is Kind.CORRECTION
            and p.notice.corrects == notice.update
            and p.notice.update > notice.update
        )
        return next(corrections, None)


@dataclass(frozen=True, kw_only=True)
class PageState:
    """All notices at `now` (UTC): open incidents first, then the one last told of first."""

    site: Site
    now: datetime
    incidents: tuple[PublicIncident, ...]

    @property
    def open(self) -> tuple[PublicIncident, ...]:
        """The incidents that go on."""
        return tuple(incident for incident in self.incidents if incident.is_open)

    @property
    def recent(self) -> tuple[PublicIncident, ...]:
        """The incidents that ended within `RECENT`."""
        since = self.now - RECENT
        return tuple(i for i in self.incidents if not i.is_open and i.latest.issued_at >= since)

    @property
    def postings(self) -> tuple[Posting, ...]:
        """Every posting, the newest first."""
        found = [posting for incident in self.incidents for posting in incident.postings]
        return tuple(sorted(found, key=lambda p: (p.notice.issued_at, p.notice.id), reverse=True))

    @property
    def updated_at(self) -> datetime:
        """When something was last said; `now` where nothing ever was."""
        postings = self.postings
        return postings[0].notice.issued_at if postings else self.now


def page_state(site: Site, now: datetime, postings: Iterable[Posting]) -> PageState:
    """Return the state that these postings make, in whatever order they are given."""
    ordered = sorted(postings, key=lambda p: (p.notice.incident, p.notice.update))
    incidents = [
        PublicIncident(id=name, postings=tuple(told))
        for name, told in groupby(ordered, key=lambda p: p.notice.incident)
    ]
    incidents.sort(key=lambda i: (i.is_open, i.latest.issued_at, i.id), reverse=True)
    return PageState(site=site, now=now, incidents=tuple(incidents))
