"""What a plan file may say of its readers: who is asked to acknowledge, when they have quiet."""

from __future__ import annotations

from datetime import time

from pydantic import Field, ValidationInfo, field_validator

from comms.incident import Severity
from comms.plan.entry import Strict, refuse_doubles
from comms.plan.model import Acknowledge, ChannelName
from comms.plan.values import Channel, Duration, SeverityName, TimeOfDay
from comms.quiet import OVERRIDE, Hours, Quiet


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


class QuietEntry(Strict):
    """Hours, in each reader's own time zone, in which only the most severe is sent at once."""

    from_: TimeOfDay = Field(alias="from", description="When they begin, such as '22:00'.")
    to: TimeOfDay = Field(description="When they end; then the newest of what has waited is sent.")
    override: SeverityName = Field(
        default=OVERRIDE, description="What is as severe as this is sent at once."
    )

    @field_validator("to")
    @classmethod
    def _it_lasts(cls, to: time, info: ValidationInfo) -> time:
        if to == info.data.get("from_"):
            raise ValueError("they end as they begin: name another time, or leave them out")
        return to

    def read(self) -> Quiet:
        """Return them as the engine uses them."""
        return Quiet(hours=Hours(self.from_, self.to), override=self.override)


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
