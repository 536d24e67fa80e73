"""Which hosts the bot talks to: a serviceUrl decides where its replies and its token go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from yarl import URL

BOT_FRAMEWORK = (
    "smba.trafficmanager.net",
    "smba.infra.gcc.teams.microsoft.com",
    "smba.infra.gov.teams.microsoft.us",
    "smba.infra.dod.teams.microsoft.us",
    "*.botframework.com",
)
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class ServiceHosts:
    """The allow-list. A name may carry a port; `*.` in front admits every host below it."""

    names: tuple[str, ...] = BOT_FRAMEWORK

    def admit(self, service_url: str) -> bool:
        """Return whether the bot may talk to that URL: https, or plain http to itself."""
        return _admits(self.names, service_url)


@lru_cache(maxsize=1024)
def _admits(names: tuple[str, ...], service_url: str) -> bool:
    # yarl, which also sends the reply: two parsers that disagree would be a hole.
    try:
        url = URL(service_url)
        host, port = url.host, url.port
    except ValueError:
        return False
    if not host or url.user is not None or url.password is not None:
        return False
    if url.scheme != "https" and not (url.scheme == "http" and host in LOOPBACK):
        return False
    return any(_names(name.lower(), host.lower(), port) for name in names)


def _names(name: str, host: str, port: int | None) -> bool:
    if name.startswith("*."):
        return host.endswith(name[1:])
    return name in (host, f"{host}:{port}", f"[{host}]:{port}")
