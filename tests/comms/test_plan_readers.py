"""What a plan says of its readers: what it may say, and what is wrong with the rest."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from comms.incident import Severity
from comms.plan.load import check, read, shipped
from comms.plan.model import Acknowledge, ChannelName
from comms.quiet import Hours, Quiet

EXECUTIVES = "    label: Executives\n    channels: [mail]\n"
RESPONDERS = "    label: Responders\n    channels: [teams]\n"
CUSTOMERS = "    label: Customers\n    external: true\n    channels: [page, mail]\n"


def test_who_is_asked_to_acknowledge_stands_with_the_audience() -> None:
    asked = "acknowledge: {severities: [SEV1, SEV2], within: 15m, then: [chat, teams]}"
    plan, problems = read(changed(EXECUTIVES, asked), "plan.yaml")

    assert problems == []
    assert plan
    assert plan.audience("executives").acknowledge == Acknowledge(
        severities=frozenset({Severity.SEV1, Severity.SEV2}),
        within=timedelta(minutes=15),
        then=(ChannelName.CHAT, ChannelName.TEAMS),
    )


def test_quiet_hours_stand_with_the_audience() -> None:
    night = 'quiet_hours: {from: "22:00", to: "07:00", override: SEV2}'
    plan, problems = read(changed(EXECUTIVES, night), "plan.yaml")

    assert problems == []
    assert plan
    assert plan.audience("executives").quiet == Quiet(
        hours=Hours(time(22), time(7)), override=Severity.SEV2
    )


@pytest.mark.parametrize(
    ("audience", "line", "said"),
    [
        (
            CUSTOMERS,
            "acknowledge: {severities: [SEV1], within: 15m}",
            "customers.acknowledge: people outside are not asked to acknowledge",
        ),
        (
            RESPONDERS,
            "acknowledge: {severities: [SEV1], within: 15m}",
            "responders.acknowledge: only who is told one by one can acknowledge",
        ),
        (
            EXECUTIVES,
            "acknowledge: {severities: [SEV1], within: 15m, then: [mail]}",
            "executives.acknowledge: mail is one of its channels",
        ),
        (
            EXECUTIVES,
            "acknowledge: {severities: [SEV1], within: 15m, then: [teams, chat]}",
            "executives.acknowledge.then: nobody answers for others in the war room",
        ),
        (
            EXECUTIVES,
            "acknowledge: {severities: [SEV1], within: 15m, then: [page]}",
            "executives.acknowledge.then: nobody can be chased by the page",
        ),
        (
            EXECUTIVES,
            "acknowledge: {severities: [SEV1, SEV1], within: 15m}",
            "executives.acknowledge.severities: SEV1 stands here more than once",
        ),
        (
            EXECUTIVES,
            "acknowledge: {severities: [], within: 15m}",
            "executives.acknowledge.severities: expected at least 1, found 0",
        ),
        (
            EXECUTIVES,
            "acknowledge: {severities: [SEV1], within: 15}",
            "executives.acknowledge.within: expected a time such as 15m",
        ),
        (
            EXECUTIVES,
            "acknowledge: {severity: [SEV1], within: 15m}",
            "executives.acknowledge.severity: unknown name. Did you mean 'severities'?",
        ),
        (
            EXECUTIVES,
            'quiet_hours: {from: "22:00", to: "22:00"}',
            "executives.quiet_hours.to: they end as they begin",
        ),
        (
            EXECUTIVES,
            "quiet_hours: {from: 22, to: 7}",
            "executives.quiet_hours.from: ",
        ),
        (
            EXECUTIVES,
            'quiet_hours: {from: "22:00"}',
            "executives.quiet_hours.to: 'to' is missing",
        ),
        (
            EXECUTIVES,
            'quiet_hours: {from: "22:00", to: "07:00", override: SEV9}',
            "executives.quiet_hours.override: expected 'SEV1'",
        ),
        (
            CUSTOMERS.replace("[page, mail]", "[page, mail, chat]"),
            "",
            "customers.channels: people outside have no chat with the app",
        ),
        (
            CUSTOMERS,
            "failover: {mail: chat}",
            "customers.failover: people outside have no chat with the app",
        ),
    ],
)
def test_what_readers_cannot_be_asked_is_said_where_it_stands(
    audience: str, line: str, said: str
) -> None:
    found = [str(problem) for problem in check(changed(audience, line), "plan.yaml")]

    assert any(said in problem for problem in found), found


def changed(audience: str, line: str) -> str:
    """The shipped plan with one more line for an audience, whose first lines are these."""
    known = audience.replace(", chat]", "]")
    text = shipped()
    assert known in text
    return text.replace(known, f"{audience}    {line}\n" if line else audience)
