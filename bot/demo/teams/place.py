"""Where the demo happens: one tenant, one team with General and a channel, one installed bot."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.demo.cast import COMPANY, IN_TEAMS, Persona


@dataclass(frozen=True, kw_only=True)
class Place:
    """The ids that Teams would have given out, in the shape that Teams gives them."""

    tenant_id: str = "7d0a4c1e-6f2b-4a83-9f57-2d1b8c6e2001"
    group_id: str = "f1c2b7aa-0b46-4e0e-8a39-9f2f5d3c2002"
    team_id: str = "19:northwindGeneral@thread.tacv2"
    team_name: str = COMPANY
    channel_id: str = "19:northwindIncidents@thread.tacv2"
    channel_name: str = "Incidents"
    bot_id: str = "28:5f0d4b7e-3a92-47d5-8a6e-1c9b0e7d2003"
    bot_name: str = "Sitrep"
    members: tuple[Persona, ...] = field(default=IN_TEAMS)

    @property
    def channel_ids(self) -> tuple[str, str]:
        """The team's channels; General has the id of the team itself."""
        return self.team_id, self.channel_id

    @property
    def typed_mention(self) -> str:
        """What people type to address the bot."""
        return f"@{self.bot_name}"

    def member(self, teams_id: str) -> Persona | None:
        """Return the member that a connector's id ('29:…') or an Entra id names."""
        wanted = teams_id.casefold()
        return next(
            (one for one in self.members if wanted in {one.teams_id, one.entra_id.casefold()}), None
        )
