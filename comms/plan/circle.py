"""A circle among things of which each leads to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def circle(following: Mapping[T, T]) -> tuple[T, ...]:
    """Return a circle that leads back to its first, in order; empty where there is none."""
    for first in following:
        chain = [first]
        while (after := following.get(chain[-1])) is not None and after not in chain:
            chain.append(after)
        if after is not None:
            return tuple(chain[chain.index(after) :])
    return ()
