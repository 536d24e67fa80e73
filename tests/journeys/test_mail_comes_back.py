"""A mail comes back: from the approval to Postfix, to a mailbox, and from there to the ledger."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

from imapclient import IMAPClient
from pydantic import SecretStr

from bot.demo.clock import ScaledClock
from bot.root import Product, sitrep
from bot.settings import Settings
from comms.delivery import DeliveryState, LedgerRow, Reason
from comms.desk import Scene
from comms.ledger import Filter
from comms.people import SITREP
from comms.recipient import Recipient
from comms.suppression import Suppression
from tests.acting import declared, seen, sent
from tests.comms.mail.relays import Relayed, serving
from tests.comms.mail.returning import OUR_DOMAIN, Returning, returning
from tests.dovecot import PASSWORD, Dovecot, dovecot

MAILBOX = f"bounces@{OUR_DOMAIN}"
GONE, HERE = "gone@fabrikam.example", "here@fabrikam.example"


async def test_who_was_not_reached_is_known_before_the_next_update(tmp_path: Path) -> None:
    async with returning() as postfix:
        postfix.says = {GONE: "550 5.1.1 No such user here"}
        with dovecot() as mailbox:
            async with sitrep(
                settings(tmp_path, postfix, mailbox), clock=ScaledClock(speed=60)
            ) as product:
                await product.desk.do(invite, SITREP, "api")
                incident = await declared(product.desk)
                await sent(product.desk, incident.key, audiences=("stakeholders",))

                [(path, report)] = await postfix.returned(1)
                assert path.startswith("bounces+")
                await asyncio.to_thread(arrive, mailbox, report)
                row = await bounced(product, incident.key)
                await sent(product.desk, incident.key, audiences=("stakeholders",))

                rows = await seen(
                    product.desk,
                    lambda scene: scene.book.fanouts.rows(incident.key, Filter(update=2)),
                )

    assert (row.address, row.reason) == (GONE, Reason.BOUNCED)
    assert "550 5.1.1 No such user here" in row.detail
    assert [(one.address, one.reason) for one in rows] == [(GONE, Reason.BOUNCED), (HERE, None)]


async def test_whom_the_relay_refuses_as_unknown_gets_no_second_letter(tmp_path: Path) -> None:
    answers = {GONE: "550 5.1.1 No such user here", HERE: "554 5.7.1 Relay access denied"}
    async with serving(Relayed(rcpt=answers.__getitem__)) as relayed:
        given = Settings(
            database_url=SecretStr(f"sqlite:///{tmp_path}/sitrep.db"),
            status_dir=tmp_path / "status",
            smtp_url=SecretStr(f"smtp://127.0.0.1:{relayed.port}"),
            mail_from=f"Contoso incidents <incidents@{OUR_DOMAIN}>",
        )
        async with sitrep(given, clock=ScaledClock(speed=60)) as product:
            await product.desk.do(invite, SITREP, "api")
            incident = await declared(product.desk)
            await sent(product.desk, incident.key, audiences=("stakeholders",))
            stopped = await suppressed(product)
            await sent(product.desk, incident.key, audiences=("stakeholders",))
            rows = await seen(
                product.desk,
                lambda scene: scene.book.fanouts.rows(incident.key, Filter(update=2)),
            )

    assert {one.address: (one.reason, one.evidence) for one in stopped} == {
        GONE: (Reason.BOUNCED, "550 5.1.1 No such user here")
    }
    assert {one.address: one.reason for one in rows}[GONE] is Reason.BOUNCED
    assert {one.address: one.state for one in rows}[HERE] is not DeliveryState.SUPPRESSED


def settings(folder: Path, postfix: Returning, mailbox: Dovecot) -> Settings:
    """An installation whose mail comes back to a mailbox that it reads."""
    user = quote(MAILBOX, safe="")
    # Dovecot takes a password without TLS from its own machine.
    bounces = f"imap://{user}:{PASSWORD}@127.0.0.1:{mailbox.plain}/INBOX?starttls=false&every=5"
    return Settings(
        database_url=SecretStr(f"sqlite:///{folder}/sitrep.db"),
        status_dir=folder / "status",
        smtp_url=SecretStr(f"smtp://127.0.0.1:{postfix.port}"),
        mail_from=f"Contoso incidents <incidents@{OUR_DOMAIN}>",
        mail_return_path=f"bounces+{{token}}@{OUR_DOMAIN}",
        bounces_url=SecretStr(bounces),
    )


def invite(scene: Scene) -> None:
    """Two stakeholders, one of whom has left."""
    people = [Recipient(email=GONE), Recipient(email=HERE)]
    scene.book.recipients.replace("stakeholders", people)


def arrive(mailbox: Dovecot, report: bytes) -> None:
    """Put the report where our mail server puts what comes for bounces+…"""
    with IMAPClient("localhost", mailbox.tls, ssl_context=mailbox.context) as client:
        client.login(MAILBOX, PASSWORD)
        client.append("INBOX", report)


async def suppressed(product: Product) -> tuple[Suppression, ...]:
    """Wait until both have been refused and somebody is on the list; return who is."""
    async with asyncio.timeout(60):
        while True:
            found, refused = await seen(
                product.desk,
                lambda scene: (
                    scene.book.suppressions.held(after="", limit=9, now=scene.now),
                    scene.book.hindsight.unreached("INC-1", 1, limit=9),
                ),
            )
            if found and len(refused) == 2:
                return found
            await asyncio.sleep(0.05)


async def bounced(product: Product, key: str) -> LedgerRow:
    """Wait until the ledger has it."""
    async with asyncio.timeout(90):
        while True:
            rows = await seen(
                product.desk, lambda scene: scene.book.fanouts.rows(key, Filter(update=1))
            )
            for row in rows:
                if row.reason is Reason.BOUNCED:
                    return row
            await asyncio.sleep(0.05)
