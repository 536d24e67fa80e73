"""Every letter as its readers get it, kept as files to be read and looked at.

After a change on purpose: `SITREP_GOLDEN=write pytest tests/comms/mail`, then read the diff.
"""

from __future__ import annotations

import os
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

GOLDEN = Path(__file__).parents[2] / "golden" / "mail"


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("audience", READERS)
def test_a_letter_reads_as_it_was_reviewed(audience: str, kind: Kind) -> None:
    telling = told(kind)

    subject = letter(audience, telling).subject
    _compare(f"{audience}.{kind}.txt", f"Subject: {subject}\n\n{text_of(audience, telling)}")
    _compare(f"{audience}.{kind}.html", text_of(audience, telling, HTML))


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
    _compare("drill.html", text_of("stakeholders", telling, HTML))


@pytest.mark.parametrize("weekly", [False, True])
def test_a_digest_reads_as_it_was_reviewed(weekly: bool) -> None:
    name = f"digest.{'weekly' if weekly else 'daily'}"

    _compare_letter(name, digest(weekly=weekly))


def test_a_digest_without_news_reads_as_it_was_reviewed() -> None:
    _compare_letter("digest.empty", digest(items=()))


def test_a_confirmation_reads_as_it_was_reviewed() -> None:
    _compare_letter("confirmation", confirmation())


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


def _compare_letter(name: str, made: Letter) -> None:
    text, html = (in_zone(made.parts[media], "UTC", "en") for media in (PLAIN, HTML))
    _compare(f"{name}.txt", f"Subject: {made.subject}\n\n{text}")
    _compare(f"{name}.html", html)


def _compare(name: str, made: str) -> None:
    file = GOLDEN / name
    shown = made.replace("\x7f", "%")  # DEL is invisible in a diff
    if os.environ.get("SITREP_GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(shown, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == shown
