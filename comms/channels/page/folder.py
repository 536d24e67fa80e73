"""The snapshot directory: plain files, replaced one by one so that a reader never sees half.

It holds what customers read (listed in `manifest.json`), and what it can all be drawn again from:
`site.json` and `notices/`. Any web server, bucket or CDN can serve it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

MANIFEST = "manifest.json"
NEXT = ".manifest-next.json"
LOCK = ".lock"
DRAFTS = ".new"
WAIT = 10.0
"""Seconds that a writer waits for another one."""

_FIRST = ("style.css", "live.js", "icon.svg", "404.html", "incidents/")


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the directory for one writer, of this process or another; it is made where missing.

    Raises `filelock.Timeout` (an OSError) when another writer keeps it longer than `WAIT`.
    """
    drafts = directory / DRAFTS
    drafts.mkdir(parents=True, exist_ok=True)
    with FileLock(directory / LOCK, timeout=WAIT):
        for left_behind in drafts.iterdir():  # by a writer that was killed
            left_behind.unlink()
        yield


def replace_file(directory: Path, path: str, body: bytes) -> None:
    """Make the file hold `body`, whole and on disk when this returns, or leave it as it was.

    A reader sees the old file or the new one. Call it while holding `locked`. Raises OSError.
    """
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=directory / DRAFTS)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)  # a web server under another account reads it
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    _sync(target.parent)


def replace_all(directory: Path, files: Mapping[str, bytes]) -> None:
    """Make the directory serve exactly `files`; call it while holding `locked`.

    1. The next manifest is laid down, so that a reader who starts in between knows both.
    2. Files that differ are replaced, those first to which others link.
    3. The next manifest becomes the manifest: whoever reads by it changes over now.
    4. What only the old manifest named is removed.
    """
    before = listed(directory)
    after = {path: digest(body) for path, body in files.items()}
    changed = [path for path, body in files.items() if not _holds(directory / path, body)]
    if before == after and not changed:
        return
    manifest = json.dumps({"files": after}, indent=1, sort_keys=True)
    replace_file(directory, NEXT, f"{manifest}\n".encode())
    for path in sorted(changed, key=_turn):
        replace_file(directory, path, files[path])
    (directory / NEXT).replace(directory / MANIFEST)
    _sync(directory)
    for path in before.keys() - after.keys():
        (directory / path).unlink(missing_ok=True)


def listed(directory: Path, manifest: str = MANIFEST) -> dict[str, str]:
    """Return what the manifest names: each path with the SHA-256 (hex) of its content.

    Empty where there is no manifest, or one that is not whole.
    """
    try:
        files = json.loads((directory / manifest).read_bytes())["files"]
        return {str(path): str(named) for path, named in files.items() if _is_inside(path)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def read_listed(directory: Path, path: str, named: str) -> bytes | None:
    """Return a listed file's content; None where it is not what the manifest says."""
    try:
        body = (directory / path).read_bytes()
    except (OSError, ValueError):
        return None
    return body if digest(body) == named else None


def digest(body: bytes) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    return hashlib.sha256(body).hexdigest()


def _holds(path: Path, body: bytes) -> bool:
    try:
        return path.read_bytes() == body
    except FileNotFoundError:
        return False


def _turn(path: str) -> tuple[int, str]:
    first = next((turn for turn, start in enumerate(_FIRST) if path.startswith(start)), len(_FIRST))
    return first, path


def _is_inside(path: str) -> bool:
    return bool(path) and not {"", ".", ".."} & set(path.split("/"))


def _sync(directory: Path) -> None:
    # The rename itself must survive a power cut; Windows has no such call.
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
