"""Every letter as its readers get it, kept as files to be read and looked at.

After a change on purpose: `SITREP_GOLDEN=write pytest tests/comms/mail`, then read the diff.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from comms.channels.mail.letter import Letter
from comms.channels.mail.message import source
from comms.channels.mail.times import in_zone
from comms.channels.mail.writer import write
from comms.language import spoken
from comms.projection import project
from comms.statement import HTML, PLAIN
from comms.update import Kind
from tests.comms.mail.letters import (
    LINKS,
    NOW,
    PLAN,
    READERS,
    SENDER,
    confirmation,
    delivery,
    digest,
    letter,
    text_of,
    told,
)

_TITLE = re.compile("<title>(.*)</title>")
GOLDEN = Path(__file__).parents[2] / "golden" / "mail"


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("audience", READERS)
def test_a_letter_reads_as_it_was_reviewed(audience: str, kind: Kind) -> None:
    telling = told(kind)

    subject = letter(audience, telling).subject
    _compare(f"{audience}.{kind}.txt", f"Subject: {subject}\n\n{text_of(audience, telling)}")


@pytest.mark.parametrize("audience", READERS)
def test_an_update_is_laid_out_as_it_was_reviewed(audience: str) -> None:
    _compare_html(f"{audience}.update", text_of(audience, told(), HTML))


@pytest.mark.parametrize("language", spoken()[1:])
def test_every_letter_reads_in_this_language_as_it_was_reviewed(language: str) -> None:
    letters = [
        f"{'=' * 20} {audience} {kind}\nSubject: {subject}\n\n{text}"
        for audience in READERS
        for kind in Kind
        for subject, text in (_in(language, audience, kind),)
    ]

    _compare(f"{language}.txt", "\n".join(letters))


def _in(language: str, audience: str, kind: Kind) -> tuple[str, str]:
    reader = replace(PLAN.audience(audience), languages=(language,))
    plan = replace(PLAN, audiences={**PLAN.audiences, audience: reader})
    telling = replace(told(kind), plan=plan)
    version = write(telling, reader, project(telling, reader)).read_in(language)
    return version.subject, in_zone(version.parts[PLAIN], "UTC", language)


@pytest.mark.parametrize("language", spoken()[1:])
def test_digest_and_confirmation_read_in_this_language_as_reviewed(language: str) -> None:
    letters = (digest(weekly=True, language=language), confirmation(language))
    texts = (in_zone(one.parts[PLAIN], "UTC", language) for one in letters)

    _compare(f"{language}.others.txt", "\n".join(texts))


def test_a_drill_reads_as_it_was_reviewed() -> None:
    telling = told(drill=True)

    subject = letter("stakeholders", telling).subject
    _compare("drill.txt", f"Subject: {subject}\n\n{text_of('stakeholders', telling)}")
    _compare_html("drill", text_of("stakeholders", telling, HTML))


@pytest.mark.parametrize("weekly", [False, True])
def test_a_digest_reads_as_it_was_reviewed(weekly: bool) -> None:
    name = f"digest.{'weekly' if weekly else 'daily'}"

    _compare_text(name, digest(weekly=weekly))


def test_a_digest_without_news_reads_as_it_was_reviewed() -> None:
    _compare_text("digest.empty", digest(items=()))


def test_a_confirmation_reads_as_it_was_reviewed() -> None:
    _compare_text("confirmation", confirmation())


@pytest.mark.parametrize(("name", "made"), [("digest", digest()), ("confirmation", confirmation())])
def test_digest_and_confirmation_are_laid_out_as_reviewed(name: str, made: Letter) -> None:
    _compare_html(name, in_zone(made.parts[HTML], "UTC", "en"))


def test_a_message_leaves_as_it_was_reviewed() -> None:
    message = source(
        letter("customers"),
        delivery()._replace(name="Zoë Müller"),
        sender=SENDER,
        at=NOW,
        links=LINKS,
    )

    headers, _, _ = message.decode("ascii").partition("\r\n\r\n")
    _compare("customers.update.headers", headers.replace("\r\n", "\n") + "\n")


def _compare_text(name: str, made: Letter) -> None:
    _compare(f"{name}.txt", f"Subject: {made.subject}\n\n{in_zone(made.parts[PLAIN], 'UTC', 'en')}")


def _compare_html(name: str, made: str) -> None:
    """Compare the body, a line for each tag, and the head, which all letters share."""
    head, body = made.split("</head>")
    title = _TITLE.search(head)
    assert title
    _compare("head.html", head.replace(title[1], "…") + "</head>\n")
    _compare(f"{name}.body", body.replace("><", ">\n<") + "\n")


def _compare(name: str, made: str) -> None:
    file = GOLDEN / name
    shown = made.replace("\x7f", "%")  # DEL is invisible in a diff
    if os.environ.get("SITREP_GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(shown, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == shown
