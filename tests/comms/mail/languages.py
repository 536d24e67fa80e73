"""The sample letters in every language that the catalogues have."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from comms.channels.mail.preview import shown
from comms.channels.mail.writer import write
from comms.language import spoken
from comms.projection import project
from comms.statement import Statement
from comms.update import Kind
from tests.comms.mail.letters import PLAN, told

OTHERS = spoken()[1:]
SPEAKING = replace(
    PLAN,
    audiences={name: replace(one, languages=OTHERS) for name, one in PLAN.audiences.items()},
)


@cache
def written(audience: str, kind: Kind) -> Statement:
    """The letter to this audience, in all languages."""
    telling = replace(told(kind), plan=SPEAKING)
    reader = SPEAKING.audience(audience)
    return write(telling, reader, project(telling, reader))


def letter_in(language: str, audience: str, kind: Kind, media: str) -> str:
    """A part of the letter in this language as a preview shows it."""
    return shown(written(audience, kind).read_in(language), media)
