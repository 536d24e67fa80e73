"""Access tokens that a test hands out."""

from __future__ import annotations

from dataclasses import dataclass

from comms.errors import Unavailable


@dataclass
class HeldTokens:
    """Gives out token-1 until it is forgotten, then token-2, and so on."""

    number: int = 1
    asked: int = 0
    fails: str = ""

    async def token(self) -> str:
        """Return the token, or fail."""
        self.asked += 1
        if self.fails:
            raise Unavailable(self.fails)
        return f"token-{self.number}"

    def forget(self) -> None:
        """The next is another."""
        self.number += 1
