"""Settings and databases that cannot be worked with: one line, with what to do, and exit code 1."""

from __future__ import annotations

import pytest

from tests.chaos.installation import Installation

UNREACHABLE = "postgresql://sitrep@127.0.0.1:1/sitrep"


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("worker",), ("db", "upgrade")])
@pytest.mark.parametrize(
    ("url", "told"),
    [
        (UNREACHABLE, "check that it runs, and SITREP_DATABASE_URL"),
        ("mysql://db.example.org/sitrep", "SITREP_DATABASE_URL"),
        ("oracle+oracledb://db.example.org/sitrep", "SITREP_DATABASE_URL"),
        ("sitrep.db", "SITREP_DATABASE_URL"),
    ],
)
def test_a_database_that_cannot_be_worked_with_is_said_in_one_line(
    embedded: Installation, words: tuple[str, ...], url: str, told: str
) -> None:
    refused = embedded.start(*words, SITREP_DATABASE_URL=url)

    assert refused.ended() == 1
    said = refused.said().splitlines()
    assert len(said) == 1, said
    assert told in said[0]


@pytest.mark.parametrize(
    ("name", "value", "bounds"),
    [
        ("SITREP_SLOTS", "3", "4 to 2000"),
        ("SITREP_SLOTS", "2001", "4 to 2000"),
        ("SITREP_LEASE", "4", "5 to 600"),
        ("SITREP_LEASE", "601", "5 to 600"),
        ("SITREP_METRICS_PORT", "65536", "0 to 65535"),
        ("SITREP_SMTP_URL", "smtp://relay.example.org?rate=-1", "rate"),
        ("SITREP_SMTP_URL", "smtp://relay.example.org?connections=0", "connections"),
    ],
)
def test_a_setting_out_of_range_names_its_bounds(
    embedded: Installation, name: str, value: str, bounds: str
) -> None:
    refused = embedded.start("serve", "--port", "0", **{name: value})

    assert refused.ended() == 1
    said = refused.said().splitlines()
    assert len(said) == 1, said
    assert name in said[0]
    assert bounds in said[0]
