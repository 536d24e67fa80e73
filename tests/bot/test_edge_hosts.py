"""Which serviceUrls the bot talks to."""

from __future__ import annotations

import pytest

from bot.edge.hosts import LOOPBACK, ServiceHosts


@pytest.mark.parametrize(
    "url",
    [
        "https://smba.trafficmanager.net/amer/",
        "https://smba.trafficmanager.net",
        "https://SMBA.trafficmanager.net/emea/tenant/",
        "https://smba.infra.gov.teams.microsoft.us/teams",
        "https://directline.botframework.com/",
    ],
)
def test_the_bot_frameworks_own_hosts_are_admitted(url: str) -> None:
    assert ServiceHosts().admit(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://smba.trafficmanager.net/amer/",
        "https://evil.example/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://smba.trafficmanager.net@evil.example/",
        "https://user@smba.trafficmanager.net/",
        "https://evil.example/smba.trafficmanager.net",
        "https://evil.example\\@smba.trafficmanager.net/",
        "https://botframework.com.evil.example/",
        "https://evilbotframework.com/",
        "https://127.0.0.1/",
        "ftp://smba.trafficmanager.net/",
        "//smba.trafficmanager.net/",
        "smba.trafficmanager.net",
        "https://[::1",
        "https://smba.trafficmanager.net:99999/",
        "",
    ],
)
def test_anything_else_is_not(url: str) -> None:
    assert not ServiceHosts().admit(url)


def test_plain_http_is_for_this_machine_only() -> None:
    hosts = ServiceHosts((*LOOPBACK, "connector.example"))
    assert hosts.admit("http://127.0.0.1:4000/")
    assert hosts.admit("http://localhost/")
    assert hosts.admit("http://[::1]:4000/")
    assert hosts.admit("https://connector.example/")
    assert not hosts.admit("http://connector.example/")


def test_a_name_with_a_port_admits_only_that_port() -> None:
    hosts = ServiceHosts(("127.0.0.1:4000",))
    assert hosts.admit("http://127.0.0.1:4000/")
    assert not hosts.admit("http://127.0.0.1:4001/")
