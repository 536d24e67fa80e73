"""The page's transport: an approved notice goes into the snapshot directory."""

from __future__ import annotations

import asyncio
import errno
import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from comms.channels.page import snapshot
from comms.channels.page.notice import from_json
from comms.channels.page.state import Posting, Site
from comms.clock import Clock
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.errors import Conflict, SitrepError, Unavailable
from comms.statement import HTML, NOTICE, PLAIN, Statement

log = structlog.get_logger(__name__)

ADVICE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "it may not be written by this account",
    errno.EPERM: "it may not be written by this account",
    errno.EROFS: "it is mounted read-only",
    errno.ENOTDIR: "a file is where the directory should be",
    errno.EEXIST: "a file is where the directory should be",
}


class PageTransport:
    """Publishes notices into `directory`, which the status process reads."""

    def __init__(self, directory: Path, site: Site, clock: Clock) -> None:
        self._directory = directory
        self._site = site
        self._clock = clock

    def rename(self, site: Site) -> None:
        """Draw the page from now on for an organisation that calls itself so."""
        self._site = site

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Publish the notice once and return that outcome for each delivery.

        Publishing a notice again changes nothing and gives the same receipt: the SHA-256 of the
        notice. A full disk, a missing right or a writer that holds the directory is rejected as
        temporary; the snapshot on disk is whole then, as it was before.
        """
        state, reason, detail, receipt = await asyncio.to_thread(self._publish, statement)
        return [
            Outcome(
                delivery=delivery.id, state=state, reason=reason, detail=detail, provider_id=receipt
            )
            for delivery in batch
        ]

    async def refresh(self, now: datetime) -> None:
        """Draw the page again for `now`: call it at the start and when a promise falls due.

        Unavailable when the directory cannot be written; it says why.
        """
        try:
            await asyncio.to_thread(partial(snapshot.refresh, self._directory, self._site, now=now))
        except OSError as wrong:
            raise Unavailable(why(self._directory, wrong)) from wrong

    def _publish(self, statement: Statement) -> tuple[DeliveryState, Reason | None, str, str]:
        source = statement.parts[NOTICE]
        try:
            posting = Posting(
                notice=from_json(source), html=statement.parts[HTML], text=statement.parts[PLAIN]
            )
            snapshot.publish(self._directory, self._site, (posting,), now=self._clock.now())
        except Conflict as other_words:
            return DeliveryState.REJECTED, Reason.CONTENT_REFUSED, other_words.detail, ""
        except OSError as wrong:
            detail = why(self._directory, wrong)
            log.warning("notice_not_published", incident=statement.incident, reason=detail)
            return DeliveryState.REJECTED, Reason.TEMPORARY, detail, ""
        except SitrepError as wrong:
            return DeliveryState.REJECTED, Reason.TEMPORARY, wrong.detail, ""
        return DeliveryState.ACCEPTED, None, "", hashlib.sha256(source.encode()).hexdigest()[:16]


def why(directory: Path, wrong: OSError) -> str:
    """Return for the ledger what keeps the directory from being written."""
    known = ADVICE.get(wrong.errno or 0, wrong.strerror or "another writer holds it")
    return f"The status page's directory {directory} cannot be written: {known}."
