"""What a plan says, value by value: each knows the line or the default that it comes from."""

from __future__ import annotations

from comms.plan.document import dotted, read
from comms.plan.effective import Value, effective
from comms.plan.load import check

PLAN = """\
organisation: Northwind
duty_manager: {name: Dana Roth, email: dana@northwind.example}
lint_override: [legal]
services:
  payments:
    audiences:
      customers:
        channels: [page]
        cadence:
          SEV1: {every: 15m}
audiences:
  customers:
    label: Customers
    external: true
    channels: [page, mail]
    approval: [comms_lead]
    sees: [symptom, scope]
    cadence:
      snap: 30m
      SEV1: {first: 10m, every: 30m}
      SEV2: {every: 60m, snap: 60m}
      SEV3: {every: daily}
      SEV4: {every: on change}
"""


def values(service: str = "") -> dict[str, Value]:
    assert check(PLAN, "plan.yaml") == []
    return {value.name: value for value in effective(read(PLAN.encode(), "plan.yaml"), service)}


def test_a_value_of_the_file_comes_from_its_line() -> None:
    found = values()["audiences.customers.cadence.SEV1.every"]

    assert (found.value, found.origin) == ("30m", "plan.yaml:20")


def test_what_the_file_does_not_say_is_the_default() -> None:
    found = values()

    assert (found["time_zone"].value, found["time_zone"].origin) == ("UTC", "default")
    assert found["soft_bounces.count"].value == "5"
    assert found["audiences.customers.template"].origin == "default: its name"
    assert found["audiences.customers.may_stop"].value == "true"
    assert found["audiences.customers.may_stop"].origin == "default for people outside"


def test_what_is_said_once_for_all_comes_from_there() -> None:
    found = values()

    assert found["audiences.customers.lint_override"].origin == "plan.yaml:3"
    assert found["audiences.customers.cadence.SEV1.snap"].origin == "plan.yaml:19"
    assert found["audiences.customers.cadence.SEV2.snap"].origin == "plan.yaml:21"


def test_of_a_service_its_own_goes_before() -> None:
    found = values("payments")

    channels = found["audiences.customers.channels"]
    assert (channels.value, channels.origin) == ("page", "plan.yaml:8, for the service payments")
    assert found["audiences.customers.cadence.SEV1.every"].value == "15m"
    assert found["audiences.customers.cadence.SEV1.first"].origin == "plan.yaml:20"
    assert values()["audiences.customers.channels"].value == "page, mail"


def test_a_person_is_one_value() -> None:
    assert values()["duty_manager"].value == "Dana Roth <dana@northwind.example>"


def test_everything_that_the_file_says_is_shown() -> None:
    document = read(PLAN.encode(), "plan.yaml")
    leaves = {
        dotted(path)
        for path in document.values
        if not any(other[: len(path)] == path and other != path for other in document.values)
    }
    shown = values()
    whole = {name.partition("[")[0] for name in leaves} - {
        "duty_manager.name",
        "duty_manager.email",
        "audiences.customers.cadence.snap",  # is shown at each severity
    }

    assert whole <= shown.keys()
