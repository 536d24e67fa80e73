"""Planning: the ledger's rows for an approved update, written page by page before it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from comms.acts.sources import settle_on_call
from comms.chosen import PageOfChoices
from comms.delivery import DeliveryState, Reason
from comms.desk import Scene
from comms.holders import add_holders, holders
from comms.incident import Incident
from comms.ledger import REACHED, Fanout, FanoutState, Line
from comms.plan.model import Audience, ChannelName
from comms.recipient import Listed
from comms.statement import Statement
from comms.timer import Timer
from comms.update import Update
from comms.ways import PageOfWays

PAGE = 2_500
"""People a transaction: few enough that nobody else waits long for the database."""

AT_ONCE = 2
"""Pages that are written with the approval itself: a small audience is planned when it returns."""

WAKE = "quiet.end"
"""The timer at the end of quiet hours."""

PAGE_ADDRESS = "status page"


def open_fanouts(scene: Scene, incident: Incident, update: Update) -> tuple[Fanout, ...]:
    """Open a fan-out for each statement of an update, in the plan's order of audiences."""
    for audience in scene.plan.among(update.audiences):
        settle_on_call(scene, audience)
    return tuple(
        scene.book.fanouts.open(
            update=update.id,
            statement=statement,
            priority=incident.severity.rank * 100 + scene.plan.look_up(statement.audience).position,
            now=scene.now,
            corrects=update.corrects,
        )
        for statement in scene.book.updates.statements(update)
        if _goes_out(scene, incident, update, statement)
    )


def stand_in(scene: Scene, fanout: Fanout, channel: ChannelName) -> int:
    """Have another channel tell those whom a fan-out does not reach, once, by what was approved.

    Return how many it reaches or will; 0: nobody, for it has no statement, or no addresses.
    """
    instead = opened(scene, fanout, channel)
    if instead and instead.state is FanoutState.PLANNING and not instead.written:
        begin(scene, (instead,))
    totals = scene.book.fanouts.totals(fanout.incident, fanout.update)
    told = totals.get((fanout.audience, channel), {})
    return sum(told.get(state, 0) for state in (DeliveryState.PLANNED, *REACHED))


def opened(scene: Scene, fanout: Fanout, channel: ChannelName) -> Fanout | None:
    """The fan-out of the same update to the same audience by another channel, opened where it is
    not; None: nothing was approved for it."""
    update = scene.book.updates.get(fanout.incident, fanout.update)
    for statement in scene.book.updates.statements(update):
        if (statement.audience, statement.channel) == (fanout.audience, channel):
            return scene.book.fanouts.open(
                update=update.id, statement=statement, priority=fanout.priority, now=scene.now
            )
    return None


def _goes_out(scene: Scene, incident: Incident, update: Update, statement: Statement) -> bool:
    """What only stands in for a channel that fails waits; a correction follows where it went."""
    if statement.channel in scene.plan_for(incident).look_up(statement.audience).channels:
        return True
    if update.corrects is None:
        return False
    totals = scene.book.fanouts.totals(update.incident, update.corrects)
    told = totals.get((statement.audience, statement.channel), {})
    return any(told.get(state) for state in REACHED)


def begin(scene: Scene, fanouts: Sequence[Fanout]) -> None:
    """Write what fits into the transaction of the approval; `go_on` writes the rest later."""
    for fanout in fanouts:
        going: Fanout | None = fanout
        for _ in range(AT_ONCE):
            going = write_page(scene, going) if going else None


def go_on(scene: Scene) -> bool:
    """Write the next page of the most urgent plan; False when nothing is being planned."""
    waiting = scene.book.fanouts.planning(hold=True)
    if waiting:
        write_page(scene, waiting[0])
    return bool(waiting)


def is_planning(scene: Scene) -> bool:
    """True while rows of an approved update are still to be written."""
    return bool(scene.book.fanouts.planning())


def write_page(scene: Scene, fanout: Fanout) -> Fanout | None:
    """Write a page of a fan-out's rows; return where to go on, None when it is ready to send.

    Whom the channel does not reach is a row too, suppressed, with the reason. A correction goes to
    exactly those whom the wrong update has reached.
    """
    fanouts, after = scene.book.fanouts, fanout.written
    people: Sequence[Listed] = ()
    if fanout.corrects is not None:
        people = fanouts.told(fanout, after=after, limit=PAGE)
        written = people[-1].number if people else after
        lines = tuple(_corrected(scene, fanout, people))
        fanouts.write(fanout, lines, now=scene.now, written=written)
        wake(scene, fanout, lines)
    elif fanout.channel.is_personal:
        if not after:
            _write_holders(scene, fanout)
        people = scene.book.recipients.page(fanout.audience, after=after, limit=PAGE)
        apart = tuple(_apart(scene, fanout, people))
        fanouts.enlist(fanout, people, apart, now=scene.now)
        wake(scene, fanout, apart)
    else:
        fanouts.write(fanout, (place(fanout, fanout.channel),), now=scene.now)
    if len(people) < PAGE:
        if fanout.channel.is_personal:
            scene.book.holds.overtake(fanout, now=scene.now)
        fanouts.ready(fanout)
        return None
    return replace(fanout, written=people[-1].number)


def _write_holders(scene: Scene, fanout: Fanout) -> None:
    """Write the rows of those who are of the audience by their role in this very incident."""
    people = holders(scene, fanout.incident, scene.plan.look_up(fanout.audience))
    if people:
        apart = {line.address: line for line in _apart(scene, fanout, people)}
        plain = {one.email: Line(one.email, one.name, "", None, "") for one in people}
        lines = tuple({**plain, **apart}.values())
        scene.book.fanouts.write(fanout, lines, now=scene.now)
        wake(scene, fanout, lines)


def wake(scene: Scene, fanout: Fanout, lines: Sequence[Line]) -> None:
    """See to it that what is held is sent when the quiet hours of its readers end."""
    untils = {line.held_until for line in lines if line.held_until and not line.suppressed}
    timers = [
        Timer(key=f"quiet:{until.isoformat()}", due_at=until, kind=WAKE, incident=fanout.incident)
        for until in sorted(untils)
    ]
    scene.book.timers.start(timers)


def place(fanout: Fanout, channel: ChannelName) -> Line:
    """The one row of a channel that tells nobody by themselves: of the war room, or the page."""
    if channel is ChannelName.TEAMS:
        return Line(address=f"room:{fanout.incident}", name="War room")
    return Line(address=PAGE_ADDRESS, name="Status page")


def _corrected(scene: Scene, fanout: Fanout, people: Sequence[Listed]) -> Iterator[Line]:
    """Whoever read the wrong words reads the right ones, unless they have unsubscribed since."""
    page = PageOfChoices(scene, fanout, people, audiences=(fanout.audience,))
    held = _held(scene, fanout, people)
    # The ledger knows whom it told, and not when they want to be left alone.
    addresses = [person.email.casefold() for person in people]
    listed = scene.book.recipients.found(fanout.audience, addresses)
    quiet = {person.email.casefold(): person.quiet for person in listed}
    for told in people:
        person = told._replace(quiet=quiet.get(told.email.casefold(), ""))
        reason = held.get(person.email.casefold())
        if page.keeps_back(person, fanout.audience) is Reason.UNSUBSCRIBED:
            reason = Reason.UNSUBSCRIBED
        yield page.line(person, reason)


def _apart(scene: Scene, fanout: Fanout, people: Sequence[Listed]) -> Iterator[Line]:
    """The rows of those of whom more is known than the list says: few of many, as a rule."""
    plan = scene.plan_for(scene.book.incidents.get(fanout.incident))
    audience, channel = plan.look_up(fanout.audience), fanout.channel
    # In several audiences one is told in that which may see the most.
    beside = scene.book.fanouts.beside(fanout)
    others = {name: plan.look_up(name) for name in plan.more_detailed(audience.name, beside)}
    ways = PageOfWays(scene, people, audiences=[audience, *others.values()])
    told = _told_elsewhere(scene, fanout, ways, people, others)
    page = PageOfChoices(scene, fanout, people, audiences=[audience.name, *others])
    known = told.keys() | page.addresses
    for person in people:
        address = person.email.casefold()
        if (
            address not in known
            and not person.channels
            and ways.is_plain(audience, channel, address)
            and not page.is_held(person)
        ):
            continue
        chosen = page.keeps_back(person, audience.name)
        if not audience.allows(channel, person.channels):
            reason: Reason | None = Reason.UNSUBSCRIBED
        elif chosen is Reason.UNSUBSCRIBED:
            reason = chosen
        elif any(page.keeps_back(person, other) is None for other in told.get(address, ())):
            reason = Reason.DUPLICATE
        else:
            reason = ways.why_not(audience, channel, address, person.channels) or chosen
        yield page.line(person, reason)


def _held(scene: Scene, fanout: Fanout, people: Sequence[Listed]) -> Mapping[str, Reason]:
    """The addresses (casefolded) from which mail comes back, and why none goes there."""
    if fanout.channel is not ChannelName.MAIL:
        return {}
    return scene.book.suppressions.among([p.email.casefold() for p in people], now=scene.now)


def _told_elsewhere(
    scene: Scene,
    fanout: Fanout,
    ways: PageOfWays,
    people: Sequence[Listed],
    others: Mapping[str, Audience],
) -> Mapping[str, Sequence[str]]:
    """In which of the other audiences of this update these people (casefolded) are told."""
    if not others:
        return {}
    emails = [person.email for person in people]
    found = scene.book.recipients.among(emails, tuple(others))
    found = add_holders(scene, fanout.incident, emails, [*others.values()], found)
    told = {
        address: [
            name for name, wanted in audiences.items() if ways.tells(others[name], address, wanted)
        ]
        for address, audiences in found.items()
    }
    return {address: names for address, names in told.items() if names}
