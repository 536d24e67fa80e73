"""An installation that is put to the test: its database, its relay, its processes, its API."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, create_engine

from bot.cli.client import Client, Refused
from comms.errors import Unavailable
from storage.connect import with_driver
from tests.chaos.sink import Sink, mailbox_of
from tests.chaos.victim import Victim, until

AUDIENCE = "stakeholders"
TOKEN = "chaos"
SLOTS = 200
"""Mails under way at once: so many a crash may send again."""


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """An update that waits for its approval."""

    incident: str
    number: int
    hash: str


@dataclass
class Installation:
    """Processes that share a database and a relay; `settings` are added to each one's."""

    folder: Path
    database_url: str
    sink: Sink
    settings: dict[str, str] = field(default_factory=dict)
    victims: list[Victim] = field(default_factory=list)

    def serve(self, **settings: str) -> App:
        """Start the app; it may not answer yet."""
        port = free_port()
        victim = self.start("serve", "--port", str(port), **settings)
        return App(victim, Client(base=f"http://127.0.0.1:{port}", token=TOKEN))

    def worker(self, **settings: str) -> Victim:
        """Start a worker; it may not take part yet."""
        return self.start("worker", **settings)

    def start(self, *words: str, **settings: str) -> Victim:
        """Start `sitrep` with these words."""
        log = self.folder / f"{len(self.victims):03}-{words[0]}.log"
        environ = {
            "SITREP_DATABASE_URL": self.database_url,
            "SITREP_SMTP_URL": self.sink.url(),
            "SITREP_MAIL_FROM": f"Sitrep <{mailbox_of(log.stem)}>",
            "SITREP_API_TOKEN": TOKEN,
            "SITREP_STATUS_DIR": str(self.folder / "status"),
            **self.settings,
            **settings,
        }
        victim = Victim(words, environ=environ, folder=self.folder, log=log)
        self.victims.append(victim)
        return victim

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """Give a connection to the database beside the product, in a transaction."""
        engine = create_engine(with_driver(self.database_url))
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def clear(self) -> None:
        """End whatever still runs."""
        for victim in self.victims:
            victim.kill()


@dataclass(frozen=True)
class App:
    """A process that serves, and its API."""

    victim: Victim
    api: Client

    def ready(self) -> App:
        """Return it once it answers."""
        self.victim.says("Sitrep answers at")
        return self

    def draft(self, count: int) -> Drafted:
        """Put so many people into the audience; draft an update of a new incident to them."""
        self.fill(count)
        return self.draft_again()

    def fill(self, count: int) -> None:
        """Put so many people into the audience."""
        self.api.put(f"/audiences/{AUDIENCE}/recipients", _csv(people(count)), "text/csv")

    def draft_again(self) -> Drafted:
        """Draft an update of a new incident to the people in the audience."""
        incident = self.api.post("/incidents", {"title": "Chaos", "severity": "SEV2"})["key"]
        body = {"conditions": "Something fails.", "audiences": [AUDIENCE]}
        update = self.api.post(f"/incidents/{incident}/updates", body)
        return Drafted(incident=incident, number=update["number"], hash=update["hash"])

    def approve(self, update: Drafted) -> None:
        """Approve it: it is sent from now on."""
        approval = {"hash": update.hash, "approver": "comms_lead"}
        answer = self.api.post(
            f"/incidents/{update.incident}/updates/{update.number}/approve", approval
        )
        assert answer["state"] == "approved", answer

    def reach(self, update: Drafted) -> dict[str, int]:
        """What the ledger says of its deliveries, by state."""
        told = self.api.get(f"/incidents/{update.incident}/updates/{update.number}/reach")
        states: dict[str, int] = told["states"]
        return {state: count for state, count in states.items() if count}

    def settled(self, update: Drafted) -> dict[str, int]:
        """Return its totals once nothing is planned or under way any more."""

        def look() -> dict[str, int] | None:
            try:
                states = self.reach(update)
            except (Unavailable, Refused):
                return None
            return None if states.keys() & {"planned", "sending"} else states

        return until(look, within=120)


@contextmanager
def installation(
    folder: Path, database_url: str, relay: Sink, **settings: str
) -> Iterator[Installation]:
    """Give an installation; end its processes after it."""
    made = Installation(folder, database_url, relay, settings)
    try:
        yield made
    finally:
        made.clear()


def people(count: int) -> list[str]:
    """The addresses of an audience of this size."""
    return [f"person{number}@example.com" for number in range(count)]


async def _csv(addresses: list[str]) -> AsyncIterator[bytes]:
    yield "\n".join(["email", *addresses, ""]).encode()


def free_port() -> int:
    """Return a port that nobody uses at the moment."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port: int = taken.getsockname()[1]
    return port
