"""Forms that come back: each is taken once, however often its button is pressed."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from comms.desk import Scene


def new_nonce() -> str:
    """A form's own number."""
    return uuid.uuid4().hex


def is_new(scene: Scene, typed: Mapping[str, Any]) -> bool:
    """False where this form was taken before with exactly these values.

    A form in the channel is everybody's: filled in otherwise, it is another one.
    """
    form = typed.get("form")
    return not form or scene.book.sightings.first(f"form:{form}:{_digest(typed)}", now=scene.now)


def _digest(typed: Mapping[str, Any]) -> str:
    values = json.dumps(typed, sort_keys=True, default=str)
    return hashlib.sha256(values.encode("utf-8", "surrogatepass")).hexdigest()[:32]
