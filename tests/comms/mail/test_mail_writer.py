"""What letters say, to whom, and that typed text stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from comms import text as typed_text
from comms.channels.mail.preview import all_shown, shown
from comms.channels.mail.words import NOTHING_PUBLISHED
from comms.channels.mail.writer import write
from comms.errors import Invalid
from comms.incident import Status
from comms.projection import project
from comms.report import CanReport, Need
from comms.statement import HTML, PLAIN
from comms.update import Kind
from tests.comms.mail.letters import (
    PLAN,
    READERS,
    REPORT,
    RESOLVED,
    REVIEWED,
    letter,
    text_of,
    told,
    typed,
)

NASTY = {
    "html": "<b>b</b> <script>alert(\"1\")</script> <!-- c --> &lt; &amp; &#42; a < b > c 'q'",
    "twice": "&lt;img src=x onerror=alert(1)&gt; &amp;lt;script&amp;gt; &#x3c;i&#x3e;",
    "mjml": "</mj-text></mj-column><mj-raw><script>1</script></mj-raw> ]]> <![CDATA[ <?php ?>",
    "outlook": "<!--[if mso]><b>x</b><![endif]--> -->",
    "markdown": "**bold** _it_ [a](https://evil.example) ![i](x) `c` # one\n- two\n> three",
    "mention": "<at>Ana Silva</at>",
    "jinja": "{{ 7 * 7 }} {% include 'x' %} {# c #} {{ config }} ${x} %(to)s",
    "token": 'href="sitrep:seen" \\u{7f}=seen \x7f=seen\x7f %=seen% \x7f-seen\x7f \x7f+seen\x7f',
    "bidi": "abc \u202egnp.exe \u2067שלום\u2069 مرحبا",
    "lines": "first\r\nsecond\rthird\n\n  indented\n.\n..two dots\nFrom here",
    "odd": "tab\there \x00\x0b\x1b[31m \ufffe \uffff \ud83d \ue000 zero\u200bwidth",
    "emoji": "😀👩‍👩‍👧‍👦 🇩🇪",
    "long": "Card payments fail for some. " * 344,
    "unbroken": "x" * 10_000,
}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("audience", READERS)
@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_typed_text_is_shown_as_typed(text: str, audience: str, kind: Kind) -> None:
    kept = typed_text.text(text, pointer="")
    statement = letter(audience, typed(kept, kind))

    seen = _Seen(statement.parts[HTML])
    carried = _carried(kept)
    assert _squeezed(carried) in _squeezed(seen.text)
    assert _unmarked(carried) in _unmarked(statement.parts[PLAIN])


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_typed_text_adds_no_element_to_a_letter(text: str) -> None:
    def elements(said: str) -> set[str]:
        return _Seen(letter("stakeholders", typed(said)).parts[HTML]).elements

    assert elements(typed_text.text(text, pointer="")) <= elements("plain words")


def test_a_line_break_stays_a_line_break() -> None:
    statement = letter("stakeholders", typed("first\nsecond"))

    assert "first\nsecond" in statement.parts[PLAIN]
    assert re.search(r">first</div>\s*<div[^>]*>second</div>", statement.parts[HTML])


def test_right_to_left_text_cannot_reorder_its_neighbours() -> None:
    statement = letter("executives", typed("مرحبا 123"))

    assert "Impact: \u2068مرحبا 123\u2069" in statement.parts[PLAIN]
    assert '<div class="typed" dir="auto"' in statement.parts[HTML]


def test_left_to_right_text_gets_no_invisible_marks() -> None:
    assert "\u2068" not in text_of("executives")


def test_an_executive_letter_has_at_most_five_lines_of_content() -> None:
    content = text_of("executives").split("\n\n")[1].splitlines()

    assert [line.partition(":")[0] for line in content[:-1]] == [
        "Impact",
        "Decision needed",
        "Risk",
    ]
    assert content[-1] == "Next update by 14:30 UTC."
    assert len(content) <= 5


def test_an_executive_is_asked_for_decisions_not_for_hands() -> None:
    body = text_of("executives")

    assert "Approve the switch to the second provider (CFO, by 14:20 UTC)" in body
    assert "gateway logs" not in body


def test_an_executive_reads_that_no_decision_is_needed() -> None:
    body = text_of("executives", told(report=replace(REPORT, needs=())))

    assert "Decision needed: None from you at present." in body


def test_stakeholders_are_told_what_customers_are_told() -> None:
    body = text_of("stakeholders")

    assert (
        "WHAT TO TELL CUSTOMERS\nSome card payments are declined at checkout.\n"
        "Affected: Customers who pay by card in the web shop." in body
    )


def test_stakeholders_are_told_when_customers_have_been_told_nothing() -> None:
    body = text_of("stakeholders", told(report=replace(REPORT, customer=None)))

    assert f"WHAT TO TELL CUSTOMERS\n{NOTHING_PUBLISHED}" in body


@pytest.mark.parametrize("kind", Kind)
def test_customers_read_nothing_internal(kind: Kind) -> None:
    internal = CanReport(
        conditions="db-7 failed over",
        needs=(Need(text="root on db-7", owner="Mallory"),),
        risk="we lose the contract",
        customer=REPORT.customer,
    )
    statement = letter("customers", told(kind, title="Oracle licence expired", report=internal))

    everything = " ".join((statement.subject, *statement.parts.values()))
    for secret in ("db-7", "Mallory", "contract", "Oracle", "SEV1", "/incidents/INC", "Ada"):
        assert secret not in everything


@pytest.mark.parametrize("audience", READERS)
def test_the_subject_stays_the_same_for_an_incident_and_audience(audience: str) -> None:
    other = CanReport(conditions="Everything is different now.", customer=REPORT.customer)
    letters = [letter(audience, told(kind, number=n)) for n, kind in enumerate(Kind, start=1)]
    letters.append(letter(audience, told(report=other, status=Status.MONITORING)))

    assert len({statement.subject for statement in letters}) == 1
    assert len({statement.thread for statement in letters}) == 1


@pytest.mark.parametrize("audience", READERS)
def test_every_letter_prints_the_promise(audience: str) -> None:
    assert "Next update by 14:30 UTC." in text_of(audience)
    assert "Next update by 14:30 UTC." in text_of(audience, media=HTML)


def test_a_promise_for_another_day_names_the_day() -> None:
    body = text_of("customers", told(promised=timedelta(hours=12)))

    assert "Next update by Sun 22 Nov 2026, 02:00 UTC." in body


def test_a_letter_without_a_promise_says_when_there_will_be_more() -> None:
    body = text_of("executives", told(promised=None))

    assert "We will write again as soon as something changes." in body


@pytest.mark.parametrize("audience", READERS)
def test_the_last_letter_says_that_none_will_follow(audience: str) -> None:
    statement = letter(audience, told(Kind.RESOLVED))

    assert "This was the last update. No further one will follow." in statement.parts[PLAIN]
    assert "Next update" not in statement.parts[PLAIN]


def test_a_correction_of_the_last_letter_promises_nothing() -> None:
    telling = told(Kind.CORRECTION, status=Status.RESOLVED, promised=None)

    assert "No further update will follow." in text_of("customers", telling)


@pytest.mark.parametrize("audience", READERS)
def test_a_letter_of_a_drill_says_so_in_its_subject_and_first(audience: str) -> None:
    subjects = {letter(audience, told(kind, drill=True)).subject for kind in Kind}
    statement = letter(audience, told(drill=True))

    assert subjects == {statement.subject}
    assert statement.subject.startswith("[DRILL] ")
    assert statement.parts[PLAIN].startswith("This is a drill. Nothing is wrong")
    assert "This is a drill. Nothing is wrong" in statement.parts[HTML]


@pytest.mark.parametrize("audience", ["responders", "executives", "stakeholders"])
def test_a_change_of_severity_says_from_what_to_what(audience: str) -> None:
    telling = told(Kind.SEVERITY)

    assert "The severity was raised: SEV2 → SEV1." in text_of(audience, telling)


def test_customers_read_that_it_became_worse_but_no_severities() -> None:
    body = text_of("customers", told(Kind.SEVERITY))

    assert "more serious than before" in body
    assert "SEV" not in body


@pytest.mark.parametrize("audience", READERS)
def test_no_change_says_since_when(audience: str) -> None:
    body = text_of(audience, told(Kind.NO_CHANGE))

    assert "Nothing has changed since 13:30 UTC." in body


@pytest.mark.parametrize("audience", READERS)
def test_a_correction_says_what_it_replaces(audience: str) -> None:
    assert "this replaces update 2." in text_of(audience, told(Kind.CORRECTION))


@pytest.mark.parametrize("audience", READERS)
@pytest.mark.parametrize(
    ("lost", "said"), [(True, "Data was lost."), (False, "No data was lost."), (None, "")]
)
def test_the_end_says_whether_data_was_lost_where_the_report_does(
    audience: str, lost: bool | None, said: str
) -> None:
    telling = told(Kind.RESOLVED, report=replace(RESOLVED, data_lost=lost))

    for part in letter(audience, telling).parts.values():
        assert said in part
        assert said or "ata was lost" not in part


@pytest.mark.parametrize("audience", ["responders", "executives", "stakeholders"])
def test_a_published_review_has_its_link(audience: str) -> None:
    statement = letter(audience, told(Kind.REVIEW))

    assert f"Read the review:\n{REVIEWED.review_url}" in statement.parts[PLAIN]
    assert f'href="{REVIEWED.review_url}"' in statement.parts[HTML]


def test_customers_find_the_review_on_the_status_page() -> None:
    statement = letter("customers", told(Kind.REVIEW))

    assert "https://status.contoso.example/incidents/" in statement.parts[PLAIN]
    assert "wiki.contoso.example" not in statement.parts[HTML]


def test_only_an_open_sev1_told_with_its_severity_is_urgent() -> None:
    assert letter("executives").urgent
    assert not letter("executives", told(Kind.RESOLVED)).urgent
    assert not letter("customers").urgent


def test_a_preview_shows_where_the_recipients_own_links_will_be() -> None:
    statement = letter("customers")

    assert "Unsubscribe:\n#unsubscribe\n" in shown(statement, PLAIN)
    assert 'href="#manage"' in shown(statement, HTML)
    assert "\x7f" not in "".join(all_shown(statement).values())


def test_a_template_that_asks_for_more_than_the_audience_sees_is_an_error() -> None:
    telling, executives = told(), PLAN.audience("executives")
    blind = replace(executives, sees=executives.sees - {"risk"})

    with pytest.raises(Invalid, match=r"executives asks for .* 'risk' is undefined"):
        write(telling, blind, project(telling, blind))


def test_an_audience_without_templates_is_an_error() -> None:
    telling, stray = told(), replace(PLAN.audience("customers"), name="press", template="press")

    with pytest.raises(Invalid, match=r"press has no template 'press/mail.subject'"):
        write(telling, stray, project(telling, stray))


@pytest.mark.parametrize("audience", READERS)
def test_a_letter_suits_mail_clients(audience: str) -> None:
    html = letter(audience).parts[HTML]

    assert '<html lang="en" dir="ltr"' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert set(re.findall(r"<table(?![^>]*role=\"presentation\")", html)) == set()
    assert "<img" not in html
    assert "@import" not in html  # a font from elsewhere would tell there who reads
    assert len(html.encode()) < 100_000


class _Seen(HTMLParser):
    """What a browser would show of a letter, and of which elements it is made."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.elements: set[str] = set()
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs if name.startswith("on")]
        self.elements.add(" ".join((tag, *names)))
        self._hidden += tag in {"style", "title"}
        self.text += "\n" if tag == "div" else ""

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data


def _carried(text: str) -> str:
    return text.replace("\ufffe", "").replace("\uffff", "")


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _unmarked(text: str) -> str:
    return re.sub("[\u2068\u2069]", "", text)
