"""A Dovecot on this machine, on a free port of 127.0.0.1, with mailboxes of the test's own."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.comms.mail.certificates import write_certificate

PASSWORD = "a-password-of-this-test"

CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap
listen = 127.0.0.1
instance_name = {home}
ssl = yes
ssl_cert = <{home}/localhost.pem
ssl_key = <{home}/localhost.pem
disable_plaintext_auth = yes
auth_failure_delay = 0
auth_mechanisms = plain xoauth2
mail_location = maildir:{home}/mail/%u
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
default_process_limit = 10
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
passdb {{
  driver = static
  mechanisms = plain
  args = password={password}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {home}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}/mail/%u
}}
"""

OAUTH2 = """
introspection_mode = post
introspection_url = {introspection}
username_attribute = username
active_attribute = active
active_value = true
"""


@dataclass(frozen=True, kw_only=True)
class Dovecot:
    """`plain` takes STARTTLS; `tls` is encrypted from the first byte."""

    plain: int
    tls: int
    context: ssl.SSLContext


@contextmanager
def dovecot(introspection: str = "http://127.0.0.1:9/") -> Iterator[Dovecot]:
    """Run it until the block ends. It asks `introspection` who an access token is."""
    program = shutil.which("dovecot", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        pytest.skip("dovecot is not here: install dovecot-imapd")
    if os.geteuid() != 0:
        pytest.skip("dovecot is run by root alone here")
    home = Path(tempfile.mkdtemp(prefix="sitrep-dovecot-"))
    try:
        home.chmod(0o755)  # its processes run as users of their own
        plain, tls = _free(), _free()
        (home / "mail").mkdir()
        (home / "mail").chmod(0o777)
        server_file = write_certificate(home, "localhost")
        text = CONFIG.format(
            home=home, plain=plain, tls=tls, password=PASSWORD, user="nobody", group="nogroup"
        )
        (home / "dovecot.conf").write_text(text, encoding="utf-8")
        (home / "oauth2.conf").write_text(
            OAUTH2.format(introspection=introspection), encoding="utf-8"
        )
        server = subprocess.Popen(
            [program, "-F", "-c", str(home / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _listening(plain, server, home)
            yield Dovecot(
                plain=plain, tls=tls, context=ssl.create_default_context(cafile=server_file)
            )
        finally:
            server.terminate()
            server.wait(20)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _listening(port: int, server: subprocess.Popen[bytes], home: Path) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    log = home / "dovecot.log"
    raise AssertionError(log.read_text(encoding="utf-8") if log.exists() else "it did not start")


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
