"""What the page needs from npm is fetched once, and a failure is one clear line."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from bot.demo import assets

NPM = files("bot.demo") / "npm"


@pytest.fixture
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh installation, and a registry that nobody answers for."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    for name, value in (("registry", "http://127.0.0.1:9"), ("fetch_retries", "0")):
        monkeypatch.setenv(f"npm_config_{name}", value)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    return tmp_path


def test_a_failure_is_one_line_that_says_what_to_do(
    no_network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert assets.main() == 1

    progress, said = capsys.readouterr().err.splitlines()
    assert progress.startswith("Fetching the card renderer from npm")
    assert "ECONNREFUSED" in said
    assert said.endswith("python -m bot.demo.assets")
    assert assets.installed() is None


def test_a_machine_without_npm_uses_the_wheels(
    no_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(no_network))

    with pytest.raises(assets.AssetsMissing, match="ECONNREFUSED"):
        assets.install()


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "share").write_text("a file, not a folder")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))

    with pytest.raises(assets.AssetsMissing, match="share"):
        assets.install()


def test_what_is_installed_is_not_fetched_again(no_network: Path) -> None:
    home = no_network / "share" / "sitrep" / "npm"
    home.mkdir(parents=True)
    (home / "installed").write_text(assets._lock_hash())

    assert assets.install() == home / "node_modules"


def test_the_lock_pins_each_package_by_hash_and_names_no_registry() -> None:
    lock = json.loads((NPM / "package-lock.json").read_text())
    packages = {name: one for name, one in lock["packages"].items() if name}

    assert {"node_modules/adaptivecards", "node_modules/markdown-it"} <= set(packages)
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    assert not any("resolved" in one for one in packages.values())
