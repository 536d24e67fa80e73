"""Every way a caller may fail to be the channel, over real HTTP: 401, and nothing is processed."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import jwt
import pytest
import pytest_asyncio
from aiohttp import web
from botbuilder.core import TurnContext
from structlog.testing import capture_logs

from bot.edge.auth import Anonymous, Authenticated, Gate, Trust
from bot.edge.connector import Connector, open_session
from bot.edge.hosts import LOOPBACK, ServiceHosts
from bot.edge.keys import PER, REFRESHES, SigningKeys
from bot.edge.messages import Edge, routes
from bot.edge.tokens import NoTokens
from tests.bot.channel import APP_ID, ISSUER, TENANT, Channel, new_key, open_channel, serving


@dataclass
class Bot:
    """A bot behind the edge; `turns` are the texts that reached it."""

    channel: Channel
    session: aiohttp.ClientSession
    turns: list[str] = field(default_factory=list)
    now: float = 1000.0
    url: str = ""

    async def on_turn(self, turn: TurnContext) -> None:
        self.turns.append(turn.activity.text)
        await turn.send_activity("noted")

    async def receive(self, token: str | None, **changes: Any) -> int:
        """Post an activity with that token; return the status."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        activity = self.channel.activity(**changes)
        async with self.session.post(self.url, json=activity, headers=headers) as response:
            await response.read()
            return response.status

    @property
    def did_nothing(self) -> bool:
        """True where no turn ran and nothing was posted."""
        return not self.turns and not self.channel.calls


def app_of(gate: Gate, bot: Bot) -> web.Application:
    connector = Connector(bot.session, NoTokens(), ServiceHosts(LOOPBACK))
    app = web.Application()
    app.add_routes(routes(Edge(gate=gate, connector=connector, on_turn=bot.on_turn)))
    return app


@pytest_asyncio.fixture
async def bot() -> AsyncIterator[Bot]:
    async with open_channel() as channel, open_session() as session:
        trust = Trust(
            app_id=APP_ID,
            tenants=frozenset({TENANT}),
            openid_metadata_url=channel.metadata_url,
            service_hosts=ServiceHosts(LOOPBACK),
        )
        bot = Bot(channel, session)
        keys = SigningKeys(session, trust.openid_metadata_url, monotonic=lambda: bot.now)
        async with serving(app_of(Authenticated(trust, keys), bot)) as url:
            bot.url = f"{url}/api/messages"
            yield bot


async def test_the_channels_own_token_is_let_in(bot: Bot) -> None:
    assert await bot.receive(bot.channel.token()) == 200
    assert bot.turns == ["status INC-41"]
    assert [call[0] for call in bot.channel.calls] == ["POST"]


def unsigned(channel: Channel) -> str:
    """A token that says of itself that it needs no signature."""
    parts = [{"alg": "none", "typ": "JWT", "kid": "k1"}, channel.claims()]
    return ".".join(_part(part) for part in parts) + "."


def signed_with_the_public_key(channel: Channel) -> str:
    """HS256 with what everybody can read: the classic confusion of algorithms."""
    return jwt.encode(channel.claims(), "n" * 32, algorithm="HS256", headers={"kid": "k1"})


def with_another_payload(channel: Channel) -> str:
    """A good signature over other claims."""
    header, _, signature = channel.token().split(".")
    return ".".join([header, _part(channel.claims(oid="someone-else")), signature])


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


BAD: dict[str, Callable[[Channel], str | None]] = {
    "no token": lambda channel: None,
    "an empty token": lambda channel: "",
    "garbage": lambda channel: "garbage",
    "dots": lambda channel: "a.b.c",
    "a header nested a thousandfold": lambda channel: (
        base64.urlsafe_b64encode(b"[" * 3000).decode() + ".e30.e30"
    ),
    "forged": lambda channel: channel.token(signed_by=new_key()),
    "another payload": with_another_payload,
    "expired": lambda channel: channel.token(exp=int(time.time()) - 60),
    "no exp": lambda channel: channel.token(exp=None),
    "exp that is no number": lambda channel: channel.token(exp="tomorrow"),
    "exp without end": lambda channel: channel.token(exp=float("inf")),
    "alg none": unsigned,
    "HS256": signed_with_the_public_key,
    "RS512": lambda channel: jwt.encode(
        channel.claims(), channel.keys["k1"][0], algorithm="RS512", headers={"kid": "k1"}
    ),
    "no key id": lambda channel: jwt.encode(
        channel.claims(), channel.keys["k1"][0], algorithm="RS256"
    ),
    "not valid yet": lambda channel: channel.token(nbf=int(time.time()) + 600),
    "another audience": lambda channel: channel.token(aud="another-app"),
    "no audience": lambda channel: channel.token(aud=None),
    "another issuer": lambda channel: channel.token(iss="https://sts.windows.net/x/"),
    "no issuer": lambda channel: channel.token(iss=None),
    "another serviceUrl": lambda channel: channel.token(serviceurl="https://evil.example/"),
    "no serviceUrl": lambda channel: channel.token(serviceurl=None),
    "another tenant": lambda channel: channel.token(tid="another-tenant"),
    "an unknown key": lambda channel: channel.token(kid="k9", signed_by=new_key()),
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
async def test_a_bad_token_is_refused_and_nothing_is_processed(
    bot: Bot, make: Callable[[Channel], str | None]
) -> None:
    assert await bot.receive(make(bot.channel)) == 401
    assert bot.did_nothing


ELSEWHERE = {
    "another tenant": {"channelData": {"tenant": {"id": "another"}}},
    "another tenant's conversation": {"conversation": {"id": "19:x", "tenantId": "another"}},
    "no tenant at all": {"channelData": {}, "conversation": {"id": "19:x"}},
    "an unendorsed channel": {"channelId": "webchat"},
    "no channel": {"channelId": None},
    "a channel that is no text": {"channelId": ["msteams"]},
    "no serviceUrl": {"serviceUrl": None},
}


@pytest.mark.parametrize("changes", ELSEWHERE.values(), ids=ELSEWHERE.keys())
async def test_a_good_token_with_an_activity_from_elsewhere_is_refused(
    bot: Bot, changes: dict[str, Any]
) -> None:
    assert await bot.receive(bot.channel.token(), **changes) == 401
    assert bot.did_nothing


@pytest.mark.parametrize("scheme", ["Basic", "bearer-ish", ""])
async def test_another_scheme_than_bearer_is_refused(bot: Bot, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {bot.channel.token()}"}
    async with bot.session.post(bot.url, json=bot.channel.activity(), headers=headers) as answer:
        assert answer.status == 401
    assert bot.did_nothing


async def test_a_host_outside_the_list_is_refused_even_with_a_matching_token(bot: Bot) -> None:
    for url in ("https://evil.example/", "http://smba.trafficmanager.net/", "https://a@127.0.0.1/"):
        token = bot.channel.token(serviceurl=url)
        assert await bot.receive(token, serviceUrl=url) == 401
    assert bot.did_nothing


async def test_a_clock_half_a_minute_off_is_tolerated(bot: Bot) -> None:
    now = int(time.time())
    assert await bot.receive(bot.channel.token(exp=now - 20, nbf=now + 20)) == 200


async def test_a_rolled_signing_key_is_let_in_at_once(bot: Bot) -> None:
    assert await bot.receive(bot.channel.token()) == 200
    bot.channel.keys = {"k2": (new_key(), ["msteams"])}
    assert await bot.receive(bot.channel.token(kid="k2")) == 200
    assert await bot.receive(bot.channel.token(kid="k2")) == 200
    assert bot.channel.metadata_reads == 2
    assert len(bot.turns) == 3


async def test_a_withdrawn_key_is_refused_after_a_day(bot: Bot) -> None:
    old = bot.channel.keys["k1"][0]
    assert await bot.receive(bot.channel.token()) == 200
    bot.channel.keys = {"k2": (new_key(), ["msteams"])}
    bot.now += 24 * 3600 + 1
    assert await bot.receive(bot.channel.token(signed_by=old)) == 401


async def test_unknown_keys_cannot_make_the_bot_hammer_the_metadata(bot: Bot) -> None:
    stranger = new_key()
    for n in range(REFRESHES + 5):
        assert await bot.receive(bot.channel.token(kid=f"x{n}", signed_by=stranger)) == 401
    assert bot.channel.metadata_reads == REFRESHES
    bot.now += PER
    assert await bot.receive(bot.channel.token()) == 200


async def test_known_keys_keep_working_while_the_metadata_is_down(bot: Bot) -> None:
    assert await bot.receive(bot.channel.token()) == 200
    bot.channel.metadata_fails = True
    bot.now += 25 * 3600
    assert await bot.receive(bot.channel.token()) == 200


async def test_no_metadata_at_all_is_a_refusal(bot: Bot) -> None:
    bot.channel.metadata_fails = True
    assert await bot.receive(bot.channel.token()) == 401
    assert bot.did_nothing


async def test_the_log_says_why_and_never_shows_the_token(bot: Bot) -> None:
    token = bot.channel.token(exp=int(time.time()) - 60)
    with capture_logs() as logs:
        await bot.receive(token)
    assert [entry["reason"] for entry in logs] == ["token_ExpiredSignatureError"]
    assert token not in repr(logs)
    assert APP_ID not in repr(logs)
    assert ISSUER not in repr(logs)


async def test_the_anonymous_gate_still_refuses_a_host_that_is_not_this_machine() -> None:
    async with open_channel() as channel, open_session() as session:
        bot = Bot(channel, session)
        async with serving(app_of(Anonymous(), bot)) as url:
            bot.url = f"{url}/api/messages"
            assert (
                await bot.receive(None, serviceUrl="https://smba.trafficmanager.net/amer/") == 401
            )
            assert await bot.receive(None, serviceUrl=None) == 401
            assert bot.did_nothing
            assert await bot.receive(None) == 200
            assert bot.turns == ["status INC-41"]
