"""What a plan file may say: one model, from which both the check and the JSON Schema come.

The order of fields matters: a field's check sees those above it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
)

from comms import language
from comms.brand import READABLE, Brand, contrast
from comms.people import Role
from comms.plan.approval_entry import Approvals, ApprovalTable, ApprovalTimeoutEntry, roles_at
from comms.plan.cadence_entry import CadenceTable
from comms.plan.called_entry import EscalationEntry
from comms.plan.circle import circle
from comms.plan.conduct_entry import ChecklistsEntry, Lines, SeveritiesEntry, TypesEntry
from comms.plan.entry import PersonEntry, Strict, refuse_doubles
from comms.plan.model import ChannelName, OnUnknown
from comms.plan.reader_entry import AcknowledgeEntry, QuietEntry, refuse_questions
from comms.plan.service_entry import ServiceEntry
from comms.plan.source_entry import FromEntry, RotaEntry
from comms.plan.values import (
    Channel,
    Colour,
    Duration,
    Language,
    LevelName,
    Line,
    Logo,
    Name,
    Rate,
    RegimeName,
    RoleName,
    RuleName,
    Sees,
    Version,
    Zone,
)
from comms.projection import PUBLIC_FIELDS


class AudienceEntry(Strict):
    """People with a shared need."""

    label: Line = Field(description="How the audience is called in cards and mails.")
    external: bool = Field(
        default=False,
        description="True for readers outside the organisation: internal fields are refused.",
    )
    enabled: bool = True
    channels: list[Channel] = Field(max_length=8)
    failover: dict[Channel, Channel] = Field(
        default_factory=dict,
        description="Which channel stands in for one by which nothing gets through.",
    )
    mail: list[Name] = Field(
        default_factory=list,
        max_length=8,
        description="The transports of mail that it takes, by name: the first that works.",
    )
    from_: list[FromEntry] = Field(
        default_factory=list,
        alias="from",
        max_length=20,
        description="Where its people come from beside its list: groups, rotas, roles.",
    )
    on_unknown: OnUnknown = Field(
        default=OnUnknown.RESEND,
        strict=False,
        description="What may or may not have arrived: sent again under the same Message-ID, or"
        " held for a person.",
    )
    self_subscribe: bool = Field(
        default=False,
        description="Anybody may enter it with a mail address, and confirms that by mail.",
    )
    may_stop: bool | None = Field(
        default=None,
        description="Its readers may choose to get no mail at all, and each letter offers it."
        " Without it: true for external audiences, false for others.",
    )
    empty_digest: bool = Field(
        default=False, description="A digest is sent although there is nothing to tell."
    )
    languages: list[Language] = Field(
        default_factory=list,
        max_length=20,
        description="In which its mail is written, beside the plan's own.",
    )
    sees: list[Sees] = Field(description="The fields of an update that this audience may see.")
    approval: Approvals = Field(
        description="The roles that must each approve: a list, or one for each severity."
    )
    template: Name | None = Field(
        default=None, description="The folder of its templates; without it, the audience's name."
    )
    lint: dict[RuleName, LevelName] = Field(
        default_factory=dict, description="How a rule weighs for it, in place of the plan's."
    )
    lint_override: list[RoleName] | None = Field(
        default=None, description="Who may override a block for it, in place of the plan's."
    )
    cadence: CadenceTable
    acknowledge: AcknowledgeEntry | None = Field(
        default=None, description="Its readers are asked to say that they have seen an update."
    )
    quiet_hours: QuietEntry | None = Field(
        default=None, description="When its readers are told nothing but the most severe."
    )

    @field_validator("channels")
    @classmethod
    def _channels_reach_the_right_people(
        cls, channels: list[ChannelName], info: ValidationInfo
    ) -> list[ChannelName]:
        refuse_doubles(channels)
        if info.data.get("enabled") and not channels:
            raise ValueError("an audience in use needs at least one channel")
        if ChannelName.PAGE in channels and info.data.get("external") is False:
            raise ValueError("the page is public: an audience that reads it is 'external: true'")
        if ChannelName.CHAT in channels and info.data.get("external"):
            raise ValueError("people outside have no chat with the app: take chat out")
        return channels

    @field_validator("failover")
    @classmethod
    def _another_channel_stands_in(
        cls, failover: dict[ChannelName, ChannelName], info: ValidationInfo
    ) -> dict[ChannelName, ChannelName]:
        if "channels" not in info.data:  # what is wrong with them is said already
            return failover
        channels: list[ChannelName] = info.data["channels"]
        for failing, instead in failover.items():
            if failing not in (*channels, *failover.values()):
                known = ", ".join(channels) or "none"
                raise ValueError(f"{failing} is none of its channels. Known: {known}.")
            if instead in channels:
                raise ValueError(
                    f"{instead} cannot stand in for {failing}: it is one of its channels anyway"
                )
            if instead is failing:
                raise ValueError(f"{failing} cannot stand in for itself")
            if instead is ChannelName.PAGE and info.data.get("external") is False:
                raise ValueError("the page is public: only 'external: true' may fail over to it")
            if instead is ChannelName.CHAT and info.data.get("external"):
                raise ValueError("people outside have no chat with the app: name another channel")
        if round_and_round := circle(failover):
            names = " for ".join((*round_and_round, round_and_round[0]))
            raise ValueError(f"one stands in for another in a circle: {names}")
        return failover

    @field_validator("acknowledge")
    @classmethod
    def _people_inside_can_answer(
        cls, acknowledge: AcknowledgeEntry | None, info: ValidationInfo
    ) -> AcknowledgeEntry | None:
        if acknowledge:
            channels = info.data.get("channels", [])
            refuse_questions(acknowledge, channels, external=bool(info.data.get("external")))
        return acknowledge

    @field_validator("lint_override")
    @classmethod
    def _each_role_once(cls, roles: list[Role] | None) -> list[Role] | None:
        refuse_doubles(roles or [])
        return roles

    @field_validator("self_subscribe")
    @classmethod
    def _subscribers_read_mail(cls, self_subscribe: bool, info: ValidationInfo) -> bool:
        if self_subscribe and ChannelName.MAIL not in info.data.get("channels", [ChannelName.MAIL]):
            raise ValueError("who subscribes is written to by mail: add mail to its channels")
        if self_subscribe and info.data.get("external") is False:
            raise ValueError("anybody may enter: a self-subscribed audience is 'external: true'")
        return self_subscribe

    @field_validator("may_stop")
    @classmethod
    def _subscribers_may_stop(cls, may_stop: bool | None, info: ValidationInfo) -> bool | None:
        if may_stop is False and info.data.get("self_subscribe"):
            raise ValueError("who has subscribed may stop: leave may_stop out, or make it true")
        return may_stop

    @field_validator("mail")
    @classmethod
    def _only_mail_has_transports(cls, mail: list[str], info: ValidationInfo) -> list[str]:
        refuse_doubles(mail)
        if mail and not _has_mail(info):
            raise ValueError("mail is none of its channels")
        return mail

    @field_validator("from_")
    @classmethod
    def _sources_give_addresses(
        cls, sources: list[FromEntry], info: ValidationInfo
    ) -> list[FromEntry]:
        refuse_doubles([source.named for source in sources])
        ways = (*info.data.get("channels", ()), *info.data.get("failover", {}).values())
        if sources and not any(channel.is_personal for channel in ways):
            raise ValueError("none of its channels tells people one by one: add mail or chat")
        return sources

    @field_validator("languages")
    @classmethod
    def _only_mail_has_languages(cls, languages: list[str], info: ValidationInfo) -> list[str]:
        refuse_doubles(languages)
        if languages and not _has_mail(info):
            raise ValueError("only mail is written in several languages; it has no mail")
        return languages

    @field_validator("sees")
    @classmethod
    def _outsiders_see_public_fields(cls, sees: list[str], info: ValidationInfo) -> list[str]:
        refuse_doubles(sees)
        internal = [name for name in sees if name not in PUBLIC_FIELDS]
        if info.data.get("external") and internal:
            raise ValueError(
                f"people outside may not see {', '.join(internal)}. "
                f"Allowed: {', '.join(sorted(PUBLIC_FIELDS))}."
            )
        return sees

    @field_validator("approval")
    @classmethod
    def _outsiders_read_approved_text(
        cls, approval: list[Role] | ApprovalTable, info: ValidationInfo
    ) -> list[Role] | ApprovalTable:
        if isinstance(approval, list):
            refuse_doubles(approval)
        nobody = [row.value for row, roles in roles_at(approval).items() if not roles]
        if info.data.get("external") and nobody:
            at = f" at {', '.join(nobody)}" if isinstance(approval, ApprovalTable) else ""
            raise ValueError(f"what people outside read needs at least one approval{at}")
        return approval


class SoftBouncesEntry(Strict):
    """When an address gets no mail for a while, because what was sent there came back."""

    count: Annotated[int, Field(ge=1, le=100)] = Field(
        default=5, description="So many that could not be delivered for the time being."
    )
    within: Duration = Field(
        default=timedelta(days=7),
        description="Counted for so long.",
        json_schema_extra={"default": "7d"},
    )
    pause: Duration = Field(
        default=timedelta(days=7),
        description="So long it gets none.",
        json_schema_extra={"default": "7d"},
    )


class BrandEntry(Strict):
    """What letters look like. Where more must be different, override a template."""

    name: Line = Field(default="", description="At the top of letters; else the organisation.")
    logo: Logo = Field(
        default="", description="The https address of a picture; shown 40 pixels high."
    )
    colour: Colour = Field(default=Brand.colour, description="Of buttons, such as '#0f548c'.")
    text_colour: Colour = Field(
        default=Brand.text_colour, validate_default=True, description="Of the text on `colour`."
    )
    footer: Line = Field(default="", description="The last line of letters.")

    @field_validator("text_colour")
    @classmethod
    def _text_can_be_read(cls, text_colour: str, info: ValidationInfo) -> str:
        on = info.data.get("colour", Brand.colour)
        ratio = contrast(text_colour, on)
        if ratio < READABLE:
            raise ValueError(
                f"{text_colour} on {on} has a contrast of {ratio:.1f} : 1;"
                f" text needs {READABLE} : 1."
            )
        return text_colour


class PlanFile(Strict):
    """Sitrep's communication plan: who is told what, how often, and with whose approval."""

    organisation: Line = Field(description="Printed in mails and on the status page.")
    version: Version = Field(
        default="", description="What you call this state of the plan; each incident records it."
    )
    time_zone: Zone = Field(
        default=ZoneInfo("UTC"), description="An IANA name; times are printed in it."
    )
    language: Language = Field(
        default=language.SOURCE,
        description="The language that people type in; mail in others falls back to it.",
    )
    four_eyes: bool = Field(
        default=True, description="Roles that an update needs are met by different people."
    )
    mail_rate: Rate | None = Field(
        default=None, description="The mail relay's limit, kept by all who send."
    )
    soft_bounces: SoftBouncesEntry = Field(
        default_factory=SoftBouncesEntry, description="When mail that comes back is too much."
    )
    brand: BrandEntry = Field(default_factory=BrandEntry, description="What letters look like.")
    templates: Line | None = Field(
        default=None,
        description="A folder of letters in place of shipped ones, as seen from this file.",
    )
    duty_manager: PersonEntry | None = Field(
        default=None, description="Called when a promise is five minutes late."
    )
    escalation: EscalationEntry | None = Field(
        default=None,
        description="Who is reminded of a promised update, and when: T is the promised moment.",
    )
    approval_timeout: ApprovalTimeoutEntry | None = Field(
        default=None, description="Who is asked to approve when nobody does."
    )
    approvers: dict[RoleName, list[PersonEntry]] = Field(
        default_factory=dict, description="People who hold a role in every incident."
    )
    regulators: list[RegimeName] = Field(
        default_factory=list,
        max_length=20,
        description="Laws whose clock can be started in an incident. Nothing is filed by itself.",
    )
    rotas: dict[Name, RotaEntry] = Field(
        default_factory=dict,
        max_length=100,
        description="Who is on call, from calendars; audiences name them under 'from'.",
    )
    lint: dict[RuleName, LevelName] = Field(
        default_factory=dict,
        description="How a rule for the customers' text weighs: off, warn or block.",
    )
    lint_override: list[RoleName] = Field(
        default_factory=list,
        description="The roles whose holders may approve what a rule blocks, with a reason.",
    )
    severities: SeveritiesEntry = Field(
        default_factory=SeveritiesEntry,
        description="When an incident has which severity, in plain words.",
    )
    types: TypesEntry = Field(
        default_factory=TypesEntry, description="What each type of incidents is and asks for."
    )
    house_rules: Lines = Field(
        default_factory=list, description="Of every war room, shown to whoever takes a role."
    )
    checklists: ChecklistsEntry = Field(
        default_factory=ChecklistsEntry,
        description="By role, shown to whoever takes it; a type may add its own.",
    )
    services: dict[Name, ServiceEntry] = Field(
        default_factory=dict,
        max_length=1000,
        description="What an incident can hit: whose it is, and where its plan is another.",
    )
    listed_services_only: bool = Field(
        default=False, description="True: an incident names no service that is not listed."
    )
    audiences: dict[Name, AudienceEntry] = Field(
        min_length=1, max_length=40, description="In the order in which they are told."
    )

    @field_validator("lint_override")
    @classmethod
    def _each_role_once(cls, roles: list[Role]) -> list[Role]:
        refuse_doubles(roles)
        return roles


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a plan file."""
    schema = PlanFile.model_json_schema(mode="validation")
    # Pydantic leaves names that fit no pattern open; the check refuses them.
    for named in ("audiences", "rotas", "services"):
        schema["properties"][named]["additionalProperties"] = False
    schema["$defs"]["ServiceEntry"]["properties"]["audiences"]["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _has_mail(info: ValidationInfo) -> bool:
    """True too where channels or failover are wrong, which is said already."""
    if not {"channels", "failover"} <= info.data.keys():
        return True
    return ChannelName.MAIL in (*info.data["channels"], *info.data["failover"].values())
