"""The others in the race, each as its own documentation has it."""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Coroutine
from importlib.resources import as_file, files
from typing import Any

import aiosmtplib
import uvloop

from bot.bench.email.letter import LINK, OCTETS, SENDER, SUBJECT, message, parts_for, readers
from bot.bench.email.race import SESSIONS, Contender, Work, figures, in_process, used
from bot.bench.email.sink import program
from bot.bench.report import Measured
from bot.demo import assets
from comms.errors import Unavailable

Letters = Callable[[aiosmtplib.SMTP, int], Coroutine[Any, Any, None]]


def smtp_source(port: int, count: int) -> Measured:
    """Postfix's own generator in C; it repeats one message."""
    (reader,) = readers(1)
    options = ["-s", str(SESSIONS), "-m", str(count), "-l", str(OCTETS)]
    mail = ["-f", SENDER.address, "-t", reader.address, f"127.0.0.1:{port}"]
    command = [program("smtp-source"), *options, *mail]
    spent, began = used(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True)  # noqa: S603
    took = time.perf_counter() - began
    return figures(count, took, used(resource.RUSAGE_CHILDREN) - spent)


def _django(port: int, count: int) -> Work:
    """One connection that stays open, and a message object for each recipient."""
    try:
        from django.conf import settings  # noqa: PLC0415 - a peer, not the product's
        from django.core.mail import EmailMultiAlternatives  # noqa: PLC0415
        from django.core.mail.backends.smtp import EmailBackend  # noqa: PLC0415
    except ImportError:
        raise Unavailable("Django is not installed; `make bench` installs it.") from None
    settings.configure(EMAIL_USE_LOCALTIME=False)
    sender = f"{SENDER.name} <{SENDER.address}>"

    def work() -> None:
        with EmailBackend(host="127.0.0.1", port=port, use_tls=False) as connection:
            for reader in readers(count):
                plain, html = parts_for(reader)
                letter = EmailMultiAlternatives(
                    SUBJECT,
                    plain,
                    sender,
                    [f"{reader.name} <{reader.address}>"],
                    headers={"Auto-Submitted": "auto-generated"},
                    connection=connection,
                )
                letter.attach_alternative(html, "text/html")
                letter.send()

    return work


def nodemailer(port: int, count: int) -> Measured:
    """Nodemailer's pool with as many connections; it measures itself."""
    node, packages = shutil.which("node"), assets.installed(dev=True)
    if node is None or packages is None:
        raise Unavailable("node or nodemailer is not here: python -m bot.demo.assets --dev.")
    (reader,) = readers(1)
    plain, html = parts_for(reader)
    given = {
        "packages": str(packages),
        "port": port,
        "count": count,
        "sessions": SESSIONS,
        "from": f"{SENDER.name} <{SENDER.address}>",
        "subject": SUBJECT,
        "text": plain,
        "html": html,
        "own": reader.link,
        "link": LINK,
    }
    with as_file(files("bot.bench.email").joinpath("nodemailer.cjs")) as script:
        done = subprocess.run(  # noqa: S603
            [node, str(script)], input=json.dumps(given), capture_output=True, text=True, check=True
        )
    spent = json.loads(done.stdout)
    return figures(count, spent["seconds"], spent["cpu"])


def _by_the_book(port: int, count: int) -> Work:
    """aiosmtplib's sessions, and an `EmailMessage` for each recipient."""
    letters = iter(readers(count))

    async def send(smtp: aiosmtplib.SMTP) -> None:
        for reader in letters:
            await smtp.send_message(message(reader))

    return lambda: uvloop.run(over_sessions(port, send))


async def over_sessions(
    port: int, send: Callable[[aiosmtplib.SMTP], Coroutine[Any, Any, None]], **options: Any
) -> None:
    """Run `send` over each of the sessions, side by side."""

    async def session() -> None:
        options.setdefault("start_tls", False)
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, **options) as smtp:
            await send(smtp)

    await asyncio.gather(*(session() for _ in range(SESSIONS)))


def rendered(port: int, count: int, **options: Any) -> Work:
    """Return the work of aiosmtplib's own `sendmail`, given a message that is written already."""
    (reader,) = readers(1)
    letter = message(reader).as_bytes()
    letters = iter(readers(count))

    async def send(smtp: aiosmtplib.SMTP) -> None:
        for to in letters:
            await smtp.sendmail(SENDER.address, [to.address], letter)

    return lambda: uvloop.run(over_sessions(port, send, **options))


SMTP_SOURCE = Contender("smtp_source", smtp_source)
DJANGO = Contender("django", in_process(_django), share=0.04)
NODEMAILER = Contender("nodemailer", nodemailer, share=0.06)
BY_THE_BOOK = Contender("aiosmtplib", in_process(_by_the_book), share=0.02)
