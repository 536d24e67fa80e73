"""Rendered samples that are committed and reviewed; GOLDEN=write renews them."""

from __future__ import annotations

import os
from pathlib import Path


def check(path: Path, rendered: str) -> None:
    """Fail where what is rendered now is not what was reviewed."""
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rendered, encoding="utf-8")
    assert rendered == path.read_text(encoding="utf-8"), f"{path.name}: GOLDEN=write renews it"
