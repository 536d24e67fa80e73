"""The catalogue: services are found, checked, and the strictest of their plans holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from comms.errors import Invalid
from comms.incident import Incident, Severity, Status
from comms.people import Role
from comms.plan.load import check, read, shipped
from comms.plan.model import Audience, ChannelName, Plan
from tests.house import CAS

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
INCIDENT = Incident(
    id=1,
    key="INC-1",
    title="Card payments failing",
    severity=Severity.SEV1,
    status=Status.DECLARED,
    declared_by=CAS,
    declared_at=NOW,
)

SERVICES = """
services:
  payments:
    label: Card payments
    owner: Payments
    bring_in: [{name: Ines Carvalho, email: ines@example.org}]
    components: [Checkout]
    dependants: [orders]
    audiences:
      customers:
        approval: [legal]
        cadence: {SEV1: {first: 5m, every: 20m}}
      executives:
        channels: [mail, teams]
        cadence: {SEV1: {first: 30m, every: 2h}, SEV3: {every: 4h}}
  orders: {dependants: [mailing]}
  mailing: {label: Letters}
  search:
    audiences:
      customers: {cadence: {SEV1: {every: 15m}}}
"""


def plan_of(services: str = SERVICES) -> Plan:
    plan, problems = read(shipped() + services, "plan.yaml")
    assert plan is not None, problems
    return plan


def under(audience: str, *services: str) -> Audience:
    """The audience as it holds for an incident that hits these services."""
    plan = plan_of()
    here = replace(INCIDENT, services=services)
    held = plan.under(here).audiences[audience]
    return replace(
        held,
        cadence={one: plan.cadence_of(held, replace(here, severity=one), NOW) for one in Severity},
        approval=plan.approval_of(held, here),
    )


def said(services: str) -> list[str]:
    return [f"{found.field}: {found.message}" for found in check(shipped() + services, "plan.yaml")]


def minutes(length: timedelta | None) -> float | None:
    return length / timedelta(minutes=1) if length else None


@pytest.mark.parametrize("typed", ["payments", "Card payments", " CARD  payments "])
def test_a_service_is_found_by_its_name_and_by_its_label(typed: str) -> None:
    catalogue = plan_of().catalogue

    assert catalogue.named(typed, pointer="/services/0") == "Card payments"
    assert [service.owner for service in catalogue.hit([typed, "something else"])] == ["Payments"]


def test_what_suffers_with_a_service_is_followed_to_the_end() -> None:
    catalogue = plan_of().catalogue

    suffering = catalogue.suffering(catalogue.hit(["payments"]))
    assert [service.label for service in suffering] == ["orders", "Letters"]
    assert catalogue.suffering(catalogue.hit(["payments", "orders", "mailing"])) == ()


def test_an_unknown_service_is_kept_as_it_was_typed() -> None:
    assert plan_of().catalogue.named("Chekout", pointer="/services/0") == "Chekout"


def test_an_unknown_service_is_refused_where_the_plan_says_so_and_the_nearest_is_named() -> None:
    catalogue = plan_of(f"listed_services_only: true\n{SERVICES}").catalogue

    with pytest.raises(Invalid, match="Did you mean 'Card payments'") as refused:
        catalogue.named("Card paymnts", pointer="/services/1")
    assert refused.value.pointer == "/services/1"


def test_the_plan_of_the_only_service_takes_the_place_of_the_general_one() -> None:
    executives = under("executives", "payments")

    assert minutes(executives.cadence[Severity.SEV1].every) == 120
    assert minutes(executives.cadence[Severity.SEV2].every) == 60
    assert executives.channels == (ChannelName.MAIL, ChannelName.TEAMS)
    assert executives.approval == (Role.INCIDENT_COMMANDER,)
    assert under("customers", "payments").approval == (Role.LEGAL,)


def test_a_service_without_a_plan_of_its_own_asks_for_the_general_one() -> None:
    both = under("executives", "payments", "something else").cadence

    assert minutes(both[Severity.SEV1].every) == 30
    assert minutes(both[Severity.SEV1].first) == 15
    assert minutes(both[Severity.SEV3].every) == 240


def test_of_several_services_the_strictest_wins() -> None:
    customers = under("customers", "payments", "search")

    assert minutes(customers.cadence[Severity.SEV1].every) == 15
    assert minutes(customers.cadence[Severity.SEV1].first) == 5
    assert customers.approval == (Role.LEGAL, Role.COMMS_LEAD, Role.INCIDENT_COMMANDER)
    assert customers.channels == (ChannelName.PAGE, ChannelName.MAIL)


def test_the_order_of_services_changes_no_promise() -> None:
    one, other = under("customers", "payments", "search"), under("customers", "search", "payments")

    assert one.cadence == other.cadence
    assert set(one.approval) == set(other.approval)


def test_nothing_changes_for_services_without_a_plan_of_their_own() -> None:
    plan = plan_of()

    assert plan.catalogue.under(["orders", "whatever"], plan.audiences) is plan.audiences


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        (
            "services: {a: {audiences: {custmers: {approval: [legal]}}}}",
            "services.a.audiences.custmers: there is no audience 'custmers'."
            " Did you mean 'customers'?",
        ),
        (
            "services: {pay: {dependants: [checkuot]}, checkout: {}}",
            "services.pay.dependants[0]: there is no service 'checkuot'."
            " Did you mean 'checkout'? Known: pay, checkout.",
        ),
        (
            "services: {a: {dependants: [a]}}",
            "services.a.dependants[0]: a cannot depend on itself",
        ),
        (
            "services: {a: {dependants: [b]}, b: {dependants: [c]}, c: {dependants: [a]}}",
            "services.c.dependants[0]: services depend on each other in a circle: a → b → c → a",
        ),
        (
            "services: {a: {audiences: {customers: {approval: []}}}}",
            "services.a.audiences.customers.approval: what people outside read needs at least"
            " one approval",
        ),
        (
            "services: {a: {audiences: {executives: {channels: [mail, page]}}}}",
            "services.a.audiences.executives.channels[1]: the page is public: an audience that"
            " reads it is 'external: true'",
        ),
        (
            "services: {a: {audiences: {customers: {channels: [teams]}}}}",
            "services.a.audiences.customers.channels[0]: there are no teams templates 'customers'.",
        ),
        (
            "services: {a: {label: Checkout}, checkout: {}}",
            "services.a.label: the service 'checkout' is called so already",
        ),
        (
            "services: {a: {dependants: [b, b]}, b: {}}",
            "services.a.dependants: b stands here more than once",
        ),
        (
            "services: {a: {label: 'Orders, returns'}}",
            "services.a.label: a comma separates services where people type them",
        ),
        (
            "services: {a: {ownr: Payments}}",
            "services.a.ownr: unknown name. Did you mean 'owner'? Known: label, owner,",
        ),
        (
            "services: {a: {audiences: {customers: {cadence: {SEV5: {every: 1h}}}}}}",
            "services.a.audiences.customers.cadence.SEV5: unknown name. Did you mean 'SEV4'?",
        ),
        ("listed_services_only: true", "listed_services_only: no service is listed"),
    ],
)
def test_what_is_wrong_with_a_service_is_named_where_it_stands(
    services: str, expected: str
) -> None:
    (problem,) = said(services)

    assert problem.startswith(expected)


def test_circles_that_share_a_service_are_all_named() -> None:
    found = said("services: {a: {dependants: [b, c]}, b: {dependants: [a]}, c: {dependants: [a]}}")

    assert {problem.rpartition(": ")[2] for problem in found} == {"a → b → a", "a → c → a"}


def test_a_catalogue_of_two_hundred_services_is_read_whole() -> None:
    entries = "".join(f"  s{n}: {{owner: Team {n}, dependants: [s{n + 1}]}}\n" for n in range(199))
    catalogue = plan_of(f"services:\n{entries}  s199: {{}}\n").catalogue

    assert len(catalogue.suffering(catalogue.hit(["s0"]))) == 199


def test_a_case_of_the_audience_gives_way_to_the_row_of_a_service() -> None:
    plan = plan_of()
    watched = replace(INCIDENT, status=Status.MONITORING)

    for services, every in (((), 60), (("payments",), 20)):
        here = replace(watched, services=services)
        cadence = plan.cadence_of(plan.audience("customers"), here, NOW)
        assert minutes(cadence.every) == every
