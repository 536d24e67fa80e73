"""The folders of letters that a plan or an installation brings along."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from comms.overrides import Override, Overrides
from comms.plan.problem import Problem, nearest

LIMIT = 256 * 1024
"""Bytes of one template; the longest that is shipped has a few thousand."""

ENDINGS = (".mail.mjml", ".mail.txt", "mail.subject")
SHARED = "mail/"
"""What all letters are made of stands in this folder."""


def read(folders: Sequence[Path]) -> tuple[Overrides, list[Problem]]:
    """Return the templates in these folders, those of the first before the others', and what is
    wrong with a file or a name."""
    found: dict[str, Override] = {}
    problems: list[Problem] = []
    for folder in reversed(folders):
        if not folder.is_dir():
            problems.append(_problem(folder, "there is no such folder of templates"))
            continue
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            path = file.relative_to(folder).as_posix()
            if any(part.startswith(".") for part in path.split("/")):
                continue
            try:
                found[path] = Override(path=path, file=str(file), source=_text(file, path))
            except ValueError as wrong:
                problems.append(_problem(file, str(wrong)))
    return Overrides(found), problems


def _text(file: Path, path: str) -> str:
    """Return the template's text; ValueError says why it cannot be one."""
    folder, _, name = path.partition("/")
    shipped = files("templates")
    if not path.endswith(ENDINGS) and not path.startswith(SHARED):
        raise ValueError(
            "only letters can be overridden: files that end in .mail.mjml, .mail.txt or"
            " mail.subject, and those in mail/"
        )
    if shipped.joinpath(folder).is_dir() and not shipped.joinpath(*path.split("/")).is_file():
        known = _names(shipped.joinpath(folder))
        raise ValueError(
            f"no shipped template has this name.{nearest(name, known)}"
            " Templates with other names belong into a folder of their own."
        )
    if file.stat().st_size > LIMIT:
        raise ValueError(f"it has more than {LIMIT // 1024} KiB; a letter is far shorter")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from None


def _names(folder: Traversable) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.is_file())


def _problem(place: Path, message: str) -> Problem:
    return Problem(source=str(place), line=0, column=0, field="", message=message)
