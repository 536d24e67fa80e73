"""Whatever plan the check accepts, nothing that is done by it later breaks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from comms.approval import missing, needed
from comms.incident import Incident, IncidentType, Severity, Status
from comms.lint import lint
from comms.people import SITREP, Role
from comms.plan.load import read
from comms.plan.model import ChannelName, Plan
from comms.plan.schema import json_schema
from comms.projection import FIELDS, PUBLIC_FIELDS, Telling, project
from comms.promise import Promise, first_due, next_due
from comms.sample import EMPTY, FULL, sample
from comms.simulation import simulate
from comms.throttle import Limit
from comms.update import Kind

HOUR = timedelta(hours=1)
SCHEMA = Draft202012Validator(json_schema())
ROLES = [role.value for role in Role]
ROBIN = {"name": "Robin Meier", "email": "robin@northwind.example"}

durations = st.sampled_from(["1m", "5m", "15m", "30m", "60m", "4h", "1d", "31d", "44640m"])
everys = st.sampled_from(
    [*["30m", "30m", "60m", "4h", "7d", "31d"], *["daily", "on change", "on change, daily"]]
)
severities = st.sampled_from([severity.value for severity in Severity])
types = st.sampled_from([kind.value for kind in IncidentType])
statuses = st.sampled_from(["declared", "investigating", "identified", "monitoring"])
zones = st.sampled_from(["UTC", "Europe/Zurich", "Australia/Lord_Howe", "Pacific/Apia"])
roles = st.lists(st.sampled_from(ROLES), unique=True, min_size=1, max_size=3)
called = st.sampled_from([*ROLES, "duty_manager", ROBIN, {"rota": "network"}])


def one_or(item: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return item | st.lists(item, unique=True, min_size=1, max_size=3)


shared: dict[str, st.SearchStrategy[Any]] = {
    "snap": st.sampled_from(["5m", "10m", "15m", "30m", "60m"]),
    "at": st.lists(st.sampled_from(["00:00", "02:30", "08:00", "23:59"]), unique=True),
    "long": st.fixed_dictionaries({"after": durations, "times": st.sampled_from([1, 1, 2, 4])}),
}
rows = st.fixed_dictionaries({"every": everys}, optional={"first": durations, **shared})
cases = st.fixed_dictionaries(
    {"status": one_or(statuses), "every": everys},
    optional={
        "severity": one_or(severities),
        "type": one_or(types),
        "first": durations,
        **shared,
    },
)
cadences = st.fixed_dictionaries(
    {severity.value: rows for severity in Severity},
    optional={"when": st.lists(cases, max_size=3), "zone": zones, **shared},
)
approvals = roles | st.fixed_dictionaries(
    {"default": roles}, optional={severity.value: roles for severity in Severity}
)
readers = {"label": st.just("Readers"), "approval": approvals, "cadence": cadences}
outside = st.fixed_dictionaries(
    {
        **readers,
        "external": st.just(True),
        "channels": st.sampled_from([["mail"], ["page", "mail"]]),
        "sees": st.sampled_from([sorted(PUBLIC_FIELDS), ["symptom"], []]),
    },
    optional={"may_stop": st.booleans(), "self_subscribe": st.booleans()},
)
inside = st.fixed_dictionaries(
    {
        **readers,
        "channels": st.sampled_from([["mail"], ["teams", "mail"], ["chat", "mail"]]),
        "sees": st.sampled_from([sorted(FIELDS), ["impact", "decisions"], []]),
    },
    optional={"enabled": st.booleans()},
)
plans = st.fixed_dictionaries(
    {
        "organisation": st.just("Northwind Traders"),
        "audiences": st.fixed_dictionaries({"customers": outside}, optional={"executives": inside}),
    },
    optional={
        "time_zone": zones,
        "four_eyes": st.booleans(),
        "mail_rate": st.sampled_from(["20/s", "30/min", "1/d"]),
        "duty_manager": st.just({"name": "Dana Roth", "email": "dana@northwind.example"}),
        "rotas": st.just({"network": {"feed": "https://calendar.example.com/network.ics"}}),
        "escalation": st.dictionaries(
            st.sampled_from(["T-1h", "T-5m", "T", "T+5m", "T+60m", "T+1h", "T+24h"]),
            called,
            min_size=1,
            max_size=4,
        ),
        "approval_timeout": st.fixed_dictionaries(
            {"after": durations, "then": st.lists(called, min_size=1, max_size=3)}
        ),
    },
)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)
ages = st.timedeltas(timedelta(), timedelta(days=90))


@settings(max_examples=100)
@given(
    raw=plans,
    severity=st.sampled_from(Severity),
    kind=st.sampled_from(IncidentType),
    at=moments,
    age=ages,
)
def test_what_the_check_accepts_breaks_nothing_later(
    raw: dict[str, Any], severity: Severity, kind: IncidentType, at: datetime, age: timedelta
) -> None:
    plan, problems = read(json.dumps(raw), "plan.yaml")

    if plan is None:
        assert problems
        assert all(problem.message and problem.line for problem in problems)
        return
    SCHEMA.validate(raw)
    for status in Status:
        incident = Incident(
            id=1,
            key="INC-1",
            title="Card payments failing",
            severity=severity,
            status=status,
            type=kind,
            declared_by=SITREP,
            declared_at=at - age,
        )
        promised(plan, incident, at)
    approving(plan)
    told(plan)
    simulated(plan, severity, kind, at)


def promised(plan: Plan, incident: Incident, at: datetime) -> None:
    """What is promised lies ahead, in whole minutes, and its reminders lie in their order."""
    for audience in plan.enabled():
        for due in (
            first_due(plan, audience, incident, at),
            next_due(plan, audience, incident, at),
        ):
            if due is None:
                continue
            assert due > at
            assert (due.second, due.microsecond) == (0, 0)
            promise = Promise(
                id=1, incident="INC-1", audience=audience.name, made_at=at, due_at=due
            )
            moments = [promise.step_at(step) for step in plan.escalation]
            assert moments == sorted(moments)
            assert all(moment >= at for moment in moments)


def approving(plan: Plan) -> None:
    """Nothing goes outside without a yes, and each yes that is needed is some role's."""
    shown = sample(plan, Kind.UPDATE, FULL)
    roles = needed(shown.update, shown.incident, plan)
    assert missing(roles, (), four_eyes=plan.four_eyes) == roles
    if any(audience.external for audience in plan.enabled()):
        assert roles


def told(plan: Plan) -> None:
    """Each audience is told of a full and of an empty report, and each text can be held against
    the rules."""
    for report in (FULL, EMPTY):
        shown: Telling = sample(plan, Kind.UPDATE, report)
        for audience in plan.enabled():
            assert project(shown, audience)
            lint(shown.update, shown.incident, audience, recipients=1, now=shown.update.drafted_at)


def simulated(plan: Plan, severity: Severity, kind: IncidentType, begin: datetime) -> None:
    def limits(_audience: str, channel: ChannelName) -> tuple[Limit, ...]:
        rated = channel is ChannelName.MAIL and plan.mail_rate
        return (Limit(key="mail", rate=plan.mail_rate),) if rated else ()

    found = simulate(
        plan,
        severity,
        type=kind,
        begin=begin,
        length=2 * HOUR,
        recipients=dict.fromkeys(plan.audiences, 10),
        limits=limits,
    )
    assert all(begin < update.at < begin + 2 * HOUR for update in found.updates)
