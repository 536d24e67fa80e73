"""The whole job without Teams: declared, told and resolved through the API and the commands."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from bot.demo.cast import CALEB, INES, Persona
from bot.demo.teams.rooms import Json
from bot.demo.town import people
from comms.incident import Status
from comms.promise import PromiseState
from tests.journeys.team import TITLE, Team, a_team

ROOT = Path(__file__).parent.parent.parent


async def test_the_whole_job_through_the_api_and_the_commands() -> None:
    async with a_team() as team:
        key = (await sitrep(team, "declare", TITLE, "--severity", "SEV1"))["key"]
        await leads(team, key)
        drafted = await sitrep(
            team,
            *("update", key, "--conditions", "4 in 10 card payments fail since 09:12."),
            *("--doing", "Rolling back release 412", "--need", "A database engineer"),
            *("--symptom", "Some card payments are declined.", "--status", "investigating"),
        )
        await what_is_previewed_is_what_customers_get(team, key, drafted)
        await the_ledger_says_what_the_inbox_holds(team, key)
        await the_end_is_told_to_all_who_were_told(team, key)


async def leads(team: Team, key: str) -> None:
    for role, who in (("incident_commander", INES), ("comms_lead", CALEB)):
        person = {"email": who.email, "name": who.name}
        told = await team.api("post", f"/incidents/{key}/roles", {"role": role, "person": person})
        assert told["roles"][role]["name"] == who.name


async def what_is_previewed_is_what_customers_get(
    team: Team, key: str, drafted: dict[str, Any]
) -> None:
    number = drafted["number"]
    path = f"/incidents/{key}/updates/{number}/preview?audience=customers&channel=page"
    seen = await team.api("get", path)
    refused = await team.asked("post", f"/incidents/{key}/updates/{number}/approve", STALE)
    assert (refused.status, refused.body["title"]) == (409, "The draft has changed")

    await approved(team, key, drafted)

    said = next(iter(seen["parts"].values()))
    assert "Some card payments are declined." in said
    page = await team.page(shows="Some card payments are declined.")
    assert "412" not in page
    assert "database engineer" not in page


async def the_ledger_says_what_the_inbox_holds(team: Team, key: str) -> None:
    told = await sitrep(team, "deliveries", key, "--update", "1")
    by_mail = [row for row in told["deliveries"] if row["channel"] == "mail"]
    accepted = Counter(row["audience"] for row in by_mail if row["state"] == "accepted")
    assert accepted == {audience: len(team.mails(1, audience)) for audience in people()}
    suppressed = [row for row in by_mail if row["state"] == "suppressed"]
    assert all(row["reason"] for row in suppressed)
    reach = await team.api("get", f"/incidents/{key}/updates/1/reach")
    assert (reach["states"]["rejected"], reach["states"]["unknown"]) == (0, 0)


async def the_end_is_told_to_all_who_were_told(team: Team, key: str) -> None:
    report = {"conditions": "All payments work.", "customer": {"symptom": "It works again."}}
    ended = await team.api("post", f"/incidents/{key}/resolve", report)
    await approves(team, key, ended, CALEB)
    told = await approves(team, key, ended, INES)
    assert told["state"] == "approved"
    await team.sent()

    assert (await team.incident(key)).status is Status.RESOLVED
    assert len(team.mails(2, "customers")) == len(team.mails(1, "customers"))
    await team.page("/feed.json", shows="It works again.")
    owed = (await team.api("get", f"/incidents/{key}"))["promises"]
    assert {promise["state"] for promise in owed} <= {PromiseState.KEPT, PromiseState.WITHDRAWN}


async def approved(team: Team, key: str, drafted: dict[str, Any]) -> None:
    """One lead approves by the API, the other by a command."""
    first = await approves(team, key, drafted, CALEB)
    assert (first["state"], first["needed"]) == ("awaiting", ["incident_commander"])
    words = ("approve", key, str(drafted["number"]), "--hash", drafted["hash"])
    last = await sitrep(team, *words, "--as", INES.email)
    assert last["state"] == "approved"
    await team.sent()


async def approves(team: Team, key: str, drafted: dict[str, Any], who: Persona) -> Json:
    """Approve by the API exactly what was drafted."""
    body = {"hash": drafted["hash"], "approver": who.email}
    return await team.api("post", f"/incidents/{key}/updates/{drafted['number']}/approve", body)


async def sitrep(team: Team, *words: str) -> dict[str, Any]:
    """Run a command as people do, in a process of its own; return its document."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SITREP_")}
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words, "--json"),
        cwd=ROOT,
        env={**environ, "SITREP_BASE_URL": team.stage.url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await running.communicate()
    assert running.returncode == 0, err.decode()
    told: dict[str, Any] = json.loads(out)
    return told


STALE = {"hash": "0" * 64, "approver": CALEB.email}
