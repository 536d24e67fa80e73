"""Who sent an activity, and from where."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot.edge.connector import Connector, ConnectorError
from comms.people import Person
from comms.room import Place

log = structlog.get_logger()

ASK_WITHIN = 0.7
"""Seconds: an activity wants its answer within one."""


def sender(raw: Mapping[str, Any]) -> Person:
    """Return who sent the activity, as far as the activity itself tells."""
    account = _object(raw, "from")
    return Person(
        name=str(account.get("name") or "Somebody"),
        email=str(account.get("email") or account.get("userPrincipalName") or ""),
        entra_id=str(account.get("aadObjectId") or ""),
        teams_id=str(account.get("id") or ""),
    )


def place(raw: Mapping[str, Any]) -> Place:
    """Return the conversation that the activity came from; the channel of a thread in one."""
    channel_data = _object(raw, "channelData")
    conversation = _object(raw, "conversation")
    conversation_id = str(conversation.get("id") or "")
    channel = str(_object(channel_data, "channel").get("id") or "")
    if not channel and conversation.get("conversationType") == "channel":
        channel = conversation_id.split(";", maxsplit=1)[0]
    return Place(
        conversation=conversation_id,
        service_url=str(raw.get("serviceUrl") or ""),
        tenant=str(_object(channel_data, "tenant").get("id") or conversation.get("tenantId") or ""),
        team=str(_object(channel_data, "team").get("id") or ""),
        channel=channel,
        name=str(_object(channel_data, "channel").get("name") or conversation.get("name") or ""),
        personal=conversation.get("conversationType") == "personal",
    )


def home(where: Place) -> Place:
    """Return the channel itself, where `where` is a thread in it."""
    return replace(where, conversation=where.channel) if where.channel else where


class Directory:
    """Knows people's addresses: the channel tells them once it is asked."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._known: dict[str, str] = {}

    async def known(self, person: Person, where: Place) -> Person:
        """Return the person with the address; without it where the channel does not tell."""
        if person.email or not person.teams_id:
            return person
        if person.teams_id not in self._known:
            try:
                async with asyncio.timeout(ASK_WITHIN):
                    member = await self._connector.member(
                        where.service_url, where.conversation, person.teams_id
                    )
            except (ConnectorError, TimeoutError) as failure:
                log.info("directory.silent", why=type(failure).__name__)
                return person
            address = member.get("email") or member.get("userPrincipalName") or ""
            self._known[person.teams_id] = str(address)
        return replace(person, email=self._known[person.teams_id])


def _object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, Mapping) else {}
