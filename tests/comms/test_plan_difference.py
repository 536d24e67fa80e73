"""What is different between two plans is said in words, and told to programs."""

from __future__ import annotations

import pytest

from comms.plan.difference import Change, differences
from comms.plan.document import read
from comms.plan.effective import effective
from comms.plan.load import check, shipped

PLAN = shipped()


def changes(*edits: tuple[str, str]) -> tuple[Change, ...]:
    text = PLAN
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    assert check(text, "b.yaml") == []
    before, after = read(PLAN.encode(), "a.yaml"), read(text.encode(), "b.yaml")
    return differences(effective(before), effective(after))


def test_a_plan_is_not_different_from_itself_with_other_remarks() -> None:
    assert changes(("organisation:", "# A remark.\norganisation:")) == ()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (("Your organisation", "Fabrikam"), "Organisation: Fabrikam, was Your organisation."),
        (
            ("time_zone: UTC", "time_zone: UTC\nmail_rate: 30/min"),
            "Mail rate: 30/min, was nothing.",
        ),
        (("four_eyes: true", "four_eyes: false"), "Four eyes: false, was true."),
        (("every: 15m", "every: 30m"), "at SEV1, an update every 30m, was an update every 15m"),
        (("every: 15m", "every: 10m"), "was an update every 15m (more often)."),
        (("every: 15m", "every: on change"), "an update on change, was an update every 15m (less"),
        (("first: 5m, ", ""), "no first update is promised, was within 5m."),
        (("approval: []", "approval: [legal]"), "Responders: approved by legal, was by nobody."),
        (
            ("[comms_lead, incident_commander]", "{SEV1: [legal], default: [comms_lead]}"),
            "Customers: approved by SEV1: legal; default: comms lead, was by comms lead and",
        ),
        (("      - risk\n", ""), "Responders: may see: risk left out."),
        (("enabled: false", "enabled: true"), "Regulator: in use again."),
        (("label: Executives", "label: The board"), "The board: called The board, was Executives."),
        (("four_eyes: true", "four_eyes: true\nregulators: [gdpr]"), "Regulators: gdpr added."),
    ],
)
def test_a_change_is_said_in_words(edit: tuple[str, str], words: str) -> None:
    (change,) = changes(edit)

    assert words in change.words


def test_an_audience_that_comes_or_goes_is_one_change() -> None:
    new = "audiences:\n" + (
        "  board:\n    label: The board\n    channels: [mail]\n    template: executives\n"
        "    approval: [incident_commander]\n    sees: [title]\n    cadence:\n"
        "      SEV1: {every: 60m}\n      SEV2: {every: daily}\n"
        "      SEV3: {every: daily}\n      SEV4: {every: daily}\n"
    )

    (change,) = changes(("audiences:\n", new))

    assert change.path == "audiences.board"
    assert (change.before, change.after) == (None, "The board")
    assert change.words == (
        "The board is new, an audience: told by mail, approved by incident commander,"
        " at SEV1 an update every 60m."
    )
