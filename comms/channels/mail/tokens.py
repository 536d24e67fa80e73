"""Where the app's access tokens come from, for those that log in as the app."""

from __future__ import annotations

from typing import Protocol


class Tokens(Protocol):
    """Gives one token for one service; it caches and refreshes by itself."""

    async def token(self) -> str | None:
        """Return a token that is good for some minutes. Raises SitrepError where none is had."""
        ...

    def forget(self) -> None:
        """Fetch anew next time: the last token was refused."""
        ...
