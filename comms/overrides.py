"""Overrides: an organisation's own letters, in place of shipped ones or of blocks of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from comms.plan.problem import Problem, nearest

LIMIT = 256 * 1024
"""Bytes of one template; the longest that is shipped has a few thousand."""

ENDINGS = (".mail.mjml", ".mail.txt", "mail.subject")
SHARED = "mail/"
"""What all letters are made of stands in this folder."""


@dataclass(frozen=True, kw_only=True)
class Override:
    """One template of an organisation: its path among the templates, its file and its text."""

    path: str
    file: str
    source: str


@dataclass(frozen=True, eq=False)
class Overrides:
    """An organisation's templates by path, read once; compared by identity.

    `strict`: what fails, fails. Otherwise the shipped letter takes the place of one that fails, and
    `troubles` says of each why (by the letter's path); doctor and readiness show them.
    """

    files: Mapping[str, Override] = field(default_factory=dict)
    strict: bool = False
    troubles: dict[str, str] = field(default_factory=dict)

    def without(self, paths: Iterable[str], why: Mapping[str, str]) -> Overrides:
        """Return those that are left when these have failed, for the reasons given."""
        gone = set(paths)
        kept = {path: found for path, found in self.files.items() if path not in gone}
        return replace(self, files=kept, troubles={**self.troubles, **why})

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know: the templates that are not used, and why."""
        return tuple(
            f"The shipped letter stands in for {path}: {why}" for path, why in self.troubles.items()
        )


NONE = Overrides()


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
