"""A full disk: it is said, nothing is lost or repeated, and it goes on when there is room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.client import Refused
from tests.chaos.conftest import Report
from tests.chaos.installation import Installation, installation, people
from tests.chaos.sink import Sink
from tests.chaos.tally import record, tally
from tests.chaos.victim import until


class Disk:
    """A small disk of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (64 * 1024, 512):
                try:
                    while True:
                        ballast.write(bytes(size))
                except OSError:
                    continue

    def make_room(self) -> None:
        """Throw out what filled it."""
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 16 MB; skips where none can be had."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "sitrep-chaos", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def cramped(disk: Disk, tmp_path: Path, relay: Sink) -> Iterator[Installation]:
    """An installation whose database is on that disk."""
    url = f"sqlite:///{disk.folder}/sitrep.db"
    with installation(tmp_path, url, relay) as made:
        yield made


def test_the_disk_is_full_in_the_middle(disk: Disk, cramped: Installation, report: Report) -> None:
    app = cramped.serve().ready()
    update = app.draft(600)
    cramped.sink.pause(0.005)
    app.approve(update)
    until(cramped.sink.letters)

    disk.fill()

    assert "The disk is full" in app.victim.says("fanout.advance")
    with pytest.raises(Refused, match="The disk is full") as refused:
        app.api.post("/incidents", {"title": "Another", "severity": "SEV3"})
    assert refused.value.status == 503
    assert app.reach(update)["planned"] > 0

    disk.make_room()
    app.settled(update)

    counted = tally(people(600), cramped.sink.letters(), cramped.victims)
    ledger = record(cramped.database_url)
    report(**counted.figures)
    assert (counted.lost, counted.letters) == ((), 600)
    assert ledger.sums == ledger.counted == {"accepted": 600}


def test_killed_while_the_disk_is_full(disk: Disk, cramped: Installation) -> None:
    app = cramped.serve().ready()
    update = app.draft(300)
    cramped.sink.pause(0.005)
    app.approve(update)
    until(cramped.sink.letters)
    disk.fill()
    app.victim.says("fanout.advance")
    app.victim.kill()

    refused = cramped.serve().victim
    assert refused.ended() == 1
    assert len(refused.said().splitlines()) == 1, refused.said()

    disk.make_room()
    assert cramped.serve().ready().settled(update) == {"accepted": 300}
    assert tally(people(300), cramped.sink.letters(), cramped.victims).lost == ()
