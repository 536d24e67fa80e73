"""What a clone and an installation need: the locks, the Makefile, what the wheel carries."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements/runtime.lock", "requirements/dev.lock")
PACKAGES = ("bot", "comms", "storage", "templates", "manifest")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The project's wheel, built as pip builds it."""
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (file,) = out.glob("*.whl")
    return zipfile.ZipFile(file)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_version_carries_hashes(lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8").strip())

    assert len(blocks) > 20
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_a_registry(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")

    assert not re.search(r"://|--(extra-)?index|--find-links", text)


def test_the_locks_satisfy_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    runtime = project["project"]["dependencies"] + groups["build"]

    assert _unmet(runtime, _locked("requirements/runtime.lock")) == []
    assert _unmet(runtime + groups["dev"], _locked("requirements/dev.lock")) == []


def test_both_locks_agree() -> None:
    runtime, dev = (_locked(lock) for lock in LOCKS)

    assert {name: dev.get(name) for name in runtime} == runtime


def test_the_wheel_carries_every_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    # A .gitignore pattern or a forgotten suffix would otherwise be found by the first user.
    here = {
        file.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and not {"__pycache__", "node_modules"} & set(file.parts)
    }

    assert here - set(wheel.namelist()) == set()


def test_the_wheel_carries_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_an_installed_wheel_works_from_any_directory(
    wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    wheel.extractall(tmp_path / "site")
    (tmp_path / "elsewhere").mkdir()
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SITREP_")},
        "PYTHONPATH": str(tmp_path / "site"),
    }

    shown = subprocess.run(
        [sys.executable, "-m", "bot", "plan", "show", "--json"],
        cwd=tmp_path / "elsewhere",
        env=environ,
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert '"source": "the shipped plan"' in shown


def test_make_help_lists_the_targets_people_are_promised() -> None:
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout

    for target in ("install", "demo", "test", "lint", "bench", "chaos", "lock"):
        assert f"make {target} " in shown


def test_make_refuses_a_python_that_is_too_old(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)

    made = subprocess.run(
        ["make", "install", f"PYTHON={old}", f"VENV={tmp_path}/venv"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert made.returncode != 0
    assert "is Python 3.9.2; Sitrep needs Python 3.11, 3.12 or 3.13." in made.stderr


def _locked(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    pins = [line.split(";")[0].rstrip(" \\").split("==") for line in lines if "==" in line]
    return {name: version for name, version in pins if re.fullmatch(r"[a-z0-9._-]+", name)}


def _unmet(asked: list[str], locked: dict[str, str]) -> list[str]:
    requirements = [Requirement(line) for line in asked]
    return [
        str(requirement)
        for requirement in requirements
        if not requirement.specifier.contains(
            locked.get(canonicalize_name(requirement.name), "0.dev0"), prereleases=True
        )
    ]
