"""A Postfix of the test's own: STARTTLS, implicit TLS, SASL, and what it has to refuse with."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.comms.mail.certificates import write_certificate
from tests.comms.mail.sinks import dumped, free_port, listening, sink

USER, PASSWORD = "sitrep", "right"
SERVICES = """
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
smtp      unix  - - n -     - smtp
relay     unix  - - n -     - smtp
showq     unix  n - n -     - showq
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = localhost
mydestination =
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
relayhost = [127.0.0.1]:{sink}
smtp_tls_security_level = none
default_destination_concurrency_limit = 20
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access
  inline:{{ {{ nobody@fabrikam.example = REJECT 5.1.1 no such user }} }}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = localhost
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_chain_files = {folder}/localhost.pem
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
message_size_limit = 60000
"""
SASL = """
pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN LOGIN CRAM-MD5
sasldb_path: {folder}/etc/sasl/sasldb2
"""


@dataclass
class Postfix:
    """A running Postfix; what it takes goes on into `folder`/taken, a file each."""

    folder: Path
    starttls: int = field(default_factory=free_port)
    implicit: int = field(default_factory=free_port)
    stranger: int = field(default_factory=free_port)
    """Its certificate is another host's."""
    greylisting: int = field(default_factory=free_port)
    strict: int = field(default_factory=free_port)
    """Hangs up with 421 after the second error."""
    policy: int = field(default_factory=free_port)
    seen: set[str] = field(default_factory=set)

    @property
    def certificate(self) -> Path:
        """What to trust."""
        return self.folder / "localhost.pem"

    async def taken(self, count: int) -> list[bytes]:
        """Return the letters that have come out at its other end, once there are so many."""
        for _ in range(6_000):
            letters = dumped(self.folder / "taken")
            if len(letters) >= count:
                return letters
            await asyncio.sleep(0.01)
        pytest.fail(f"{len(letters)} of {count} letters have come out of Postfix:\n{self.log()}")

    async def logged(self, words: str) -> str:
        """Return what it has written down once these words are there; a process of its own does."""
        for _ in range(6_000):
            if words in (log := self.log()):
                return log
            await asyncio.sleep(0.01)
        pytest.fail(f"Postfix has not written {words!r}:\n{self.log()}")

    def log(self) -> str:
        """What it has written down."""
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else "(no log)"

    def start(self) -> None:
        """Start it."""
        _run("postfix", "-c", f"{self.folder}/etc", "start")

    def stop(self) -> None:
        """Stop it, and wait until it has."""
        _run("postfix", "-c", f"{self.folder}/etc", "stop")

    def services(self) -> str:
        """Its master.cf."""
        ports = {
            self.starttls: "",
            self.implicit: "-o smtpd_tls_wrappermode=yes",
            self.stranger: f"-o smtpd_tls_chain_files={self.folder}/elsewhere.example.pem",
            self.greylisting: "-o smtpd_recipient_restrictions="
            f"check_policy_service,inet:127.0.0.1:{self.policy}",
            self.strict: "-o smtpd_hard_error_limit=2",
        }
        lines = [f"127.0.0.1:{port} inet n - n - - smtpd {how}" for port, how in ports.items()]
        return "\n".join([*lines, SERVICES])


@asynccontextmanager
async def postfix() -> AsyncIterator[Postfix]:
    """Run Postfix in a folder of its own, on free ports, until the block ends."""
    for program in ("postfix", "saslpasswd2", "smtp-sink"):
        if shutil.which(program, path="/usr/sbin:/usr/bin") is None:
            pytest.skip(f"{program} is not here: install postfix and sasl2-bin")
    if os.geteuid() != 0:
        pytest.skip("only root may start Postfix")
    async with AsyncExitStack() as stack:
        # Not pytest's folder: Postfix's own user cannot look into it.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postfix-")))
        running = Postfix(folder)
        (folder / "taken").mkdir()
        taking = await stack.enter_async_context(sink(folder=folder / "taken"))
        _write(running, taking)
        greylist = await asyncio.start_server(
            partial(_put_off_once, running.seen), "127.0.0.1", running.policy
        )
        stack.callback(greylist.close)
        running.start()
        stack.callback(running.stop)
        await listening(running.strict, "Postfix")
        yield running


def _write(running: Postfix, taking: int) -> None:
    folder = running.folder
    folder.chmod(0o755)
    for name in ("etc", "etc/sasl", "spool", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    write_certificate(folder, "localhost")
    write_certificate(folder, "elsewhere.example")
    (folder / "etc/main.cf").write_text(MAIN.format(folder=folder, sink=taking))
    (folder / "etc/master.cf").write_text(running.services())
    (folder / "etc/sasl/smtpd.conf").write_text(SASL.format(folder=folder))
    base = f"{folder}/etc/sasl/sasldb2"
    _run("saslpasswd2", "-p", "-c", "-f", base, "-u", "localhost", USER, given=PASSWORD)
    shutil.chown(base, "postfix")


async def _put_off_once(
    seen: set[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer as a greylist: each recipient comes through the second time."""
    while request := await _request(reader):
        recipient = request.get("recipient", "")
        action = "DUNNO" if recipient in seen else "DEFER 4.2.0 Greylisted, try again"
        seen.add(recipient)
        writer.write(f"action={action}\n\n".encode())
    writer.close()


async def _request(reader: asyncio.StreamReader) -> dict[str, str]:
    asked: dict[str, str] = {}
    while line := (await reader.readline()).decode().strip():
        name, _, value = line.partition("=")
        asked[name] = value
    return asked


def _run(*command: str, given: str = "") -> None:
    done = subprocess.run(
        command,
        input=given.encode(),
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    assert done.returncode == 0, f"{command}: {done.stdout + done.stderr!r}"
