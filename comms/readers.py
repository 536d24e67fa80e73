"""Who reads which language: an audience's recipients, beside what it is written to in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from comms.desk import Scene
from comms.language import nearest
from comms.plan.model import Audience, ChannelName


@dataclass(frozen=True, kw_only=True)
class Readers:
    """How many recipients are told in each language (BCP 47); `strangers` are those among them
    whose own language the audience is not written to in, by that language."""

    told_in: Mapping[str, int] = field(default_factory=dict)
    strangers: Mapping[str, int] = field(default_factory=dict)


def readers(scene: Scene, audience: Audience) -> Readers:
    """Count who will read what of a letter to this audience."""
    if ChannelName.MAIL not in audience.ways:
        return Readers()
    offered = scene.plan.languages_of(audience)
    told_in, strangers = Counter[str](), Counter[str]()
    for language, people in scene.book.recipients.languages(audience.name).items():
        found = nearest(language, offered)
        told_in[found or scene.plan.language] += people
        if language and found is None:
            strangers[language] += people
    return Readers(told_in=told_in, strangers=strangers)
