"""The SDK's adapter over our own gate and connector."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import copy
from typing import Any

from botbuilder.core import CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.schema import (
    Activity,
    ConversationParameters,
    ConversationResourceResponse,
    ResourceResponse,
)
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
)

from bot.edge.activity import plain
from bot.edge.auth import Claims
from bot.edge.connector import Connector

Logic = Callable[[TurnContext], Awaitable[None]]

RAW = "raw"
"""Where a turn's state holds the activity as it came: the SDK's types drop some of it."""


class Adapter(CloudAdapterBase):  # type: ignore[misc] # the SDK is untyped
    """Runs turns. It never authenticates: a gate has done that before."""

    def __init__(self, connector: Connector) -> None:
        self._connections = _Connections(connector)
        super().__init__(_Admitted(self._connections))

    async def run(
        self, activity: Activity, raw: Mapping[str, Any], claims: Claims, logic: Logic
    ) -> InvokeResponse | None:
        """Run the turn of an admitted activity; return what answers an invoke."""

        async def with_raw(turn: TurnContext) -> None:
            turn.turn_state[RAW] = raw
            await logic(turn)

        admitted = AuthenticateRequestResult()
        admitted.claims_identity = ClaimsIdentity(dict(claims), bool(claims))
        admitted.connector_factory = self._connections
        return await self.process_activity(admitted, activity, with_raw)

    async def process_proactive(
        self,
        claims_identity: ClaimsIdentity,
        continuation_activity: Activity,
        audience: str | None,
        logic: Logic,
    ) -> None:
        """Run a turn that no activity has begun."""
        # The SDK makes up an id, and every message would become a reply to it.
        continuation_activity.id = None
        await super().process_proactive(claims_identity, continuation_activity, audience, logic)

    def _create_turn_context(
        self, activity: Activity, claims_identity: ClaimsIdentity, *rest: Any
    ) -> TurnContext:
        made = super()._create_turn_context(activity, claims_identity, *rest)
        turn = Turn(self, activity)
        turn.turn_state.update(made.turn_state)
        return turn


class Turn(TurnContext):  # type: ignore[misc] # the SDK is untyped
    """A turn that sends without the SDK's deep copies, which cost more than the call itself."""

    async def send_activities(self, activities: Sequence[Activity]) -> list[ResourceResponse]:
        """Address the activities to this conversation and send them; return their ids."""
        addressed = [self._addressed(activity) for activity in activities]
        sent: list[ResourceResponse] = await self._emit(
            self._on_send_activities, addressed, self._deliver(addressed)
        )
        return sent

    def _addressed(self, activity: Activity) -> Activity:
        incoming, outgoing = self.activity, copy(activity)
        outgoing.id = None
        outgoing.type = outgoing.type or "message"
        outgoing.input_hint = outgoing.input_hint or "acceptingInput"
        outgoing.channel_id = incoming.channel_id
        outgoing.service_url = incoming.service_url
        outgoing.locale = incoming.locale
        outgoing.conversation = incoming.conversation
        outgoing.from_property = incoming.recipient
        outgoing.recipient = incoming.from_property
        if incoming.type != "conversationUpdate" and incoming.id:
            outgoing.reply_to_id = incoming.id
        return outgoing

    async def _deliver(self, addressed: list[Activity]) -> list[ResourceResponse]:
        if self.activity.delivery_mode == "expectReplies":
            self.buffered_reply_activities += addressed
            sent = [ResourceResponse() for _ in addressed]
        else:
            sent = await self.adapter.send_activities(self, addressed)
        if any(activity.type != "trace" for activity in addressed):
            self.responded = True
        return sent

    async def _emit(self, plugins: list[Any], about: Any, act: Awaitable[Any]) -> Any:
        # The SDK's loop over no plugins leaves a cycle for the garbage collector, per message.
        return await super()._emit(plugins, about, act) if plugins else await act


class _Connections(ConnectorFactory):  # type: ignore[misc] # the SDK is untyped
    """Hands out what looks like the SDK's client, all over one connector."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def create(self, service_url: str, audience: str | None) -> _Client:
        return _Client(self._connector, service_url)


class _Client:
    """The part of the SDK's ConnectorClient that its adapter touches."""

    def __init__(self, connector: Connector, service_url: str) -> None:
        self.conversations = _Conversations(connector, service_url)


class _Conversations:
    """The SDK's operations, by their names there."""

    def __init__(self, connector: Connector, service_url: str) -> None:
        self._connector = connector
        self._service_url = service_url

    async def send_to_conversation(self, conversation: str, activity: Activity) -> ResourceResponse:
        made = await self._connector.post(self._service_url, conversation, plain(activity))
        return ResourceResponse(id=made)

    async def reply_to_activity(
        self, conversation: str, activity_id: str, activity: Activity
    ) -> ResourceResponse:
        made = await self._connector.reply(
            self._service_url, conversation, activity_id, plain(activity)
        )
        return ResourceResponse(id=made)

    async def update_activity(
        self, conversation: str, activity_id: str, activity: Activity
    ) -> ResourceResponse:
        kept = await self._connector.update(
            self._service_url, conversation, activity_id, plain(activity)
        )
        return ResourceResponse(id=kept)

    async def delete_activity(self, conversation: str, activity_id: str) -> None:
        await self._connector.delete(self._service_url, conversation, activity_id)

    async def create_conversation(
        self, parameters: ConversationParameters
    ) -> ConversationResourceResponse:
        made = await self._connector.create_conversation(self._service_url, plain(parameters))
        return ConversationResourceResponse(
            id=made.id, activity_id=made.activity_id, service_url=made.service_url
        )


class _Admitted(BotFrameworkAuthentication):  # type: ignore[misc] # the SDK is untyped
    """The SDK's view of authentication: only what is already admitted gets this far."""

    def __init__(self, connections: _Connections) -> None:
        self._connections = connections

    async def authenticate_request(self, activity: Activity, auth_header: str) -> None:
        raise PermissionError("activities are admitted by a gate")

    async def authenticate_streaming_request(self, auth_header: str, channel_id: str) -> None:
        raise PermissionError("streaming is not offered")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return self._connections

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        return None  # no user signs in through the bot
