"""The keys that links are signed with: the first signs, all of them are believed."""

from __future__ import annotations

import hashlib

from comms.errors import Invalid

OWN = "own"
"""Names the installation's own key, which it made when it first started."""

SHORTEST = 32
"""Characters of a key: whoever guesses it writes links for everybody."""


def named_keys(words: str) -> tuple[bytes | None, ...]:
    """Return the keys that `SITREP_LINK_KEYS` lists, None for the installation's own.

    Raises Invalid, which never repeats a key.
    """
    listed = words.replace(",", " ").split()
    for place, word in enumerate(listed, 1):
        if word != OWN and len(word) < SHORTEST:
            raise Invalid(
                f"SITREP_LINK_KEYS: the key at place {place} has fewer than {SHORTEST} characters."
                f" Make one with `openssl rand -hex 32`; {OWN!r} is the installation's own."
            )
    if len(set(listed)) < len(listed):
        raise Invalid("SITREP_LINK_KEYS: a key stands there twice.")
    return tuple(None if word == OWN else _key(word) for word in listed or [OWN])


def _key(word: str) -> bytes:
    # Any length becomes what a keyed BLAKE2 takes.
    return hashlib.blake2b(word.encode(), digest_size=32).digest()
