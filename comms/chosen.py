"""What the people of one page of a plan have chosen, looked up once, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from comms.choice import Choice, Wish, is_news, withheld
from comms.delivery import Reason
from comms.desk import Scene
from comms.ledger import Fanout, Line
from comms.plan.model import Audience
from comms.quiet_now import QuietNow
from comms.recipient import Listed
from comms.update import Kind, Update, UpdateState


class PageOfChoices:
    """The choices of some people in an audience, and in those that are told before it."""

    def __init__(
        self, scene: Scene, fanout: Fanout, people: Sequence[Listed], *, audiences: Sequence[str]
    ) -> None:
        self._scene = scene
        self._fanout = fanout
        self._people = people
        addresses = [person.email.casefold() for person in people]
        self._choices = scene.book.choices.among(audiences, addresses)
        self.addresses = frozenset(address for _, address in self._choices)
        """The addresses (casefolded) of those who have chosen something."""
        self._news: dict[str, bool] = {}
        incident = scene.book.incidents.get(fanout.incident)
        self._quiet = QuietNow(
            scene,
            scene.plan_for(incident).look_up(fanout.audience),
            scene.book.updates.get(fanout.incident, fanout.update).severity,
        )

    def keeps_back(self, person: Listed, audience: str) -> Reason | None:
        """Why this person's choice in an audience keeps the update from them; None: nothing does.

        A resolution goes to whoever was told of the incident, whatever they have chosen since,
        unless they want nothing any more.
        """
        address = person.email.casefold()
        choice = self._choices.get((audience, address))
        if choice is None:
            return None
        readers = self._scene.plan.look_up(audience)
        changes = choice.wish is not Wish.CHANGES or self._is_news(audience)
        reason = withheld(choice, readers, is_news=changes)
        if reason is Reason.DIGEST and person.email in self._must_hear_the_end:
            return None
        return reason

    def line(self, person: Listed, reason: Reason | None) -> Line:
        """The row of this person, in the language and the time zone that they have chosen.

        What comes in their quiet hours is held until these end.
        """
        _number, email, name, language, _channels, time_zone, quiet = person
        choice = self._choices.get((self._fanout.audience, email.casefold()))
        if choice is not None:
            language, time_zone = choice.language or language, choice.time_zone or time_zone
            quiet = choice.quiet or quiet
        until = None if reason else self._quiet.until(quiet, time_zone)
        return Line(email, name, language, reason, time_zone, until)

    def is_held(self, person: Listed) -> bool:
        """True where the list says that this person has quiet hours now."""
        return self._quiet.until(person.quiet, person.time_zone) is not None

    def _is_news(self, audience: str) -> bool:
        known = self._news.get(audience)
        if known is None:
            update, reader = self._updates[self._number - 1], self._scene.plan.look_up(audience)
            known = self._news[audience] = _brings_news(self._scene, update, reader)
        return known

    @cached_property
    def _must_hear_the_end(self) -> frozenset[str]:
        """Of a resolution: the addresses that an update of the incident has reached."""
        if self._updates[self._number - 1].kind is not Kind.RESOLVED:
            return frozenset()
        # Only those who would be kept back are looked for: the others hear of it anyway.
        readers = {address for (_, address), c in self._choices.items() if c.wish.is_digest}
        emails = [p.email for p in self._people if p.email.casefold() in readers]
        return self._scene.book.fanouts.reached(self._fanout, emails)

    @cached_property
    def _updates(self) -> tuple[Update, ...]:
        return self._scene.book.updates.of(self._fanout.incident)

    @property
    def _number(self) -> int:
        return self._fanout.update


def kept_back(scene: Scene, update: Update, audience: Audience) -> int:
    """How many of an audience's people a draft is not sent to, as they have chosen.

    Of a resolution, readers of digests who have been told of the incident before are among them.
    """
    chosen = scene.book.choices.counts(audience.name)
    news = Wish.CHANGES not in chosen or _brings_news(scene, update, audience)
    return sum(
        people
        for wish, people in chosen.items()
        if withheld(Choice(wish=wish), audience, is_news=news)
    )


def _brings_news(scene: Scene, update: Update, audience: Audience) -> bool:
    before = [
        one
        for one in scene.book.updates.of(update.incident)
        if _told(one, audience.name) and one.number < update.number
    ]
    return is_news(update, before[-1] if before else None, audience)


def _told(update: Update, audience: str) -> bool:
    return update.state is UpdateState.APPROVED and audience in update.audiences
