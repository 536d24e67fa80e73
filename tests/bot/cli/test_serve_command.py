"""`sitrep serve` as a process of its own, and `worker` where it cannot be."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.cli.conftest import Sitrep
from tests.bot.cli.test_doctor import free_port

PATIENCE = 60.0


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A served installation in an empty directory, and its address."""
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SITREP_")}
    started = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve", "--port", str(port)],
        cwd=tmp_path,
        env=environ | {"PYTHONPATH": str(Path.cwd()), "SITREP_LOG": "json"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield started, f"http://127.0.0.1:{port}"
    finally:
        started.kill()
        started.wait()
        assert started.stderr
        started.stderr.close()


def test_the_app_migrates_its_database_answers_and_stops_when_told(
    process: tuple[subprocess.Popen[str], str],
) -> None:
    started, base = process
    assert started.stderr
    assert select.select([started.stderr], [], [], PATIENCE)[0], "it said nothing"
    assert started.stderr.readline() == f"Sitrep answers at {base}\n"

    with urllib.request.urlopen(f"{base}/readyz", timeout=PATIENCE) as answer:
        assert json.load(answer) == {"status": "ok", "warnings": []}
    started.send_signal(signal.SIGTERM)

    assert started.wait(PATIENCE) == 0
    logged = [json.loads(line) for line in started.stderr]
    assert "serve.ready" in [line["event"] for line in logged]


def test_a_worker_refuses_sqlite_and_says_what_it_needs(sitrep: Sitrep) -> None:
    said = sitrep("worker")

    assert said.code == 1
    assert "Postgres" in said.err


def test_an_app_without_an_identity_listens_on_this_machine_only(
    sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SITREP_DATABASE_URL", f"sqlite:///{tmp_path}/sitrep.db")
    monkeypatch.setenv("SITREP_STATUS_DIR", str(tmp_path / "status"))
    process = subprocess.run(
        [sys.executable, "-m", "bot", "serve", "--port", "1", "--host", "192.0.2.1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )

    assert process.returncode == 1
    assert process.stderr.count("\n") == 1
    assert "127.0.0.1 only" in process.stderr
