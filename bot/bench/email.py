"""`sitrep bench email`: messages per second into Postfix's `smtp-sink`, beside two others.

`smtp-source` is Postfix's own load generator in C; it repeats one message. `by the book` is what a
Python program usually does: an `EmailMessage` for everybody, sent with aiosmtplib. All send equally
many octets over 16 sessions, each recipient in a transaction of its own. Rounds are interleaved, so
what else the machine does falls on all of them alike.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from typing import Any

import aiosmtplib
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from bot.bench.report import Progress, medians, present, quietly, ratio
from comms.channels.mail.address import Mailbox
from comms.channels.mail.message import source
from comms.channels.mail.placeholders import Link
from comms.channels.mail.relay import Relay, Tls
from comms.channels.mail.transport import MailTransport
from comms.clock import SystemClock
from comms.delivery import Delivery, DeliveryState
from comms.errors import Unavailable
from comms.fanout import Slots
from comms.plan.model import ChannelName
from comms.statement import HTML, PLAIN, Statement

SESSIONS = 16
OCTETS = 8 * 1024
SENDER = Mailbox("Contoso incidents", "incidents@contoso.example")
POSTFIX = "/usr/sbin:/usr/lib/postfix/sbin:/usr/libexec/postfix:/usr/bin"


@dataclass(frozen=True)
class Contender:
    """One way to send `messages` to the sink's port; `share` of the count that it is given."""

    name: str
    send: Callable[[int, int], None]
    share: float = 1.0


def run(rounds: int = 5, *, messages: int = 5000, progress: Progress = quietly) -> dict[str, Any]:
    """Return each contender's medians over the rounds, and the ratios between them.

    `{rounds, messages, octets, NAME: {messages_per_second, cpu_us_per_message}, ratios}`; a ratio
    is the median of the rounds' own ratios of messages/s. CPU is the client's, user and system.
    Unavailable where Postfix's two programs are not installed.
    """
    taken: dict[str, list[dict[str, float]]] = {contender.name: [] for contender in CONTENDERS}
    with _sink() as port:
        for number in range(-1, rounds):  # the first one only warms up
            for contender in CONTENDERS:
                progress(f"round {max(number, 0)} of {rounds}: {contender.name}")
                count = max(int(messages * contender.share), 1)
                measured = _timed(contender, port, count if number >= 0 else count // 5 + 1)
                if number >= 0:
                    taken[contender.name].append(measured)
    return {
        "rounds": rounds,
        "messages": messages,
        "octets": OCTETS,
        **{name: medians(measured, 1) for name, measured in taken.items()},
        "ratios": {
            f"sitrep/{name}": ratio(taken["sitrep"], measured, "messages_per_second")
            for name, measured in taken.items()
            if name != "sitrep"
        },
    }


def _timed(contender: Contender, port: int, count: int) -> dict[str, float]:
    spent, began = _cpu(), time.perf_counter()
    contender.send(port, count)
    took = time.perf_counter() - began
    return {
        "messages_per_second": count / took,
        "cpu_us_per_message": (_cpu() - spent) / count * 1_000_000,
    }


def _cpu() -> float:
    """Seconds of CPU of this process and of those that it has waited for."""
    whole = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, whole))


# The contenders.


def _sitrep(port: int, count: int) -> None:
    """The product's transport, given batches as the fan-out gives them."""
    slots = Slots()
    relay = Relay(host="127.0.0.1", port=port, tls=Tls.NONE, connections=SESSIONS)

    async def send() -> None:
        mail = MailTransport(relay, sender=SENDER, links=_links, clock=SystemClock())
        starts = iter(range(0, count, slots.batch))

        async def lane() -> None:
            for start in starts:
                batch = [_delivery(n) for n in range(start, min(start + slots.batch, count))]
                for outcome in await mail.send(STATEMENT, batch):
                    if outcome.state is not DeliveryState.ACCEPTED:
                        raise Unavailable(f"The sink refused: {outcome.detail}")

        await asyncio.gather(*(lane() for _ in range(slots.lanes)))
        await mail.close()

    uvloop.run(send())


def _smtp_source(port: int, count: int) -> None:
    sender, recipient = SENDER.address, _delivery(0).address
    options = ["-s", str(SESSIONS), "-m", str(count), "-l", str(OCTETS)]
    subprocess.run(  # noqa: S603
        [_program("smtp-source"), *options, "-f", sender, "-t", recipient, f"127.0.0.1:{port}"],
        check=True,
    )


def _by_the_book(port: int, count: int) -> None:
    async def send() -> None:
        numbers = iter(range(count))

        async def session() -> None:
            async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as smtp:
                for number in numbers:
                    await smtp.send_message(_message(_delivery(number)))

        await asyncio.gather(*(session() for _ in range(SESSIONS)))

    uvloop.run(send())


CONTENDERS = (
    Contender("sitrep", _sitrep),
    Contender("smtp-source", _smtp_source),
    Contender("by the book", _by_the_book, share=0.05),
)


# What is sent.


def _delivery(number: int) -> Delivery:
    return Delivery(
        id=number,
        key=f"INC-41:3:stakeholders:mail:{number}",
        address=f"reader{number}@fabrikam.example",
        name=f"Reader {number}",
    )


def _links(delivery: Delivery) -> dict[str, str]:
    return {"seen": f"https://sitrep.contoso.example/seen/{delivery.id:060d}"}


def _statement(padding: int) -> Statement:
    link = Link("seen").url
    line = "Card payments fail for one customer in three; bank transfer works.\n"
    text = (line * (padding // len(line) + 1))[:padding]
    return Statement(
        incident="INC-41",
        update=3,
        audience="stakeholders",
        channel=ChannelName.MAIL,
        subject="[INC-41] Card payments failing",
        parts={
            PLAIN: f"{text[: padding // 4]}\n\n{link}\n",
            HTML: f'<p>{text[padding // 4 :]}</p><a href="{link}">I have seen this</a>',
        },
        thread="INC-41:stakeholders",
    )


def _source(statement: Statement) -> bytes:
    to, now = _delivery(0), SystemClock().now()
    return source(statement, to, sender=SENDER, at=now, links=_links(to))


STATEMENT = _statement(OCTETS - len(_source(_statement(0))) - 150)


def _message(delivery: Delivery) -> EmailMessage:
    """The same letter from the standard library, built anew for each recipient."""
    link = _links(delivery)["seen"]
    message = EmailMessage()
    message["From"] = formataddr((SENDER.name, SENDER.address))
    message["To"] = formataddr((delivery.name, delivery.address))
    message["Subject"] = STATEMENT.subject
    message["Message-ID"] = make_msgid(domain=SENDER.domain)
    message["Auto-Submitted"] = "auto-generated"
    plain, html = (part.replace(Link("seen").url, link) for part in STATEMENT.parts.values())
    message.set_content(plain, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


# Where it goes.


@contextmanager
def _sink() -> Iterator[int]:
    """Run `smtp-sink` on a free port of the loopback; yield the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    # It will not serve as root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    sink = subprocess.Popen(  # noqa: S603
        [_program("smtp-sink"), *user, f"127.0.0.1:{port}", "256"], stderr=subprocess.DEVNULL
    )
    try:
        _await_listener(port)
        yield port
    finally:
        sink.terminate()
        sink.wait()


def _await_listener(port: int) -> None:
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.01)
    raise Unavailable("smtp-sink does not listen.")


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{POSTFIX}")
    if found is None:
        raise Unavailable(f"{name} is not here. It comes with Postfix: apt install postfix.")
    return found


def show(result: dict[str, Any], console: Console) -> None:
    """Print the result for a person."""
    table = Table("", "messages/s", "client CPU µs/message")
    for name, measured in result.items():
        if isinstance(measured, dict) and "cpu_us_per_message" in measured:
            table.add_row(name, *(f"{value:,.0f}" for value in measured.values()))
    console.print(table)
    for name, value in result["ratios"].items():
        console.print(f"{name}: {value:.2f}")


def main(
    rounds: int = 5, messages: int = 5000, as_json: bool = typer.Option(False, "--json")
) -> None:
    """Measure, and print a table or one JSON document."""
    present(
        lambda progress: run(rounds, messages=messages, progress=progress),
        show,
        as_json=as_json,
    )


if __name__ == "__main__":
    typer.run(main)
