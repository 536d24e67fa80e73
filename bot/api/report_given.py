"""A CAN report as a caller writes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    StrictBool,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from bot.api.shapes import Given, Language, Line, Moment, Text
from comms.report import LINES, Actions, Basis, CanReport, CustomerText, Need


class ActionsGiven(Given):
    """What has been done, is being done, and comes next."""

    done: list[Text] = Field(default_factory=list, max_length=LINES)
    doing: list[Text] = Field(default_factory=list, max_length=LINES)
    next: list[Text] = Field(default_factory=list, max_length=LINES)


class NeedGiven(Given):
    """Something that the response lacks; its words alone are enough."""

    text: Text
    owner: Line = Field(default="", description="A name or a team, as people say it.")
    by: Moment | None = None
    decision: StrictBool = Field(
        default=False, description="True where only an executive can give it."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, given: Any) -> Any:
        return {"text": given} if isinstance(given, str) else given

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say that a string will do."""
        return {"anyOf": [{"type": "string"}, handler(core)]}


class CustomerVersionGiven(Given):
    """The same in another language; what is empty is read in the plan's."""

    symptom: Text = ""
    scope: Text = ""
    workaround: Text = ""

    def customer(self) -> CustomerText:
        """The engine's text."""
        return CustomerText(symptom=self.symptom, scope=self.scope, workaround=self.workaround)


class CustomerGiven(CustomerVersionGiven):
    """What customers may read; nothing else of the report reaches them."""

    symptom: Text
    versions: dict[Language, CustomerVersionGiven] = Field(
        default_factory=dict,
        max_length=20,
        description="The same in other languages of the plan (BCP 47).",
    )

    def customer(self) -> CustomerText:
        """The engine's text, with its versions."""
        versions = {language: given.customer() for language, given in self.versions.items()}
        return replace(super().customer(), versions=versions)


class ReportGiven(Given):
    """One CAN report. An empty `needs` is an answer: 'no needs'."""

    conditions: Text = ""
    basis: Basis = Basis.REPORTED
    actions: ActionsGiven = Field(default_factory=ActionsGiven)
    needs: list[NeedGiven] = Field(default_factory=list, max_length=LINES)
    risk: Text = ""
    customer: CustomerGiven | None = None
    data_lost: StrictBool | None = Field(
        default=None, description="Whether data was lost; null: nobody has said."
    )
    review_url: Annotated[str, StringConstraints(max_length=2000)] = Field(
        default="", description="Where the published review can be read: https."
    )

    def report(self) -> CanReport | None:
        """The engine's report; None where nothing was said at all."""
        if not self.model_fields_set:
            return None
        return CanReport(
            conditions=self.conditions,
            basis=self.basis,
            actions=Actions(
                done=tuple(self.actions.done),
                doing=tuple(self.actions.doing),
                next=tuple(self.actions.next),
            ),
            needs=tuple(
                Need(text=need.text, owner=need.owner, by=need.by, decision=need.decision)
                for need in self.needs
            ),
            risk=self.risk,
            customer=self.customer.customer() if self.customer else None,
            data_lost=self.data_lost,
            review_url=self.review_url,
        )
