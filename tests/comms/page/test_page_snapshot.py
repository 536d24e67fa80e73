"""The snapshot directory: whole at every moment, whoever writes and whatever breaks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from comms.channels.page import folder, snapshot
from comms.channels.page.state import Posting
from comms.errors import Conflict, NotFound
from comms.incident import Status
from comms.report import CustomerText
from tests.comms.page.samples import NASTY, NOW, SITE, other_incident, posting, story, telling

ROOT = Path(__file__).parents[3]


def _files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def _updates(directory: Path) -> list[tuple[str, int]]:
    items = json.loads((directory / "feed.json").read_bytes())["items"]
    return sorted((item["_sitrep"]["incident"], item["_sitrep"]["update"]) for item in items)


def _is_whole(directory: Path) -> bool:
    named = folder.listed(directory)
    return bool(named) and all(
        folder.read_listed(directory, path, digest) is not None for path, digest in named.items()
    )


def test_a_directory_without_incidents_is_a_page_all_the_same(tmp_path: Path) -> None:
    snapshot.refresh(tmp_path / "new" / "status", SITE, now=NOW)

    page = (tmp_path / "new" / "status" / "index.html").read_text()
    assert "All systems operational" in page
    assert "No incidents reported." in page
    assert _is_whole(tmp_path / "new" / "status")


def test_the_page_holds_each_approved_notice_exactly_as_it_is(tmp_path: Path) -> None:
    snapshot.publish(tmp_path, SITE, story(), now=NOW)

    (incident,) = {told.notice.incident for told in story()}
    page = (tmp_path / "incidents" / incident / "index.html").read_text()
    for told in story():
        assert told.html in page
    assert "Update 1 has been corrected in update 3." in page


def test_publishing_again_writes_nothing(tmp_path: Path) -> None:
    snapshot.publish(tmp_path, SITE, story(), now=NOW)
    inodes = {path: path.stat().st_ino for path in tmp_path.rglob("*.html")}
    before = _files(tmp_path)

    snapshot.publish(tmp_path, SITE, story(), now=NOW + timedelta(seconds=5))

    assert _files(tmp_path) == before
    assert {path: path.stat().st_ino for path in tmp_path.rglob("*.html")} == inodes


def test_the_same_notices_make_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    snapshot.publish(tmp_path / "a", SITE, story(), now=NOW)
    for told in reversed(story()):
        snapshot.publish(tmp_path / "b", SITE, [told], now=NOW)

    assert _files(tmp_path / "a") == _files(tmp_path / "b")


def test_other_words_under_the_same_number_are_refused(tmp_path: Path) -> None:
    snapshot.publish(tmp_path, SITE, story()[:1], now=NOW)
    before = _files(tmp_path)
    other = posting(telling(1, customer=CustomerText(symptom="Other words.")))

    with pytest.raises(Conflict):
        snapshot.publish(tmp_path, SITE, [other], now=NOW)

    assert _files(tmp_path) == before


def test_a_promise_that_passes_is_marked_late_by_a_refresh(tmp_path: Path) -> None:
    snapshot.publish(tmp_path, SITE, story()[:1], now=NOW)
    page = tmp_path / "index.html"
    in_time = page.read_text()

    snapshot.refresh(tmp_path, SITE, now=NOW + timedelta(minutes=30))

    late = page.read_text()
    assert 'class="late" data-next-update="2026-11-21T14:30:00Z" hidden>' in in_time
    assert 'class="late" data-next-update="2026-11-21T14:30:00Z">The next update is late. ' in late
    versions = [text.split('data-version="')[1][:16] for text in (in_time, late)]
    assert versions[0] != versions[1]


def test_an_incident_that_leaves_the_page_leaves_no_file(tmp_path: Path) -> None:
    snapshot.publish(tmp_path, SITE, story(), now=NOW)
    (notice,) = {told.notice.incident for told in story()}
    for path in (tmp_path / snapshot.NOTICES).iterdir():
        path.unlink()

    snapshot.refresh(tmp_path, SITE, now=NOW)

    assert not (tmp_path / "incidents" / notice / "index.html").exists()
    assert _is_whole(tmp_path)


def test_a_spoilt_file_is_mended_and_a_spoilt_notice_holds_up_nothing(tmp_path: Path) -> None:
    snapshot.publish(tmp_path, SITE, story()[:2], now=NOW)
    whole = _files(tmp_path)
    first, _ = sorted((tmp_path / snapshot.NOTICES).iterdir())
    first.write_text("{")
    (tmp_path / "index.html").write_text("half of")
    (tmp_path / folder.MANIFEST).write_text("[]")

    snapshot.refresh(tmp_path, SITE, now=NOW)
    assert [update for _, update in _updates(tmp_path)] == [2]

    snapshot.publish(tmp_path, SITE, story()[:1], now=NOW)
    assert _files(tmp_path) == whole


def test_a_write_that_breaks_off_leaves_a_page_that_can_be_mended(tmp_path: Path) -> None:
    snapshot.publish(tmp_path, SITE, story()[:1], now=NOW)
    index = (tmp_path / "index.html").read_bytes()
    (tmp_path / "feed.json").unlink()
    (tmp_path / "feed.json").mkdir()  # renaming onto a directory fails, even as root

    with pytest.raises(OSError, match="directory"):
        snapshot.publish(tmp_path, SITE, story()[:2], now=NOW)
    assert (tmp_path / "index.html").read_bytes() == index

    (tmp_path / "feed.json").rmdir()
    snapshot.refresh(tmp_path, SITE, now=NOW)
    assert [update for _, update in _updates(tmp_path)] == [1, 2]
    assert list((tmp_path / folder.DRAFTS).iterdir()) == []


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    told = [posting(telling(n, incident=other_incident(i))) for i in (1, 2, 3) for n in (1, 2, 3)]

    def publish(one: Posting) -> None:
        snapshot.publish(tmp_path, SITE, [one], now=NOW)

    with ThreadPoolExecutor(4) as writers:
        done = writers.map(publish, told)
        while len(_updates(tmp_path) if (tmp_path / "feed.json").exists() else []) < len(told):
            for page in tmp_path.rglob("*.html"):
                assert page.read_bytes().endswith(b"</html>\n")
    list(done)

    assert len(_updates(tmp_path)) == len(told)
    assert _is_whole(tmp_path)


WRITER = """
import itertools, sys
from pathlib import Path
from comms.channels.page import snapshot
from tests.comms.page.samples import NOW, SITE, posting, telling
for number in itertools.count(1):
    snapshot.publish(Path(sys.argv[1]), SITE, [posting(telling(number))], now=NOW)
    print(number, flush=True)
"""


def test_a_writer_that_is_killed_loses_nothing_it_reported(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert writer.stdout is not None
    reported = [int(writer.stdout.readline()) for _ in range(5)][-1]
    writer.send_signal(signal.SIGKILL)
    writer.communicate()

    for page in tmp_path.rglob("*.html"):
        assert page.read_bytes().endswith(b"</html>\n")
    snapshot.refresh(tmp_path, SITE, now=NOW)
    assert len(_updates(tmp_path)) >= reported
    assert _is_whole(tmp_path)


def test_an_export_is_a_snapshot_for_another_address(tmp_path: Path) -> None:
    snapshot.publish(tmp_path / "own", SITE, story(), now=NOW)

    snapshot.export(tmp_path / "own", tmp_path / "cdn", now=NOW, url="https://cdn.example/state")

    page = (tmp_path / "cdn" / "index.html").read_text()
    assert 'href="/state/style.css?v=' in page
    assert _updates(tmp_path / "cdn") == _updates(tmp_path / "own")
    assert snapshot.kept_site(tmp_path / "cdn").url == "https://cdn.example/state"


def test_an_export_from_nowhere_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no snapshot directory"):
        snapshot.export(tmp_path / "none", tmp_path / "cdn", now=NOW)

    assert not (tmp_path / "cdn").exists()


def test_a_headline_can_neither_run_nor_leave_its_place(tmp_path: Path) -> None:
    told = posting(telling(customer=CustomerText(symptom=NASTY), status=Status.RESOLVED))

    snapshot.publish(tmp_path, SITE, [told], now=NOW)

    for page in tmp_path.rglob("*.html"):
        text = page.read_text()
        assert text.count("<script") == 1
        assert "<at>" not in text
