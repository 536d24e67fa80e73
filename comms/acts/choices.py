"""What a reader chooses: taken from their own link, honoured at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from comms.acts.digests import start
from comms.choice import Choice, Chosen, Wish
from comms.desk import Scene
from comms.errors import Forbidden, NotFound
from comms.plan.model import Audience, ChannelName
from comms.quiet import checked_quiet
from comms.recipient import checked_language, checked_zone
from comms.timeline import Deed


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who follows a link in a letter: an address in an audience, and what it has chosen.

    The choice's language and time zone are filled from the audience's list and the plan.
    """

    address: str
    audience: Audience
    choice: Choice


def reader(scene: Scene, delivery: int) -> Reader:
    """Return whose letter that was. NotFound where it is not in the ledger, or its audience not in
    the plan any more."""
    row = scene.book.fanouts.row(delivery)
    if row is None or row.channel is not ChannelName.MAIL:
        raise NotFound("This letter is not in the ledger any more.")
    audience = scene.plan.audiences.get(row.audience)
    if audience is None:
        raise NotFound("Nobody is written to in this way any more.")
    address = row.address.casefold()
    made = scene.book.choices.among([row.audience], [address])
    choice = made.get((row.audience, address), Choice())
    for listed in scene.book.recipients.found(row.audience, [address]):
        choice = replace(
            choice,
            language=choice.language or listed.language,
            time_zone=choice.time_zone or listed.time_zone,
            quiet=choice.quiet or listed.quiet,
        )
    zone = choice.time_zone or scene.plan.time_zone.key
    return Reader(address=row.address, audience=audience, choice=replace(choice, time_zone=zone))


def choose(scene: Scene, delivery: int, *, choice: Choice) -> Reader:
    """Keep what the reader of this letter wants from now on; choosing the same again is all one.

    What is planned already and has not left is not sent, where they want nothing any more.
    Forbidden where the plan does not let this audience stop; Invalid for an unknown language or
    time zone, or what are no quiet hours.
    """
    before = reader(scene, delivery)
    if choice.wish is Wish.NOTHING and not before.audience.may_stop:
        raise Forbidden(
            f"{before.audience.label} are written to because it is their task. You can choose how"
            " often, not nothing.",
            pointer="/wish",
        )
    digest_before = before.choice.wish.is_digest
    wanted = replace(
        choice,
        language=checked_language(choice.language),
        time_zone=checked_zone(choice.time_zone) or before.choice.time_zone,
        quiet=checked_quiet(choice.quiet),
        read_to=before.choice.read_to if digest_before else scene.book.fanouts.last(),
        read_at=before.choice.read_at,
        by_import=False,
    )
    return _keep(scene, replace(before, choice=wanted))


def unsubscribe(scene: Scene, delivery: int) -> Reader:
    """The reader of this letter wants nothing any more, at once; saying it again is all one."""
    before = reader(scene, delivery)
    if before.choice.wish is Wish.NOTHING and not before.choice.by_import:
        return before
    return choose(scene, delivery, choice=replace(before.choice, wish=Wish.NOTHING))


def withhold_stopped(scene: Scene, audiences: Sequence[str]) -> int:
    """Suppress what is planned for those of these audiences who want nothing any more.

    Return how many deliveries that were.
    """
    withheld = 0
    for audience in scene.plan.among(audiences):
        after = ""
        while audience.may_stop and (page := scene.book.choices.of(audience.name, after=after)):
            stopped = [one.address for one in page if one.choice.wish is Wish.NOTHING]
            withheld += _withhold(scene, audience, stopped)
            after = page[-1].address
    return withheld


def _keep(scene: Scene, reader: Reader) -> Reader:
    address = reader.address.casefold()
    scene.book.choices.save([Chosen(reader.audience.name, address, reader.choice)])
    start(scene, reader.audience.name, [reader.choice.slot])
    if reader.choice.wish is Wish.NOTHING:
        _withhold(scene, reader.audience, [reader.address, address])
    scene.book.audit.add(
        Deed(
            at=scene.now,
            by=scene.by,
            via=scene.via,
            action="choice.made",
            subject=f"audience:{reader.audience.name}",
            detail={"choice": reader.choice.words},
        )
    )
    return reader


def _withhold(scene: Scene, audience: Audience, addresses: Sequence[str]) -> int:
    """The ledger has addresses as the list spells them, choices have them in lower case."""
    listed = scene.book.recipients.found(audience.name, addresses)
    spelt = {person.email for person in listed} | set(addresses)
    return scene.book.fanouts.withhold(audience.name, sorted(spelt), now=scene.now)
