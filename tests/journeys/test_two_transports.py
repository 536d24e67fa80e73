"""The mail relay is away when an update is approved: the plan's next transport carries it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.root import sitrep
from bot.settings import Settings
from comms.acts.approve import approve
from comms.acts.declare import declare
from comms.acts.draft import draft
from comms.desk import Scene
from comms.errors import PlanInvalid
from comms.incident import Severity
from comms.people import Person, Role
from comms.plan.load import shipped
from comms.recipient import Recipient
from comms.report import CanReport
from tests.comms.mail.relays import Relayed, serving

ADA = Person(name="Ada Byron", email="ada@contoso.example")
AWAY = "smtp://127.0.0.1:9"


def settings(folder: Path, plan: str, lines: str) -> Settings:
    """An installation whose relay is away, with further transports."""
    file = folder / "plan.yaml"
    file.write_text(plan)
    return Settings(
        database_url=SecretStr(f"sqlite:///{folder}/sitrep.db"),
        status_dir=folder / "status",
        plan=file,
        smtp_url=SecretStr(AWAY),
        mail_transports=SecretStr(lines),
        mail_from="Contoso incidents <incidents@contoso.example>",
    )


def with_mail(label: str, transports: str) -> str:
    """The shipped plan, in which one audience names its transports."""
    return shipped().replace(f"label: {label}\n", f"label: {label}\n    mail: {transports}\n", 1)


def approved(scene: Scene) -> None:
    """Five executives are told of an incident."""
    people = (Recipient(email=f"chief{n}@contoso.example") for n in range(5))
    scene.book.recipients.replace("executives", people)
    incident = declare(scene, title="Card payments fail", severity=Severity.SEV1, nonce="n")
    report = CanReport(conditions="One in three payments fails.")
    seen = draft(scene, incident.key, report=report, audiences=("executives",))
    roles = frozenset({Role.INCIDENT_COMMANDER})
    approve(scene, incident.key, 1, hash=seen.update.hash, roles=roles)


async def test_what_the_relay_does_not_take_goes_by_the_next_transport(tmp_path: Path) -> None:
    all_told = asyncio.Event()

    def taken(recipient: str) -> str:
        if len(relayed.received) == 5:
            all_told.set()
        return f"250 2.0.0 Ok: queued as {recipient}"

    relayed = Relayed(content=taken)
    async with serving(relayed):
        second = f"second=smtp://127.0.0.1:{relayed.port}?starttls=false"
        given = settings(tmp_path, with_mail("Executives", "[relay, second]"), second)
        async with sitrep(given) as product:
            await product.desk.do(approved, ADA, "api")
            await asyncio.wait_for(all_told.wait(), 120)

    assert sorted(relayed.recipients) == [f"chief{n}@contoso.example" for n in range(5)]


async def test_a_plan_that_takes_people_outside_by_a_transport_for_inside_does_not_start(
    tmp_path: Path,
) -> None:
    plan = with_mail("Customers", "[hve]")
    given = settings(tmp_path, plan, "hve=hve://alerts:secret@contoso.example")

    with pytest.raises(PlanInvalid, match=r"plan\.yaml:\d+:\d+: audiences\.customers\.mail\[0\]"):
        async with sitrep(given):
            pass
