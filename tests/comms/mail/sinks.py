"""Postfix's smtp-sink: takes everything, or fails as it is told to."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest


@asynccontextmanager
async def sink(*options: str, folder: Path | None = None) -> AsyncIterator[int]:
    """Run smtp-sink with these options until the block ends; yield its port.

    With a folder, each transaction becomes a file in it.
    """
    program = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("smtp-sink is not here: install postfix")
    # It will not serve as root.
    user = ("-u", "nobody") if os.geteuid() == 0 else ()
    dump = ("-d", f"{folder}/letter.") if folder else ()
    if folder and user:
        shutil.chown(folder, "nobody")
        folder.parent.chmod(0o755)
    port = free_port()
    address = f"127.0.0.1:{port}"
    process = await asyncio.create_subprocess_exec(
        program, *user, *dump, *options, address, "64", stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await listening(port, "smtp-sink")
        yield port
    finally:
        process.terminate()
        await process.wait()


def dumped(folder: Path) -> list[bytes]:
    """Return the letters in the folder of a sink; not those that are still being written."""
    letters = (file.read_bytes() for file in folder.iterdir())
    return [letter for letter in letters if letter.rstrip().endswith(b"--")]


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def listening(port: int, who: str) -> None:
    """Return when somebody listens there."""
    for _ in range(6_000):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
    pytest.fail(f"{who} does not listen")
