"""A Postfix that cannot deliver: what a server of the test's own refuses, it returns."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from comms.channels.mail.relay import Relay, Tls
from tests.comms.mail.relays import OK, Relayed, serving
from tests.comms.mail.sinks import free_port, listening

OUR_DOMAIN = "contoso.example"
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = mx.contoso.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_tls_security_level = none
smtpd_tls_security_level = none
# What cannot be delivered at once comes back at once.
maximal_queue_lifetime = 0
bounce_queue_lifetime = 0
relayhost = [127.0.0.1]:{far}
"""


@dataclass
class Returning:
    """`port` takes mail. The far side says of each recipient what `says` has, else it takes it."""

    port: int
    says: dict[str, str] = field(default_factory=dict)
    far: Relayed = field(default_factory=Relayed)

    def relay(self) -> Relay:
        """How a client finds it."""
        return Relay(host="127.0.0.1", port=self.port, tls=Tls.NONE, timeout=30, connections=2)

    async def returned(self, count: int) -> list[tuple[str, bytes]]:
        """To whom so many messages came back, and what they are."""
        async with asyncio.timeout(90):
            while True:
                back = [one for one in self.far.received if one[0].endswith(f"@{OUR_DOMAIN}")]
                if len(back) >= count:
                    return back
                await asyncio.sleep(0.05)


@asynccontextmanager
async def returning() -> AsyncIterator[Returning]:
    """Run Postfix in a folder of its own until the block ends."""
    if shutil.which("postfix", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("postfix is not here: install it")
    if os.geteuid() != 0:
        pytest.skip("only root may start Postfix")
    running = Returning(free_port())
    running.far.rcpt = lambda recipient: running.says.get(recipient, OK)
    # Not pytest's folder: Postfix's own user cannot look into it.
    with tempfile.TemporaryDirectory(prefix="sitrep-returning-") as name:
        folder = Path(name)
        async with serving(running.far):
            _laid_out(folder, running.far.port)
            await _configured(folder, running.port)
            await _run("postfix", "-c", f"{folder}/etc", "start")
            try:
                await listening(running.port, "postfix")
                yield running
            finally:
                await _run("postfix", "-c", f"{folder}/etc", "stop")


def _laid_out(folder: Path, far: int) -> None:
    folder.chmod(0o755)
    etc = folder / "etc"
    for part in (etc, folder / "spool", folder / "data"):
        part.mkdir()
    shutil.chown(folder / "data", pwd.getpwnam("postfix").pw_name)
    (etc / "main.cf").write_text(MAIN.format(folder=folder, far=far))
    shutil.copy("/etc/postfix/master.cf.proto", etc / "master.cf")


async def _configured(folder: Path, port: int) -> None:
    etc, mine = f"{folder}/etc", f"127.0.0.1:{port}"
    await _run("postconf", "-c", etc, "-MX", "smtp/inet")
    await _run("postconf", "-c", etc, "-M", f"{mine}/inet={mine} inet n - n - - smtpd")
    await _run("postconf", "-c", etc, "-F", "*/*/chroot=n")


async def _run(*words: str) -> None:
    path = f"/usr/sbin:/usr/bin:/sbin:/bin:{os.environ.get('PATH', '')}"
    process = await asyncio.create_subprocess_exec(
        *words,
        env={**os.environ, "PATH": path},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        pytest.fail(f"{' '.join(words)}: {said.decode(errors='replace')}")
