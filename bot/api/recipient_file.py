"""A file of recipients: CSV or NDJSON, read line by line; a bad line is named, not fatal."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import chain
from operator import itemgetter
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from pydantic_core import from_json

from comms.errors import Invalid
from comms.plan.problem import nearest
from comms.recipient import Recipient, Refused

COLUMNS = ("email", "name", "language", "time_zone", "channels", "choice", "quiet_hours")
CSV = "text/csv"
NDJSON = "application/x-ndjson"

LINE_LIMIT = 64 * 1024
"""Bytes of a line; a longer one is no line of a list of people."""

People = Iterator[tuple[int, Recipient]]

_UNREADABLE = re.compile(r"[\udc80-\udcff]")
_BOM = "\ufeff"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_csv(file: IO[bytes], refused: list[Refused]) -> People:
    """Yield line numbers and people of a CSV file (RFC 4180), in UTF-8, with or without a BOM.

    The first line names the columns in any order. Where it holds an address instead, the columns
    are COLUMNS in their order. A semicolon or a tab will do as delimiter. Lines that cannot be read
    are added to `refused`; Invalid where the file as a whole cannot be.
    """
    lines = _lines(file)
    first = next(lines, "")
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(chain((first,), lines), delimiter=delimiter, strict=True)
    columns: tuple[str, ...] | None = None
    pick, width = itemgetter(*range(len(COLUMNS))), len(COLUMNS)
    for number, row in _rows(rows, refused):
        if columns is None:
            columns = _columns(row)
            places = _places(columns)
            pick, width = itemgetter(*places), max(places) + 1
            if columns is not COLUMNS:
                continue
        whole = "".join(row)
        if not whole or whole.isspace():
            continue
        if reason := _unreadable(whole, row, columns):
            refused.append(Refused(line=number, reason=reason))
        else:
            row.extend([""] * (width - len(row)))
            yield number, _from_row(pick(row))


def read_ndjson(file: IO[bytes], refused: list[Refused]) -> People:
    """Yield line numbers and people of a file with one JSON object a line."""
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        try:
            yield number, _PersonLine.model_validate(from_json(line)).recipient()
        except ValidationError as wrong:
            refused.append(Refused(line=number, reason=_first(wrong)))
        except ValueError as wrong:
            refused.append(Refused(line=number, reason=f"This is not JSON: {wrong}."))


def write_csv(people: Iterator[Recipient]) -> Iterator[bytes]:
    """Yield people as CSV, with a line that names the columns."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for at, person in enumerate(people, start=1):
        writer.writerow(
            (
                person.email,
                person.name,
                person.language,
                person.time_zone,
                " ".join(person.channels),
                person.choice,
                person.quiet,
            )
        )
        if at % 1000 == 0:
            yield _drained(buffer)
    yield _drained(buffer)


class _PersonLine(BaseModel):
    """One line of NDJSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: str
    name: str = ""
    language: str = ""
    time_zone: str = ""
    channels: tuple[str, ...] = ()
    choice: str = ""
    quiet_hours: str = ""

    @field_validator("channels", mode="before")
    @classmethod
    def _from_words(cls, given: object) -> object:
        return _channels(given) if isinstance(given, str) else given

    def recipient(self) -> Recipient:
        return Recipient(
            email=self.email,
            name=self.name,
            language=self.language,
            time_zone=self.time_zone,
            channels=self.channels,
            choice=self.choice,
            quiet=self.quiet_hours,
        )


def _lines(file: IO[bytes]) -> Iterator[str]:
    number = 0
    while raw := file.readline(LINE_LIMIT + 1):
        number += 1
        if len(raw) > LINE_LIMIT:
            raise Invalid(f"Line {number} is longer than {LINE_LIMIT // 1024} KB.")
        if number == 1 and raw.startswith(_UTF16):
            raise Invalid("The file is UTF-16. Save it as UTF-8 ('CSV UTF-8' in Excel).")
        # What is not UTF-8 becomes a lone surrogate, so that its line can be named.
        line = raw.decode("utf-8", "surrogateescape")
        yield line.removeprefix(_BOM) if number == 1 else line


def _rows(rows: Iterator[list[str]], refused: list[Refused]) -> Iterator[tuple[int, list[str]]]:
    """Yield rows with the number of their first line: a quoted field may hold line breaks."""
    number = 1
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as wrong:
            refused.append(Refused(line=number, reason=f"This is not CSV: {wrong}."))
            row = []
        yield number, row
        number = rows.line_num + 1  # type: ignore[attr-defined] # csv's reader counts lines


def _columns(row: list[str]) -> tuple[str, ...]:
    names = tuple(cell.strip().casefold().replace(" ", "_") for cell in row)
    if any("@" in name for name in names):
        return COLUMNS
    unknown = [name for name in names if name not in COLUMNS]
    known = ", ".join(COLUMNS)
    if "email" not in names:
        raise Invalid(
            f"The first line names the columns; 'email' is not among them. Known: {known}."
        )
    if unknown:
        raise Invalid(
            f"There is no column {unknown[0][:80]!r}.{nearest(unknown[0], COLUMNS)} Known: {known}."
        )
    return names


def _places(columns: tuple[str, ...]) -> tuple[int, ...]:
    """Where each of COLUMNS stands in a row; what there is no column for, behind its end."""
    return tuple(columns.index(name) if name in columns else len(columns) for name in COLUMNS)


def _unreadable(whole: str, row: list[str], columns: tuple[str, ...]) -> str:
    """Why a row cannot be read; '' where it can."""
    if not whole.isascii() and _UNREADABLE.search(whole):
        return "This line is not UTF-8."
    if len(row) > len(columns):
        return f"{len(row)} fields, but there are {len(columns)} columns."
    return ""


def _from_row(cells: tuple[str, ...]) -> Recipient:
    email, name, language, time_zone, channels, choice, quiet = cells
    return Recipient(
        email=email,
        name=name,
        language=language,
        time_zone=time_zone,
        channels=_channels(channels) if channels else (),
        choice=choice,
        quiet=quiet,
    )


def _channels(words: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[\s;,]+", words.casefold()) if word)


def _first(wrong: ValidationError) -> str:
    detail = wrong.errors(include_url=False)[0]
    field = ".".join(str(step) for step in detail["loc"])
    return f"{field}: {detail['msg']}." if field else f"{detail['msg']}."


def _drained(buffer: io.StringIO) -> bytes:
    told = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return told
