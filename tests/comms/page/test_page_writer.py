"""What customers read on the status page, and what they cannot.

After a change on purpose: `SITREP_GOLDEN=write pytest tests/comms/page`, then read the diff.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.channels.page.notice import (
    HEADLINE_LIMIT,
    Notice,
    from_json,
    headline,
    printable,
    public_id,
    to_json,
)
from comms.errors import Invalid
from comms.incident import Status
from comms.report import CustomerText
from comms.statement import HTML, NOTICE, PLAIN
from comms.update import Kind
from tests.comms.page.samples import (
    CUSTOMERS,
    INCIDENT,
    NASTY,
    NOW,
    other_incident,
    statement,
    story,
    telling,
)
from tests.kinds import as_kind

GOLDEN = Path(__file__).parents[2] / "golden" / "page"


class _Texts(HTMLParser):
    """The text that a browser shows, and the elements that it makes."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "br":
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data


def _shown(html: str) -> _Texts:
    parser = _Texts()
    parser.feed(html)
    return parser


@pytest.mark.parametrize(
    ("name", "number"), [("update", 1), ("identified", 2), ("correction", 3), ("resolved", 5)]
)
def test_the_notice_looks_as_it_was_reviewed(name: str, number: int) -> None:
    posting = story()[number - 1]

    _compare(f"{name}.html", posting.html)
    _compare(f"{name}.txt", posting.text)
    _compare(f"{name}.json", to_json(posting.notice))


def _compare(name: str, made: str) -> None:
    file = GOLDEN / name
    if os.environ.get("SITREP_GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{made}\n", encoding="utf-8")
    assert file.read_text(encoding="utf-8") == f"{made}\n"


def test_nothing_of_the_inside_reaches_a_customer() -> None:
    everything = replace(
        CUSTOMERS,
        sees=CUSTOMERS.sees | {"title", "severity", "conditions", "needs", "people", "room_url"},
    )

    told = json.dumps(dict(statement(telling(), audience=everything).parts))

    for inner in ("INNER", "SEV1", "PSP", "psp-adapter", "Mallory", "Ida", "inner.example", "INC-"):
        assert inner not in told


def test_what_is_typed_is_shown_as_typed_and_makes_no_element() -> None:
    told = statement(telling(customer=CustomerText(symptom=NASTY, scope=NASTY, workaround=NASTY)))
    shown = _shown(told.parts[HTML])

    assert shown.text.count(NASTY) == 3
    assert shown.tags == {"article", "h3", "h4", "p", "time", "br"}
    assert told.parts[PLAIN].count(NASTY) == 3
    assert from_json(told.parts[NOTICE]).symptom == NASTY


def test_ten_thousand_characters_are_kept_whole() -> None:
    long = "Wörter und " * 909

    told = statement(telling(customer=CustomerText(symptom=long)))

    assert long in _shown(told.parts[HTML]).text
    assert len(told.subject) <= HEADLINE_LIMIT


def test_what_no_page_can_carry_is_shown_as_a_replacement() -> None:
    told = statement(telling(customer=CustomerText(symptom="a\x00b\x1bc\ud800d\ufffee\r\nf")))

    assert from_json(told.parts[NOTICE]).symptom == "a\ufffdb\ufffdc\ufffdd\ufffde\nf"
    told.parts[HTML].encode()


def test_a_notice_without_words_says_what_the_state_says() -> None:
    told = statement(telling(customer=None, status=Status.MONITORING))

    assert "A fix is in place. We are watching it closely." in told.parts[PLAIN]


def test_a_promise_for_another_day_names_the_day() -> None:
    tomorrow = statement(telling(promised=NOW + timedelta(days=1))).parts
    today = statement(telling(promised=NOW + timedelta(hours=1))).parts

    assert "Next update by Sun 22 Nov 2026, 15:00 CET." in tomorrow[PLAIN]
    assert "Next update by 16:00 CET." in today[PLAIN]


def test_no_promise_prints_none() -> None:
    told = statement(telling(promised=None))

    assert "Next update" not in "".join(told.parts.values())


def test_a_correction_names_what_it_corrects() -> None:
    told = statement(telling(3, kind=Kind.CORRECTION, corrects=1)).parts

    assert "Correction: this replaces update 1. We are sorry for the error." in told[PLAIN]
    assert "Correction: this replaces update 1. We are sorry for the error." in told[HTML]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.FIRST, ""),
        (Kind.UPDATE, ""),
        (Kind.NO_CHANGE, "Nothing has changed since 14:31 CET. What we wrote then still holds."),
        (Kind.SEVERITY, "We now treat this problem as more serious than before."),
        (Kind.RESOLVED, ""),
        (Kind.REVIEW, "The review is published: what happened, why, and what changes."),
    ],
)
def test_each_kind_is_told_as_letters_tell_it_without_a_severity(kind: Kind, said: str) -> None:
    made = telling(kind=kind)
    update = replace(
        as_kind(made.update, kind), unchanged_since=NOW - timedelta(minutes=29), corrects=None
    )
    told = statement(replace(made, update=update)).parts

    assert from_json(told[NOTICE]).remark == said
    assert said in told[HTML]
    assert said in told[PLAIN]
    assert not any("SEV" in part for part in told.values())


def test_a_notice_from_before_there_were_remarks_is_read() -> None:
    held = json.loads(statement(telling()).parts[NOTICE])
    del held["remark"]

    assert from_json(json.dumps(held)).remark == ""


def test_the_public_id_is_stable_and_does_not_count() -> None:
    first, second = public_id(INCIDENT), public_id(other_incident(42))

    assert first == public_id(replace(INCIDENT, status=Status.RESOLVED, title="other"))
    assert first != second
    assert len(first) == 12
    assert public_id(replace(INCIDENT, declared_at=NOW)) != first


def test_a_headline_is_the_first_line_cut_between_words() -> None:
    assert headline("\n  Cards fail. \nMore", Status.INVESTIGATING) == "Cards fail"
    assert headline("", Status.INVESTIGATING) == "A problem with our service"
    assert headline("", Status.RESOLVED) == "Resolved"
    cut = headline("word " * 40, Status.INVESTIGATING)
    assert cut.endswith("word…")
    assert len(cut) <= HEADLINE_LIMIT


def test_a_cut_headline_closes_the_direction_it_opened() -> None:
    cut = headline("\u2067" + "שלום " * 40 + "\u2069", Status.INVESTIGATING)

    assert cut.endswith("\u2069")


NOTICES = st.builds(
    Notice,
    incident=st.just("abc234"),
    update=st.integers(1, 10_000),
    kind=st.sampled_from(Kind),
    status=st.sampled_from(Status),
    symptom=st.text(max_size=200).map(printable),
    scope=st.text(max_size=200).map(printable),
    workaround=st.text(max_size=200).map(printable),
    issued_at=st.just(NOW),
    next_update=st.none() | st.integers(0, 10**6).map(lambda s: NOW + timedelta(seconds=s)),
    corrects=st.none() | st.integers(1, 99),
)


@given(notice=NOTICES)
def test_a_notice_survives_its_json(notice: Notice) -> None:
    assert from_json(to_json(notice)) == notice


@pytest.mark.parametrize(
    "changed",
    [
        {"incident": "../x"},
        {"issued_at": "2026-11-21T14:00:00"},
        {"kind": "rumour"},
        {"update": None},
    ],
)
def test_what_is_no_notice_is_refused(changed: dict[str, object]) -> None:
    held = json.loads(to_json(story()[0].notice)) | changed

    with pytest.raises(Invalid):
        from_json(json.dumps(held))
