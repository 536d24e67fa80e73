"""The scenario `starttls`: an encrypted session, beside aiosmtplib's own over the same road.

Sitrep sends with its SQLite ledger; aiosmtplib is given one message that is written already, and
keeps no record. Both check the certificate.
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.bench.email.peers import rendered
from bot.bench.email.product import on_sqlite
from bot.bench.email.race import Contender, Work, in_process, race
from bot.bench.email.roads import encrypted_road
from bot.bench.email.sink import sink
from bot.bench.process import process
from bot.bench.report import Progress, quietly
from comms.clock import SystemClock


def run(rounds: int = 5, *, messages: int = 50_000, progress: Progress = quietly) -> dict[str, Any]:
    """Return messages/s and the sender's processor time for half of the messages: see `race`."""
    with sink() as port, certificate() as file, process(encrypted_road, port, file) as guarded:
        return race(
            int(guarded),
            [Contender("sitrep", on_sqlite("uvloop", query="starttls=true", trusted=file))],
            [Contender("aiosmtplib", in_process(partial(_encrypted, file)), share=0.25)],
            rounds=rounds,
            messages=max(messages // 2, 1),
            progress=progress,
        )


def _encrypted(file: str, port: int, count: int) -> Work:
    trusted = ssl.create_default_context(cafile=file)
    return rendered(port, count, start_tls=True, tls_context=trusted)


@contextmanager
def certificate() -> Iterator[str]:
    """Give a file with a key and a certificate of its own for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "road.example")])
    now, day = SystemClock().now(), datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    with TemporaryDirectory(prefix="sitrep-bench-") as folder:
        file = Path(folder) / "road.pem"
        pem = serialization.Encoding.PEM
        file.write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            + certificate.public_bytes(pem)
        )
        file.chmod(0o600)
        yield str(file)
