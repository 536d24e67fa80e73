"""What a plan file may say of its readers: who is asked to acknowledge."""

from __future__ import annotations

from pydantic import Field, field_validator

from comms.incident import Severity
from comms.plan.entry import Strict, refuse_doubles
from comms.plan.model import Acknowledge, ChannelName
from comms.plan.values import Channel, Duration, SeverityName


class AcknowledgeEntry(Strict):
    """Whose 'I have seen this' is asked for, and what follows where it does not come."""

    severities: list[SeverityName] = Field(
        min_length=1, description="At which severities readers are asked."
    )
    within: Duration = Field(description="After this time who has not is told again.")
    then: list[Channel] = Field(
        default_factory=list,
        max_length=3,
        description="By which further channels, in this order; after their own.",
    )

    @field_validator("severities")
    @classmethod
    def _each_severity_once(cls, severities: list[Severity]) -> list[Severity]:
        refuse_doubles(severities)
        return severities

    @field_validator("then")
    @classmethod
    def _the_room_comes_last(cls, then: list[ChannelName]) -> list[ChannelName]:
        refuse_doubles(then)
        if ChannelName.PAGE in then:
            raise ValueError("nobody can be chased by the page: name chat, mail or teams")
        if ChannelName.TEAMS in then[:-1]:
            raise ValueError("nobody answers for others in the war room: teams comes last")
        return then

    def read(self) -> Acknowledge:
        """Return it as the engine uses it."""
        return Acknowledge(
            severities=frozenset(self.severities), within=self.within, then=tuple(self.then)
        )


def refuse_questions(
    asked: AcknowledgeEntry, channels: list[ChannelName], *, external: bool
) -> None:
    """Raise ValueError where readers cannot be asked to acknowledge."""
    if external:
        raise ValueError("people outside are not asked to acknowledge")
    if channels and not any(channel.is_personal for channel in channels):
        raise ValueError("only who is told one by one can acknowledge: it needs chat or mail")
    for channel in asked.then:
        if channel in channels:
            raise ValueError(
                f"{channel} is one of its channels: who does not answer is told by it anyway"
            )
