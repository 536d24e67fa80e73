"""Why a source cannot be read at the moment."""

from __future__ import annotations

from datetime import timedelta


class SourceDown(Exception):
    """It says what a person has to know, and no secret. `again` is the pause it asks for."""

    def __init__(self, why: str, *, again: timedelta | None = None) -> None:
        super().__init__(why)
        self.again = again
