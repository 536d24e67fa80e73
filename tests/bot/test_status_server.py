"""The status process over real HTTP: right, cacheable, and standing when nothing else does."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession

from comms.channels.page import folder, snapshot
from tests.bot.serving import serving
from tests.comms.page.samples import NOW, SITE, story

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    snapshot.publish(tmp_path, SITE, story(), now=NOW)
    return tmp_path


INCIDENT = story()[0].notice.incident


@pytest.mark.parametrize(
    ("path", "type_", "holds"),
    [
        ("/", "text/html; charset=utf-8", b"All systems operational"),
        (f"/incidents/{INCIDENT}", "text/html; charset=utf-8", b"Update 5"),
        (f"/incidents/{INCIDENT}/", "text/html; charset=utf-8", b"Update 5"),
        ("/history.atom", "application/atom+xml; charset=utf-8", b"<feed"),
        ("/feed.json", "application/feed+json", b"jsonfeed"),
        ("/api/v2/summary.json", "application/json; charset=utf-8", b'"indicator"'),
        ("/style.css?v=1", "text/css; charset=utf-8", b":root"),
        ("/live.js", "text/javascript; charset=utf-8", b"use strict"),
        ("/icon.svg", "image/svg+xml", b"<svg"),
    ],
)
async def test_each_file_comes_with_its_type(
    directory: Path, path: str, type_: str, holds: bytes
) -> None:
    async with serving(directory) as page:
        reply = await page.get(path)

    assert reply.status == 200
    assert reply.headers["Content-Type"] == type_
    assert holds in reply.body


async def test_a_readers_own_link_is_sent_on_to_the_app(tmp_path: Path) -> None:
    site = replace(SITE, manage_url="https://sitrep.example.org/manage")
    snapshot.publish(tmp_path, site, story(), now=NOW)

    async with serving(tmp_path) as page:
        status, answer = await page.raw("/manage/41.k7Qx_-")
        bare, _ = await page.raw("/manage/")
        odd, _ = await page.raw("/manage/a%0d%0aSet-Cookie:b")

    assert (status, bare, odd) == (307, 404, 404)
    assert b"\r\nLocation: https://sitrep.example.org/manage/41.k7Qx_-\r\n" in answer
    assert b"\r\nCache-Control: no-store\r\n" in answer


async def test_without_an_app_that_readers_reach_nothing_is_sent_on(directory: Path) -> None:
    async with serving(directory) as page:
        assert (await page.get("/manage/41.k7Qx")).status == 404


async def test_no_answer_lets_a_page_do_more_than_it_needs(directory: Path) -> None:
    async with serving(directory) as page:
        for path in ("/", "/nowhere", "/feed.json", "/healthz"):
            headers = (await page.get(path)).headers

            assert "default-src 'none'; script-src 'self'" in headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Server"] == "Sitrep"
            assert "Set-Cookie" not in headers


async def test_only_the_origin_that_was_named_may_frame_the_page(directory: Path) -> None:
    async with serving(directory, embed="http://127.0.0.1:3978") as page:
        headers = (await page.get("/")).headers

    assert "frame-ancestors http://127.0.0.1:3978" in headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in headers


async def test_caches_may_keep_pages_shortly_and_assets_for_good(directory: Path) -> None:
    async with serving(directory) as page:
        assert "max-age=15," in (await page.get("/")).headers["Cache-Control"]
        assert "immutable" in (await page.get("/style.css?v=1")).headers["Cache-Control"]
        assert (await page.get("/nowhere")).headers["Cache-Control"] == "no-store"
        assert (await page.get("/feed.json")).headers["Access-Control-Allow-Origin"] == "*"


async def test_a_reader_who_has_the_page_is_sent_nothing(directory: Path) -> None:
    async with serving(directory) as page:
        tag = (await page.get("/")).headers["ETag"]
        for asked in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
            known = await page.get("/", If_None_Match=asked)
            assert (known.status, known.body) == (304, b"")
            assert known.headers["ETag"] == tag
        assert (await page.get("/", If_None_Match='"other"')).status == 200


async def test_who_takes_gzip_gets_it(directory: Path) -> None:
    async with serving(directory) as page:
        plain = await page.get("/")
        zipped = await page.get("/", Accept_Encoding="br;q=1, gzip;q=0.8")
        unwanted = await page.get("/", Accept_Encoding="gzip;q=0, identity")

    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == plain.body == unwanted.body
    assert len(zipped.body) < len(plain.body)
    assert plain.headers["Vary"] == zipped.headers["Vary"] == "Accept-Encoding"


async def test_head_tells_the_length_and_sends_no_body(directory: Path) -> None:
    async with serving(directory) as page:
        whole = await page.get("/")
        head = await page.get("/", method="HEAD")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.body))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_nothing_but_reading_is_answered(directory: Path, method: str) -> None:
    async with serving(directory) as page:
        reply = await page.get("/", method=method)

    assert reply.status == 405
    assert reply.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/incidents/",
        "/incidents/abc",
        "/404.html",
        "/site.json",
        "/manifest.json",
        "/.lock",
        f"/notices/{INCIDENT}-1.json",
    ],
)
async def test_what_is_not_published_is_not_found(directory: Path, path: str) -> None:
    async with serving(directory) as page:
        reply = await page.get(path)

    assert reply.status == 404
    assert b"There is no such page" in reply.body


@pytest.mark.parametrize(
    "target",
    [
        "/../secret",
        "/..%2f..%2fsecret",
        "/%2e%2e/secret",
        "//etc/passwd",
        "/incidents/..%2f..%2f..%2fsecret",
        "/\\..\\secret",
        "/%00",
        "/%ff%fe",
        "/" + "a" * 4000,
    ],
)
async def test_no_path_leads_out_of_the_directory(tmp_path: Path, target: str) -> None:
    (tmp_path / "secret").write_text("secret words")
    snapshot.publish(tmp_path / "page", SITE, story(), now=NOW)
    async with serving(tmp_path / "page") as page:
        status, answer = await page.raw(target)

    assert status in {400, 404}
    assert b"secret words" not in answer


async def test_a_manifest_that_points_outside_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.html"
    secret.write_text("secret words")
    snapshot.publish(tmp_path / "page", SITE, story(), now=NOW)
    manifest = tmp_path / "page" / folder.MANIFEST
    named = json.loads(manifest.read_bytes())
    named["files"]["../secret.html"] = folder.digest(secret.read_bytes())
    named["files"][str(secret)] = folder.digest(secret.read_bytes())
    manifest.write_text(json.dumps(named))

    async with serving(tmp_path / "page") as page:
        for target in ("/../secret.html", f"/{secret}", f"{secret}"):
            assert (await page.raw(target))[0] == 404
        assert (await page.get("/")).status == 200


async def test_a_new_notice_is_served_after_the_next_look(directory: Path) -> None:
    (directory / "notices").rename(directory / "put-away")
    snapshot.refresh(directory, SITE, now=NOW)
    async with serving(directory) as page:
        before = await page.get("/")
        snapshot.publish(directory, SITE, story()[:1], now=NOW)
        assert (await page.get("/")).body == before.body

        await page.server.look()

        after = await page.get("/")
        assert b"We are investigating a problem" in after.body
        assert after.headers["ETag"] != before.headers["ETag"]
        assert len(json.loads((await page.get("/feed.json")).body)["items"]) == 1


async def test_a_directory_that_vanishes_takes_nothing_from_the_readers(directory: Path) -> None:
    async with serving(directory) as page:
        before = await page.get("/")
        shutil.rmtree(directory)
        await page.server.look()

        assert (await page.get("/")).body == before.body
        assert json.loads((await page.get("/healthz")).body)["published"] is True


async def test_a_file_in_the_making_is_served_as_it_was(directory: Path) -> None:
    async with serving(directory) as page:
        before = await page.get("/")
        (directory / "index.html").write_text("half")
        (directory / folder.MANIFEST).touch()
        await page.server.look()
        assert (await page.get("/")).body == before.body

        snapshot.refresh(directory, SITE, now=NOW + timedelta(days=15))
        await page.server.look()
        assert b"No incidents reported." in (await page.get("/")).body


async def test_a_server_that_starts_between_two_snapshots_serves_whole_files(
    directory: Path,
) -> None:
    old = (directory / folder.MANIFEST).read_bytes()
    snapshot.refresh(directory, SITE, now=NOW + timedelta(days=15))
    (directory / folder.MANIFEST).rename(directory / folder.NEXT)
    (directory / folder.MANIFEST).write_bytes(old)

    async with serving(directory) as page:
        reply = await page.get("/")

    assert b"No incidents reported." in reply.body
    assert b"being set up" not in reply.body


def _missing(directory: Path) -> None:
    directory.rmdir()


def _empty(_: Path) -> None:
    return None


def _garbage(directory: Path) -> None:
    snapshot.publish(directory, SITE, story(), now=NOW)
    for path in list(directory.rglob("*")):
        if path.is_file():
            path.write_bytes(b"\x00\xff{")


def _without_index(directory: Path) -> None:
    snapshot.publish(directory, SITE, story(), now=NOW)
    (directory / "index.html").unlink()


def _half_an_index(directory: Path) -> None:
    snapshot.publish(directory, SITE, story(), now=NOW)
    index = directory / "index.html"
    index.write_bytes(index.read_bytes()[:500])


def _a_file(directory: Path) -> None:
    directory.rmdir()
    directory.write_text("no directory")


@pytest.mark.parametrize(
    "spoil", [_missing, _empty, _garbage, _without_index, _half_an_index, _a_file]
)
async def test_a_spoilt_directory_gives_a_plain_page_and_never_an_error(
    tmp_path: Path, spoil: object
) -> None:
    assert callable(spoil)
    spoil(tmp_path)

    async with serving(tmp_path) as page:
        front = await page.get("/")
        assert front.status == 200
        assert b"This page is being set up" in front.body
        assert b"operational" not in front.body
        assert (await page.get("/feed.json")).status == 200
        assert (await page.get("/style.css")).status == 200
        assert (await page.get("/nowhere")).status == 404
        assert (await page.get("/healthz")).status == 200
        await page.server.look()
        assert (await page.get("/")).status == 200


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`sitrep status …` as a process of its own, and the first line that it prints."""
    command = [sys.executable, "-m", "bot", "status", *arguments]
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    try:
        yield running, running.stdout.readline()
    finally:
        running.terminate()
        running.communicate(timeout=60)


async def test_the_process_serves_follows_the_directory_and_stops_cleanly(directory: Path) -> None:
    with process("serve", "--dir", str(directory), "--port", "0") as (running, line):
        url = line.split()[3].rstrip("/")
        assert url.startswith("http://127.0.0.1:")
        async with ClientSession(url) as session:
            async with session.get("/") as answer:
                assert "All systems operational" in await answer.text()
            snapshot.refresh(directory, SITE, now=NOW + timedelta(days=15))
            async with asyncio.timeout(60):
                while True:
                    async with session.get("/") as answer:
                        if "No incidents reported." in await answer.text():
                            break
        running.terminate()
        assert running.wait(timeout=60) == 0


def test_a_port_that_is_taken_is_said_in_one_line(directory: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with process("serve", "--dir", str(directory), "--port", port) as (running, _):
            _, errors = running.communicate(timeout=60)

    assert running.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in errors
    assert "Traceback" not in errors


def test_an_export_from_a_terminal_says_what_it_did(directory: Path, tmp_path: Path) -> None:
    target = tmp_path / "cdn"
    with process("export", str(target), "--from", str(directory)) as (running, line):
        assert running.wait(timeout=60) == 0
    assert line == f"Wrote the status page to {target}.\n"
    assert (target / "index.html").is_file()

    with process("export", str(target), "--from", str(tmp_path / "none")) as (running, _):
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "is no snapshot directory" in errors
