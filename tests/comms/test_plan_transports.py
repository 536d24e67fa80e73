"""A plan names transports of mail that exist, and takes nobody outside by one for inside."""

from __future__ import annotations

import pytest

from comms.plan.load import load, read, shipped
from comms.plan.transports import Transports

BOTH: Transports = {"relay": False, "hve": True}


def with_mail(audience: str, line: str) -> str:
    """The shipped plan with a line more at an audience."""
    label = f"label: {audience}\n"
    assert label in shipped()
    return shipped().replace(label, f"{label}    {line}\n", 1)


def said(text: str, transports: Transports = BOTH) -> list[str]:
    _, problems = read(text, "plan.yaml", transports)
    return [str(problem) for problem in problems]


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_an_audience_names_the_transports_that_it_takes_in_order() -> None:
    plan, problems = read(with_mail("Executives", "mail: [hve, relay]"), "plan.yaml", BOTH)

    assert not problems
    assert plan
    assert plan.audience("executives").mail == ("hve", "relay")
    assert plan.audience("stakeholders").mail == ()


def test_a_name_that_is_none_is_refused_where_it_stands() -> None:
    text = with_mail("Executives", "mail: [hve, relai]")

    assert said(text) == [
        f"plan.yaml:{line_of(text, 'relai')}:17: audiences.executives.mail[1]: there is no"
        " transport 'relai'. Did you mean 'relay'? Known: relay, hve."
    ]


def test_people_outside_are_not_reached_by_a_transport_for_inside() -> None:
    text = with_mail("Customers", "mail: [relay, hve]")

    [problem] = said(text)

    assert problem.startswith(f"plan.yaml:{line_of(text, 'mail: [relay')}:19: ")
    assert "audiences.customers.mail[1]: hve reaches only people inside" in problem
    assert problem.endswith("Name another: relay.")


def test_nor_by_one_that_is_taken_because_no_other_is_named() -> None:
    [problem] = said(shipped(), {"hve": True, "relay": False})

    assert f"plan.yaml:{line_of(shipped(), '[page, mail]')}:" in problem
    assert "audiences.customers.channels: hve, by which mail goes where" in problem


def test_only_an_audience_with_mail_names_transports() -> None:
    [problem] = said(with_mail("Responders", "mail: [relay]"))

    assert "audiences.responders.mail: mail is none of its channels" in problem


@pytest.mark.parametrize("audience", ["Executives", "Customers"])
def test_where_nobody_knows_which_there_are_names_are_taken_as_they_stand(audience: str) -> None:
    assert said(with_mail(audience, "mail: [anything]"), {}) == []


def test_the_shipped_plan_goes_with_a_single_relay() -> None:
    assert load(None, {"relay": False}).audience("customers").mail == ()
