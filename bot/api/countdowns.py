"""Regulators' countdowns: started, filed and stopped by people; Sitrep files nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from bot.api.keys import Key
from bot.api.operation import Call, Table
from bot.api.shapes import Given, PersonGiven, PersonTold, Stamp, Told
from comms.acts import countdowns
from comms.desk import Scene
from comms.regulator.countdown import Countdown
from comms.regulator.regime import DISCLAIMER

table = Table(tag="regulators")

RegimeName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$"),
    Field(description="A regime that the plan names.", examples=["gdpr"]),
]


class StageTold(Told):
    """One filing. `due_at` may still move where it counts from a filing before it."""

    name: str
    label: str
    due_at: Stamp
    filed_at: Stamp | None
    filed_by: PersonTold | None
    reference: str


class CountdownTold(Told):
    """One law's deadlines in one incident."""

    regime: str
    label: str
    law: str
    source: str
    authority: str
    disclaimer: str = DISCLAIMER
    started_at: Stamp
    started_by: PersonTold
    stopped: str = Field(description="Why it does not apply; empty while it runs.")
    stages: list[StageTold]


class CountdownList(Told):
    """The countdowns of an incident."""

    countdowns: list[CountdownTold]


class Start(Given):
    """Which law, from when (now, where left out), and who says so."""

    regime: RegimeName
    at: AwareDatetime | None = None
    person: PersonGiven


class FilingGiven(Given):
    """Which stage was filed, by whom, and the authority's reference."""

    stage: RegimeName
    person: PersonGiven
    reference: str = Field(default="", max_length=200)


class Stop(Given):
    """Why the law does not apply, and who says so."""

    person: PersonGiven
    reason: str = Field(min_length=1, max_length=300)


class FieldTold(Told):
    """One field of a form; an empty answer is for a person to write."""

    label: str
    answer: str


class FormTold(Told):
    """A form, filled from the record as far as it goes."""

    regime: str
    disclaimer: str = DISCLAIMER
    fields: list[FieldTold]


@table.get("/incidents/{key}/countdowns")
async def list_countdowns(call: Call, key: Key) -> CountdownList:
    """Look at the regulators' deadlines of an incident."""

    def look(scene: Scene) -> CountdownList:
        scene.book.incidents.get(key)
        return CountdownList(countdowns=[_told(c) for c in scene.book.countdowns.of(key)])

    return await call.read(look)


@table.post("/incidents/{key}/countdowns", problems=(409,))
async def start_countdown(call: Call, key: Key, body: Start) -> CountdownTold:
    """Start a regulator's clock. Started again it is as it was."""
    person, at = body.person.person(), body.at

    def act(scene: Scene) -> CountdownTold:
        return _told(countdowns.start(replace(scene, by=person), key, body.regime, at=at))

    return await call.do(act)


@table.get("/incidents/{key}/countdowns/{regime}/form")
async def read_form(call: Call, key: Key, regime: RegimeName) -> FormTold:
    """Look at the form of a filing, filled from the record."""

    def look(scene: Scene) -> FormTold:
        answered = countdowns.form(scene, key, regime)
        fields = [FieldTold(label=one.label, answer=one.answer) for one in answered]
        return FormTold(regime=regime, fields=fields)

    return await call.read(look)


@table.post("/incidents/{key}/countdowns/{regime}/filings")
async def record_filing(
    call: Call, key: Key, regime: RegimeName, body: FilingGiven
) -> CountdownTold:
    """Record that a person has filed a stage with the authority."""
    person = body.person.person()

    def act(scene: Scene) -> CountdownTold:
        by = replace(scene, by=person)
        return _told(countdowns.file(by, key, regime, body.stage, reference=body.reference))

    return await call.do(act)


@table.post("/incidents/{key}/countdowns/{regime}/stop")
async def stop_countdown(call: Call, key: Key, regime: RegimeName, body: Stop) -> CountdownTold:
    """Stop the clock of a law that does not apply."""
    person = body.person.person()

    def act(scene: Scene) -> CountdownTold:
        by = replace(scene, by=person)
        return _told(countdowns.stop(by, key, regime, reason=body.reason))

    return await call.do(act)


def _told(countdown: Countdown) -> CountdownTold:
    law = countdown.law
    return CountdownTold(
        regime=countdown.regime,
        label=law.label,
        law=law.law,
        source=law.source,
        authority=law.authority,
        started_at=countdown.started_at,
        started_by=PersonTold.model_validate(countdown.started_by),
        stopped=countdown.stopped,
        stages=[
            StageTold(
                name=stage.name,
                label=stage.label,
                due_at=countdown.due(stage),
                filed_at=filed.at if filed else None,
                filed_by=PersonTold.model_validate(filed.by) if filed else None,
                reference=filed.reference if filed else "",
            )
            for stage in law.stages
            for filed in (countdown.filed.get(stage.name),)
        ],
    )
