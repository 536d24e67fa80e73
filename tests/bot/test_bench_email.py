"""The benchmark of mail measures what it says."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import ssl
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
from aiosmtplib import SMTP
from typer.testing import CliRunner

from bot.bench.email import SCENARIOS, distance, letter, memory, peers, postgres, starttls
from bot.bench.email import sink as sinks
from bot.bench.email import sqlite as on_sqlite
from bot.bench.email.race import Contender, race
from bot.bench.email.roads import encrypted_road, long_road
from bot.bench.process import process
from bot.bench.report import Measured, quietly
from bot.cli import app
from comms.errors import Unavailable

pytestmark = pytest.mark.usefixtures("quick_starts")

FEW = 100


def measured(scenario: Any, messages: int = FEW) -> dict[str, Any]:
    """Run a scenario once; skip where something that it measures with is not installed."""
    try:
        result: dict[str, Any] = scenario.run(1, messages=messages)
    except Unavailable as missing:
        pytest.skip(missing.detail)
    assert json.loads(json.dumps(result)) == result
    return result


def test_everybody_sends_the_same_letter() -> None:
    (reader,) = letter.readers(1)
    ours = email.message_from_bytes(letter.sample(), policy=email.policy.default)
    theirs = letter.message(reader)

    for kind in ("plain", "html"):
        parts = [message.get_body((kind,)) for message in (ours, theirs)]
        mine, other = (part.get_content().split() for part in parts if part is not None)
        assert mine == other
    assert len(letter.sample()) == pytest.approx(letter.OCTETS, rel=0.02)


def test_the_whole_path_is_measured_beside_four_ways_of_sending() -> None:
    result = measured(on_sqlite)

    ours = {"sitrep_uvloop", "sitrep_asyncio"}
    ran = {"smtp_source", "django", "nodemailer", "aiosmtplib"} - result.get("skipped", {}).keys()
    assert result["ratios"].keys() == {f"{one}/{peer}" for one in ours for peer in ran}
    for name in ours | ran:
        assert result[name]["messages_per_second"] > 0
        assert result[name]["cpu_us_per_message"] > 0


@pytest.mark.parametrize("peer", [peers.DJANGO, peers.NODEMAILER], ids=lambda peer: peer.name)
def test_a_peer_hands_over_as_many_letters_as_it_was_asked_for(peer: Contender) -> None:
    try:
        with sinks.sink() as port:
            figures = peer.send(port, 20)
    except Unavailable as missing:
        pytest.skip(missing.detail)

    assert figures["messages_per_second"] > 0


def test_a_worker_on_postgres_is_measured() -> None:
    result = measured(postgres)

    assert result["sitrep"]["messages_per_second"] > 0
    assert result["ratios"].keys() == {"sitrep/smtp_source"}


@pytest.mark.parametrize("scenario", [distance, starttls], ids=["distance", "starttls"])
def test_a_long_and_an_encrypted_road_are_measured_beside_aiosmtplib(scenario: Any) -> None:
    result = measured(scenario, messages=1_000)

    assert min(result[name]["messages_per_second"] for name in ("sitrep", "aiosmtplib")) > 0
    assert result["ratios"].keys() == {"sitrep/aiosmtplib"}


def test_memory_is_that_of_the_product_as_it_is_served() -> None:
    result = measured(memory)

    assert result["recipients"] == {"few": 20, "many": 2_000}
    for crowd in ("few", "many"):
        assert result[crowd]["peak_mb"] > 10
        assert result[crowd]["messages_per_second"] > 0


async def test_what_goes_down_a_long_road_takes_its_time_and_its_order() -> None:
    came = asyncio.Queue[bytes]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            came.put_nowait(line)
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with process(long_road, port, 0.05) as far:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(far))
            loop = asyncio.get_running_loop()
            began = loop.time()
            writer.write(b"one\n")
            assert await reader.readline() == b"one\n"
            assert loop.time() - began >= 0.1
            for number in range(20):
                writer.write(b"%d\n" % number)
            echoed = [int(await reader.readline()) for _ in range(20)]
            assert echoed == list(range(20))
            writer.close()


async def test_an_encrypted_road_carries_nothing_before_tls() -> None:
    said: list[bytes] = []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 relay\r\n")
        while line := await reader.readline():
            said.append(line)
            writer.write(b"250 relay\r\n")
        writer.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with starttls.certificate() as file, process(encrypted_road, port, file) as guarded:
            client = SMTP(hostname="127.0.0.1", port=int(guarded), start_tls=False, timeout=10)
            await client.connect()
            await client.ehlo()
            assert client.supports_extension("starttls")
            assert said == []
            await client.starttls(tls_context=ssl.create_default_context(cafile=file))
            assert await client.ehlo() == aiosmtplib.SMTPResponse(250, "relay")
            assert [line.split()[0] for line in said] == [b"EHLO"]
            client.close()


def test_a_peer_that_is_missing_is_skipped_with_the_reason() -> None:
    def here(_port: int, count: int) -> Measured:
        return {"messages_per_second": float(count)}

    def missing(_port: int, _count: int) -> Measured:
        raise Unavailable("Install it.")

    result = race(
        25,
        [Contender("ours", here)],
        [Contender("there", here, share=0.5), Contender("away", missing)],
        rounds=2,
        messages=10,
        progress=quietly,
    )

    assert result["skipped"] == {"away": "Install it."}
    assert result["ratios"] == {"ours/there": 2.0}


def test_without_postfix_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sinks, "POSTFIX", "")
    monkeypatch.setenv("PATH", str(tmp_path))

    said = CliRunner().invoke(app, ["bench", "email", "--scenario", "sqlite", "--json"])

    skipped = json.loads(said.stdout)["scenarios"]["sqlite"]["skipped"]
    assert "apt install postfix" in skipped


def test_an_unknown_scenario_lists_the_known_ones() -> None:
    said = CliRunner().invoke(app, ["bench", "email", "--scenario", "quick"])

    assert said.exit_code == 2
    for name in SCENARIOS:
        assert name in said.output
