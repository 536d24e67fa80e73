"""The published JSON Schema and the check come from one model."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from comms.plan.load import check, shipped
from comms.plan.schema import json_schema

SCHEMA = Draft202012Validator(json_schema())


def parsed(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_the_schema_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(json_schema())
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(json_schema())) == json_schema()


def test_the_shipped_plan_satisfies_it() -> None:
    SCHEMA.validate(parsed(shipped()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("four_eyes", "foureyes"),
        ("organisation: Your organisation\n", ""),
        ("four_eyes: true", "four_eyes: yes"),
        ("[teams]", "[team]"),
        ("[teams]", "teams"),
        ("      - needs", "      - need"),
        ("[legal]", "[lawyer]"),
        ("first: 5m", "first: 5"),
        ("first: 5m", "first: 05m"),
        ("every: 15m", "every: sometimes"),
        ("every: 15m", "each: 15m"),
        ("SEV1:", "SEV5:"),
        ("  responders:", "  Re sponders:"),
        ("UTC", "UTC\nmail_rate: 30"),
        ("UTC", "UTC\napprovers: {lawyer: []}"),
        ("UTC", "UTC\nduty_manager: {name: Dee, email: dee}"),
        ("UTC", "UTC\nduty_manager: {name: Dee}"),
    ],
)
def test_what_the_schema_refuses_the_check_refuses_too(old: str, new: str) -> None:
    assert old in shipped()
    text = shipped().replace(old, new, 1)

    assert not SCHEMA.is_valid(parsed(text))
    assert check(text, "plan.yaml")
