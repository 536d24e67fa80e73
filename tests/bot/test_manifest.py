"""The Teams app package."""

from __future__ import annotations

import json
import os
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from jsonschema import Draft7Validator

from bot.cards.help import COMMANDS
from bot.demo.commands import find_incident, from_message, suggestions
from manifest.icons import ACCENT, colour_icon, outline_icon
from manifest.package import App, manifest, package

CONTRACT = (
    Path(os.environ.get("SITREP_CONTRACTS", Path(__file__).parents[2] / "../shared/contracts"))
    / "teams-manifest/MicrosoftTeams.v1.29.schema.json"
)
APP = App(
    id="6a1f0c7e-8c0f-4b63-9d0e-1f2a3b4c5d6e",
    url="https://sitrep.example.org:8443",
    version="0.1.0",
    developer="Northwind Traders",
    website="https://northwind.example",
)
MANIFEST = manifest(APP)


def test_the_manifest_is_valid_for_teams() -> None:
    if not CONTRACT.is_file():
        pytest.skip("the manifest's schema is not here (SITREP_CONTRACTS)")
    # It declares draft-04 and uses `const`, which came with draft-06.
    schema = json.loads(CONTRACT.read_text(encoding="utf-8")) | {
        "$schema": "http://json-schema.org/draft-07/schema#"
    }

    assert [error.message for error in Draft7Validator(schema).iter_errors(MANIFEST)] == []


def test_the_package_holds_the_manifest_and_the_icons_it_names() -> None:
    archive = ZipFile(BytesIO(package(APP)))

    assert set(archive.namelist()) == {"manifest.json", *MANIFEST["icons"].values()}
    assert json.loads(archive.read("manifest.json")) == MANIFEST
    assert archive.testzip() is None


def test_the_same_app_gives_the_same_bytes() -> None:
    assert package(APP) == package(APP)


def test_bot_and_message_extension_are_the_same_app() -> None:
    (bot,), (extension,) = MANIFEST["bots"], MANIFEST["composeExtensions"]

    assert MANIFEST["id"] == bot["botId"] == extension["botId"] == APP.id


def test_the_bot_works_in_teams_group_chats_and_alone() -> None:
    (bot,) = MANIFEST["bots"]

    assert bot["scopes"] == ["team", "groupChat", "personal"]
    listed = {scope for commands in bot["commandLists"] for scope in commands["scopes"]}
    assert listed == set(bot["scopes"])


def test_each_command_that_teams_offers_is_one_that_the_bot_explains() -> None:
    (bot,) = MANIFEST["bots"]
    everywhere, alone = (
        {command["title"] for command in offered["commands"]} for offered in bot["commandLists"]
    )

    assert everywhere == {says.split()[0] for says in COMMANDS}
    assert alone < everywhere


def test_the_demo_offers_what_teams_offers() -> None:
    (extension,) = MANIFEST["composeExtensions"]
    in_team = MANIFEST["bots"][0]["commandLists"][0]["commands"]

    assert [command["id"] for command in extension["commands"]] == [find_incident(), from_message()]
    assert [one.text for one in suggestions()] == [command["title"] for command in in_team]


def test_incidents_are_found_by_search_and_declared_from_a_message() -> None:
    (extension,) = MANIFEST["composeExtensions"]
    find, declare = extension["commands"]

    assert (find["id"], find["type"]) == ("find", "query")
    assert (declare["id"], declare["type"], declare["context"]) == (
        "declare",
        "action",
        ["message"],
    )
    assert declare["fetchTask"] is True


def test_only_our_own_domain_is_named_without_its_port() -> None:
    assert MANIFEST["validDomains"] == ["sitrep.example.org"]


def test_no_permission_is_asked_for() -> None:
    # The bot reads what mentions it and posts where it is installed: neither needs one.
    assert not {"permissions", "devicePermissions", "authorization"} & set(MANIFEST)


@pytest.mark.parametrize(("icon", "size"), [(colour_icon(), 192), (outline_icon(), 32)])
def test_an_icon_is_a_square_png_of_its_size(icon: bytes, size: int) -> None:
    pixels = decoded(icon)

    assert len(pixels) == size
    assert {len(row) for row in pixels} == {size}


def test_the_colour_icon_fills_its_square_and_keeps_its_glyph_in_the_safe_area() -> None:
    pixels = decoded(colour_icon())
    ground = (*bytes.fromhex(ACCENT[1:]), 255)
    drawn = [
        (x, y) for y, row in enumerate(pixels) for x, colour in enumerate(row) if colour != ground
    ]

    # learn.microsoft.com: the logo fits within the inner 120 of 192 pixels.
    assert drawn
    assert all(36 <= x < 156 and 36 <= y < 156 for x, y in drawn)


def test_the_outline_icon_is_white_on_nothing() -> None:
    pixels = [colour for row in decoded(outline_icon()) for colour in row]

    assert {colour[:3] for colour in pixels} == {(255, 255, 255)}
    assert {colour[3] for colour in pixels} >= {0, 255}


def decoded(png: bytes) -> list[list[tuple[int, ...]]]:
    """The pixels of an RGBA image of 8 bits whose rows are not filtered; checks each chunk."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        name, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert zlib.crc32(name + body) == check
        chunks[name] = body
        at += 12 + length
    header: tuple[Any, ...] = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert header[2:] == (8, 6, 0, 0, 0)
    width, height = header[:2]
    raw = zlib.decompress(chunks[b"IDAT"])
    rows = [raw[y * (width * 4 + 1) :][: width * 4 + 1] for y in range(height)]
    assert all(row[0] == 0 for row in rows)
    return [[tuple(row[x * 4 + 1 :][:4]) for x in range(width)] for row in rows]
