"""Digests: at a reader's own hour, one letter with what was published since their last."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from comms.acts.bulletins import post
from comms.bulletin import Bulletin, BulletinKind
from comms.channels.mail.digest_writer import LastWord, Period, write
from comms.choice import Choice, Chosen
from comms.delivery import DeliveryState, Reason
from comms.desk import Scene
from comms.ledger import Fanout, Line
from comms.plan.model import Audience, ChannelName
from comms.projection import Telling
from comms.slot import Slot, name_of, next_at, slot_of
from comms.timeline import Deed
from comms.timer import Timer

TIMERS = ("digest",)
PAGE = 500
"""Readers a transaction; the timer is set again at once for the others."""

LATE = {True: timedelta(hours=24), False: timedelta(hours=6)}
"""By whether it is weekly: how late a digest may leave after a stop. One that is later still is
left out, said in the audit log; the next one tells what it would have told."""


def start(scene: Scene, audience: str, slots: Sequence[Slot | None]) -> None:
    """See to it that digests leave at these slots; what is set already stays as it is."""
    wanted = {slot for slot in slots if slot}
    scene.book.timers.start([_timer(scene, audience, slot) for slot in sorted(wanted, key=name_of)])


def fire(scene: Scene, timers: Sequence[Timer]) -> None:
    """The moments of some slots have come: their readers' rows are written with the timers' end.

    1. A stale one is left out, on the record.
    2. Each reader is written to once for a moment, however often it is fired.
    3. Whoever reads what another reads gets the same letter; with nothing to tell, none is sent.
    """
    for timer in timers:
        _, audience, slot = _parsed(timer)
        if scene.now - timer.due_at > LATE[slot.weekday is not None]:
            _leave_out(scene, timer)
            more = 0
        else:
            more = _send(scene, audience, slot, timer)
        if more == PAGE:
            scene.book.timers.start([replace(timer, subject=timer.subject + 1)])
        elif scene.book.choices.due(audience, slot, limit=1):
            scene.book.timers.start([_timer(scene, audience, slot)])


def _send(scene: Scene, name: str, slot: Slot, timer: Timer) -> int:
    """Write to the next readers of a slot; return how many those were."""
    readers = scene.book.choices.due(name, slot, before=timer.due_at, limit=PAGE)
    audience = scene.plan.audiences.get(name)
    if audience is not None and audience.enabled and readers:
        last = scene.book.fanouts.last()
        fanouts = _published(scene, audience, since=min(one.choice.read_to for one in readers))
        for number, (begins, same) in enumerate(_alike(readers, fanouts).items()):
            key = f"digest.{name}.{name_of(slot)}.{timer.due_at:%Y%m%dT%H%MZ}".replace("/", "~")
            key += f".{timer.subject}.{number}"
            new = fanouts[begins:]
            period = _period(new, slot, timer)
            _write(scene, audience, key, fanouts=new, readers=same, period=period)
        read = [replace(one.choice, read_to=last, read_at=timer.due_at) for one in readers]
        scene.book.choices.save(
            [one._replace(choice=choice) for one, choice in zip(readers, read, strict=True)]
        )
    return len(readers)


def _published(scene: Scene, audience: Audience, *, since: int) -> Sequence[Fanout]:
    """What went to the audience by mail behind that fan-out, by number, without what was stopped
    or is corrected already."""
    found = scene.book.fanouts.behind(since, audience=audience.name, channel=ChannelName.MAIL)
    corrected = {(one.incident, one.corrects) for one in found if one.corrects is not None}
    return [
        one
        for one in found
        if (one.incident, one.update) not in corrected and not _is_stopped(scene, one)
    ]


def _is_stopped(scene: Scene, fanout: Fanout) -> bool:
    totals = scene.book.fanouts.totals(fanout.incident, fanout.update)
    return bool(totals.get((fanout.audience, fanout.channel), {}).get(DeliveryState.CANCELLED))


def _alike(readers: Sequence[Chosen], fanouts: Sequence[Fanout]) -> Mapping[int, list[Chosen]]:
    """The readers by the first of these fan-outs that is new to them."""
    numbers = [fanout.id for fanout in fanouts]
    found: defaultdict[int, list[Chosen]] = defaultdict(list)
    for one in readers:
        found[bisect_right(numbers, one.choice.read_to)].append(one)
    return found


def _period(fanouts: Sequence[Fanout], slot: Slot, timer: Timer) -> Period:
    """The day or the week before the moment, and longer where a digest was left out."""
    weekly = slot.weekday is not None
    since = timer.due_at - timedelta(days=7 if weekly else 1)
    first = fanouts[0].opened_at if fanouts else since
    return Period(since=min(since, first), until=timer.due_at, weekly=weekly)


def _write(
    scene: Scene,
    audience: Audience,
    key: str,
    *,
    fanouts: Sequence[Fanout],
    readers: Sequence[Chosen],
    period: Period,
) -> None:
    lines = _lines(scene, audience, readers)
    if not lines or not (fanouts or audience.empty_digest):
        return
    statement = write(scene.plan, audience, key, _last_words(scene, fanouts), period)
    bulletin = Bulletin(
        key=key,
        kind=BulletinKind.DIGEST,
        audience=audience.name,
        at=scene.now,
        statement=statement,
        facts={"updates": len(fanouts)},
    )
    post(scene, bulletin, lines)


def _last_words(scene: Scene, fanouts: Sequence[Fanout]) -> Sequence[LastWord]:
    """The last word on each incident, the newest first, with how many it is the last of."""
    by_incident: defaultdict[str, list[Fanout]] = defaultdict(list)
    for fanout in fanouts:
        by_incident[fanout.incident].append(fanout)
    newest_first = sorted(by_incident.values(), key=lambda of_one: -of_one[-1].id)
    return [_last_word(scene, of_one[-1], len(of_one)) for of_one in newest_first]


def _last_word(scene: Scene, last: Fanout, of: int) -> LastWord:
    telling = Telling(
        incident=scene.book.incidents.get(last.incident),
        update=scene.book.updates.get(last.incident, last.update),
        plan=scene.plan,
        incident_url=scene.house.incident_url(last.incident),
    )
    return LastWord(telling=telling, at=last.opened_at, of=of)


def _lines(scene: Scene, audience: Audience, readers: Sequence[Chosen]) -> list[Line]:
    """The rows of those readers who are still in the audience's list."""
    chosen: dict[str, Choice] = {one.address: one.choice for one in readers}
    held = scene.book.suppressions.among([*chosen], now=scene.now)
    lines = []
    for person in scene.book.recipients.found(audience.name, [*chosen]):
        address = person.email.casefold()
        reason = held.get(address)
        if person.channels and ChannelName.MAIL not in person.channels:
            reason = Reason.UNSUBSCRIBED
        language = chosen[address].language or person.language
        zone = chosen[address].time_zone or person.time_zone
        lines.append(Line(person.email, person.name, language, reason, zone))
    return lines


def _leave_out(scene: Scene, timer: Timer) -> None:
    late = int((scene.now - timer.due_at).total_seconds())
    scene.book.audit.add(
        Deed(
            at=scene.now,
            by=scene.by,
            via=scene.via,
            action="digest.left_out",
            subject=timer.key,
            detail={"due_at": timer.due_at.isoformat(), "late_seconds": late},
        )
    )


def _timer(scene: Scene, audience: str, slot: Slot) -> Timer:
    return Timer(
        key=f"digest:{audience}:{name_of(slot)}",
        due_at=next_at(slot, scene.now),
        kind=TIMERS[0],
        incident="",
    )


def _parsed(timer: Timer) -> tuple[str, str, Slot]:
    kind, audience, slot = timer.key.split(":", 2)
    return kind, audience, slot_of(slot)
