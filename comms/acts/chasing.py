"""Chasing: who does not acknowledge in time is told again by the next channel, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial

from comms.acts.show import show_reach
from comms.chase import Seen
from comms.choice import Choice, Wish
from comms.desk import Scene
from comms.ledger import Fanout, FanoutState, Line
from comms.plan.model import Audience, ChannelName, Plan
from comms.planning import opened, place, wake
from comms.quiet_now import QuietNow
from comms.recipient import Listed, Recipient
from comms.timer import Timer
from comms.update import ENDS, Update, UpdateState
from comms.ways import PageOfWays

CHASE = "acknowledge.chase"
SHOW = "acknowledge.show"

TIMERS = (CHASE, SHOW)
"""The kinds of timers that are set for acknowledgements."""

SHOW_AFTER = timedelta(seconds=5)
"""So long the reach card waits for more who have seen the same update."""

LOOK_AGAIN = timedelta(minutes=1)
"""A fan-out whose rows are still being written is looked at again."""

BY = {
    ChannelName.CHAT: "in a chat",
    ChannelName.MAIL: "by mail",
    ChannelName.TEAMS: "in the war room",
}


def await_answers(scene: Scene, update: Update, fanouts: Sequence[Fanout]) -> None:
    """Update `update` goes out now: its readers are waited for, where the plan asks them."""
    plan = scene.plan_for(scene.book.incidents.get(update.incident))
    scene.book.timers.set([t for fanout in fanouts for t in _waits(scene, plan, update, fanout)])


def await_released(scene: Scene, fanouts: Sequence[Fanout]) -> None:
    """The quiet hours of some readers are over: they are waited for from now on."""
    for fanout in fanouts:
        update = scene.book.updates.get(fanout.incident, fanout.update)
        plan = scene.plan_for(scene.book.incidents.get(fanout.incident))
        scene.book.timers.start(_waits(scene, plan, update, fanout))


def _waits(scene: Scene, plan: Plan, update: Update, fanout: Fanout) -> list[Timer]:
    audience = plan.audiences.get(fanout.audience)
    if update.kind in ENDS or not fanout.channel.is_personal:
        return []  # when all is over nobody is asked
    if audience is None or audience.acknowledge is None or not audience.asks(update.severity):
        return []
    return [_timer(scene, fanout, audience.acknowledge.within)]


def seen(scene: Scene, key: str, number: int) -> None:
    """Somebody has acknowledged: the reach card shows it, with all who do so in these seconds."""
    due_at = scene.now + SHOW_AFTER
    timer = Timer(
        key=f"seen:{key}:{number}", due_at=due_at, kind=SHOW, incident=key, subject=number
    )
    scene.book.timers.start([timer])


def seen_by(scene: Scene, update: Update, *, named: int = 0) -> Mapping[str, Seen]:
    """Who has acknowledged an update, by audience; so many who have not are named."""
    plan = scene.plan_for(scene.book.incidents.get(update.incident))
    asked = [
        audience.name
        for audience in plan.among(update.audiences)
        if audience.asks(update.severity) and update.kind not in ENDS
    ]
    return scene.book.chases.seen(update.incident, update.number, asked=asked, named=named)


def fire(scene: Scene, timers: Sequence[Timer]) -> None:
    """The time to answer is over for some, or who has answered is to be shown."""
    for timer in timers:
        if timer.kind == SHOW:
            show_reach(scene, timer.incident, timer.subject)
    found = [scene.book.chases.fanout(t.subject) for t in timers if t.kind == CHASE]
    # The last channel first: whoever comes to it now has only been told by it now.
    for fanout in sorted(filter(None, found), key=partial(_turn, scene), reverse=True):
        _look(scene, fanout)


def _look(scene: Scene, fanout: Fanout) -> None:
    audience = _audience(scene, fanout)
    if audience is None or audience.acknowledge is None or not _is_newest(scene, fanout):
        return
    if fanout.state is FanoutState.PLANNING:
        scene.book.timers.set([_timer(scene, fanout, LOOK_AGAIN)])
    elif people := _silent(scene, fanout, audience):
        _chase(scene, fanout, audience, people)


def _chase(scene: Scene, fanout: Fanout, audience: Audience, people: Sequence[Listed]) -> None:
    told: dict[ChannelName, int] = {}
    for channel, lines in _by_channel(scene, fanout, audience, people).items():
        instead = opened(scene, fanout, channel)
        count = scene.book.chases.hand_over(instead, lines, now=scene.now) if instead else 0
        if instead is None or not count:
            continue
        scene.book.fanouts.ready(instead)
        wake(scene, instead, lines)
        told[channel] = count
        if channel.is_personal and audience.acknowledge:
            scene.book.timers.set([_timer(scene, instead, audience.acknowledge.within)])
    again = ", ".join(f"{BY[channel]} ({count})" for channel, count in told.items())
    scene.tell(
        fanout.incident,
        "update.chased",
        f"{len(people)} of {audience.label} have not acknowledged update {fanout.update}: "
        + (f"told again {again}" if again else "there is no other way to tell them"),
        update=fanout.update,
        audience=audience.name,
        silent=len(people),
        told=sum(told.values()),
    )
    show_reach(scene, fanout.incident, fanout.update)


def _silent(scene: Scene, fanout: Fanout, audience: Audience) -> Sequence[Listed]:
    """Who has not answered, unless they want nothing any more."""
    lines = scene.book.chases.silent(fanout)
    addresses = [line.address.casefold() for line in lines]
    listed = {
        person.email.casefold(): person
        for person in scene.book.recipients.found(audience.name, addresses)
    }
    chosen = scene.book.choices.among([audience.name], addresses)

    def is_told(address: str) -> bool:
        choice = chosen.get((audience.name, address), Choice())
        return not (audience.may_stop and choice.wish is Wish.NOTHING)

    def person(line: Line, address: str) -> Listed:
        # Who is of the audience by a role is in no list.
        known = listed.get(address, Recipient(email=line.address))
        quiet = chosen.get((audience.name, address), Choice()).quiet or known.quiet
        wanted = " ".join(known.channels)
        return Listed(0, line.address, line.name, line.language, wanted, line.time_zone, quiet)

    found = zip(lines, addresses, strict=True)
    return [person(line, address) for line, address in found if is_told(address)]


def _by_channel(
    scene: Scene, fanout: Fanout, audience: Audience, people: Sequence[Listed]
) -> Mapping[ChannelName, Sequence[Line]]:
    """Sort people by the next channel that reaches them; whom none does are left out."""
    update = scene.book.updates.get(fanout.incident, fanout.update)
    statements = scene.book.updates.statements(update)
    written = {said.channel for said in statements if said.audience == audience.name}
    ways = PageOfWays(scene, people, audiences=[audience])
    quiet = QuietNow(scene, audience, update.severity)
    found: dict[ChannelName, list[Line]] = {}
    for person in people:
        for channel in _after(audience, fanout.channel, person.channels):
            if channel not in written:
                continue
            if not channel.is_personal:
                found[channel] = [place(fanout, channel)]
                break
            if ways.closed(channel, person.email.casefold()) is None:
                found.setdefault(channel, []).append(_line(person, quiet))
                break
    return found


def _line(person: Listed, quiet: QuietNow) -> Line:
    until = quiet.until(person.quiet, person.time_zone)
    return Line(person.email, person.name, person.language, None, person.time_zone, until)


def _after(audience: Audience, channel: ChannelName, wanted: str) -> Iterator[ChannelName]:
    """By which channels somebody is told when there is no answer by this one, in turn."""
    then = audience.acknowledge.then if audience.acknowledge else ()
    turns = (*audience.order(wanted), *then)
    for turn in turns[turns.index(channel) + 1 :] if channel in turns else then:
        if not turn.is_personal or audience.allows(turn, wanted):
            yield turn


def _turn(scene: Scene, fanout: Fanout) -> int:
    """The place of a fan-out's channel among its audience's."""
    audience = _audience(scene, fanout)
    ways = audience.ways if audience else ()
    return ways.index(fanout.channel) if fanout.channel in ways else 0


def _audience(scene: Scene, fanout: Fanout) -> Audience | None:
    """Whom a fan-out tells, as the plan holds for its incident; None: the plan has them no more."""
    plan = scene.plan_for(scene.book.incidents.get(fanout.incident))
    return plan.audiences.get(fanout.audience)


def _is_newest(scene: Scene, fanout: Fanout) -> bool:
    """True where nothing newer has gone to that audience: else that asks, or nobody needs to."""
    return not any(
        update.number > fanout.update
        and update.state is UpdateState.APPROVED
        and fanout.audience in update.audiences
        for update in scene.book.updates.of(fanout.incident)
    )


def _timer(scene: Scene, fanout: Fanout, after: timedelta) -> Timer:
    return Timer(
        key=f"acknowledge:{fanout.id}",
        due_at=scene.now + after,
        kind=CHASE,
        incident=fanout.incident,
        subject=fanout.id,
    )
