"""Where the letters go: Postfix's `smtp-sink`, which takes everything and keeps nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from comms.errors import Unavailable

POSTFIX = "/usr/sbin:/usr/lib/postfix/sbin:/usr/libexec/postfix:/usr/bin"


@contextmanager
def sink() -> Iterator[int]:
    """Run it on a free port of the loopback; yield the port. Unavailable without Postfix."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    # It will not serve as root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    running = subprocess.Popen(  # noqa: S603
        [program("smtp-sink"), *user, f"127.0.0.1:{port}", "256"], stderr=subprocess.DEVNULL
    )
    try:
        _await_listener(port)
        yield port
    finally:
        running.terminate()
        running.wait()


def program(name: str) -> str:
    """Return the path of one of Postfix's programs. Unavailable where it is not installed."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{POSTFIX}")
    if found is None:
        raise Unavailable(f"{name} is not here. It comes with Postfix: apt install postfix.")
    return found


def _await_listener(port: int) -> None:
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.01)
    raise Unavailable("smtp-sink does not listen.")
