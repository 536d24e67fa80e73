"""The shipped plan is the design's table."""

from __future__ import annotations

import pytest

from comms.incident import Severity
from comms.people import Role
from comms.plan.duration import written
from comms.plan.load import load, shipped
from comms.plan.model import Audience, ChannelName
from comms.projection import PUBLIC_FIELDS

PLAN = load(None)

TABLE = """
responders   | 5m  | 15m | 30m | 60m       | teams      |
executives   | 15m | 30m | 60m | on change | mail       | incident_commander
stakeholders | 15m | 30m | 60m | 4h        | mail       | comms_lead
customers    | 10m | 30m | 60m | daily     | page, mail | comms_lead, incident_commander
"""
ROWS = [[cell.strip() for cell in row.split("|")] for row in TABLE.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_an_audience_is_promised_what_the_table_says(row: list[str]) -> None:
    name, first, *every = row[:5]
    cadence = PLAN.audience(name).cadence

    severities = (Severity.SEV1, Severity.SEV2, Severity.SEV3)
    assert [written(cadence[severity].first) for severity in severities] == [first] * 3
    assert [written(cadence[severity].every) for severity in severities] == every


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_an_audience_is_reached_and_approved_as_the_table_says(row: list[str]) -> None:
    name, channels, approval = row[0], row[5], row[6]
    audience = PLAN.audience(name)

    assert ", ".join(audience.channels) == channels
    assert ", ".join(audience.approval) == approval


@pytest.mark.parametrize("audience", PLAN.audiences.values(), ids=lambda audience: audience.name)
def test_the_mildest_severity_is_treated_as_the_one_above(audience: Audience) -> None:
    assert audience.cadence[Severity.SEV4] == audience.cadence[Severity.SEV3]


def test_the_audiences_keep_their_order() -> None:
    assert [audience.name for audience in PLAN.enabled()] == [row[0] for row in ROWS]
    assert [audience.position for audience in PLAN.audiences.values()] == [0, 1, 2, 3, 4]


def test_the_regulator_is_off_and_would_need_legal() -> None:
    regulator = PLAN.audiences["regulator"]

    assert not regulator.enabled
    assert regulator.approval == (Role.LEGAL,)
    assert {(row.first, row.every) for row in regulator.cadence.values()} == {(None, None)}


def test_only_public_fields_leave_the_organisation() -> None:
    outside = [audience for audience in PLAN.audiences.values() if audience.external]

    assert {audience.name for audience in outside} == {"customers", "regulator"}
    assert all(audience.sees <= PUBLIC_FIELDS for audience in outside)


def test_only_responders_see_needs_and_names() -> None:
    for field in ("needs", "people", "room_url"):
        assert [a.name for a in PLAN.audiences.values() if field in a.sees] == ["responders"]


def test_the_page_is_told_before_mail_leaves() -> None:
    assert PLAN.audience("customers").channels[0] is ChannelName.PAGE


def test_the_shipped_file_says_where_it_is_explained() -> None:
    assert "docs/plan.md" in shipped()
