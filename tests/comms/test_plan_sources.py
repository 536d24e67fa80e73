"""A plan says where people come from: a group, a rota, a role, each where it stands or not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from comms.plan.document import read as read_yaml
from comms.plan.effective import effective
from comms.plan.load import read, shipped
from comms.source import Rota, Source, SourceKind

SECRET = "hunter2"
ROTAS = f"rotas:\n  payments: {{feed: https://calendar.example/{SECRET}.ics}}\n  network: {{}}\n"


def with_from(*entries: str, audience: str = "Executives", rotas: str = ROTAS) -> str:
    """The shipped plan with sources of an audience."""
    label = f"label: {audience}\n"
    lines = "".join(f"      - {entry}\n" for entry in entries)
    return shipped().replace(label, f"{label}    from:\n{lines}", 1) + "\n" + rotas


def said(text: str) -> list[str]:
    return [str(problem) for problem in read(text, "plan.yaml")[1]]


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_an_audience_names_groups_rotas_and_roles() -> None:
    text = with_from(
        "{group: Leadership, guests: true, refresh: 4h}",
        "{rota: payments}",
        "{role: incident_commander}",
    )

    plan, problems = read(text, "plan.yaml")

    assert not problems
    assert plan
    assert plan.audience("executives").sources == (
        Source(kind=SourceKind.GROUP, name="Leadership", guests=True, refresh=timedelta(hours=4)),
        Source(kind=SourceKind.ROTA, name="payments", refresh=timedelta(minutes=15)),
        Source(kind=SourceKind.ROLE, name="incident_commander"),
    )
    assert plan.rotas["network"] == Rota(name="network")


def test_rotas_are_kept_whoever_names_them_and_a_group_by_its_shortest_time() -> None:
    text = with_from("{group: Leadership, refresh: 4h}").replace(
        "label: Stakeholders\n", "label: Stakeholders\n    from: [{group: Leadership}]\n"
    )
    plan, _ = read(text, "plan.yaml")

    assert plan
    kept = plan.kept_sources()
    assert set(kept) == {"group:Leadership", "rota:payments", "rota:network"}
    assert kept["group:Leadership"].refresh == timedelta(hours=1)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{rota: paymets}", "[0].rota: there is no rota 'paymets'. Did you mean 'payments'?"),
        ("{role: comander}", "[0].role: expected 'incident_commander', "),
        ("{group: A, rota: payments}", "[0]: expected one of group, rota and role, found group"),
        ("{guests: true}", "[0]: expected one of group, rota and role, found none"),
        ("{rota: payments, guests: true}", "[0]: only a group has guests here"),
        ("{rota: payments, refresh: 5m}", "[0]: only a group has refresh here; a rota's stands"),
        ("{group: A, refresh: 1m}", "[0].refresh: expected 5m to 1d"),
        ("{grup: A}", "[0].grup: unknown name. Did you mean 'group'?"),
        ("Leadership", "[0]: expected names with values below them, found 'Leadership'"),
    ],
)
def test_what_is_wrong_with_a_source_is_said_where_it_stands(entry: str, problem: str) -> None:
    text = with_from(entry)

    place = f"plan.yaml:{line_of(text, f'- {entry}')}:"
    [found, *more] = said(text)
    assert found.startswith(place)
    assert f"audiences.executives.from{problem}" in found
    assert not [one for one in more if not one.startswith(place)]


def test_a_source_stands_in_an_audience_once() -> None:
    [problem] = said(with_from("{role: scribe}", "{role: scribe}"))

    assert "audiences.executives.from: role scribe stands here more than once" in problem


def test_only_who_is_told_one_by_one_comes_from_a_source() -> None:
    [problem] = said(with_from("{role: scribe}", audience="Responders"))

    assert "audiences.responders.from: none of its channels tells people one by one" in problem


@pytest.mark.parametrize(
    "feed",
    [
        f"http://calendar.example/{SECRET}.ics",
        f"https://ann:{SECRET}@calendar.example/a.ics",
        f"file:///{SECRET}",
        f"https://[{SECRET}/",
        f"'https://calendar.example/{SECRET} .ics'",
        f"https://calendar.example/{SECRET * 400}",
        f"[{SECRET}]",
        f"{{{SECRET}: 1}}",
    ],
)
def test_a_feed_that_is_refused_is_not_repeated(feed: str) -> None:
    text = with_from("{rota: payments}", rotas=f"rotas:\n  payments:\n    feed: {feed}\n")

    [problem] = said(text)

    assert f"plan.yaml:{line_of(text, 'feed: ')}:" in problem
    assert "rotas.payments.feed: " in problem
    assert SECRET not in problem


def test_a_feed_is_shown_nowhere() -> None:
    plan, _ = read(with_from("{rota: payments}"), "plan.yaml")

    assert plan
    assert plan.rotas["payments"].feed == f"https://calendar.example/{SECRET}.ics"
    assert SECRET not in repr(plan)


def test_a_calendar_s_own_scheme_is_https() -> None:
    text = with_from("{rota: payments}").replace("https://calendar", "webcal://calendar")
    plan, _ = read(text, "plan.yaml")

    assert plan
    assert plan.rotas["payments"].feed.startswith("https://calendar.example/")


def test_plan_show_and_diff_tell_feeds_apart_without_telling_them() -> None:
    texts = [with_from("{rota: payments}"), with_from("{rota: payments}").replace(SECRET, "s3cret")]

    shown = [
        next(one.value for one in effective(read_yaml(text.encode(), "p")) if "feed" in one.path)
        for text in texts
    ]

    assert shown[0] != shown[1]
    for value in shown:
        assert value.startswith("https://calendar.example/… (")
        assert SECRET not in value
        assert "s3cret" not in value
