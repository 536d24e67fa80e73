"""Asks: needs that live in the war room until they are met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comms import text
from comms.acts.show import show_ask, show_unmet
from comms.ask import Ask, AskState
from comms.desk import Scene
from comms.errors import Conflict
from comms.incident import Status
from comms.timer import Timer
from comms.update import Update

TIMERS = ("ask.due",)
"""The kinds of timers that are set for asks."""


def raise_asks(scene: Scene, update: Update) -> None:
    """The needs of a sent report become asks; an ask that it no longer names is dropped.

    What was met since the report was drafted is not asked for again.
    """
    asked = scene.book.asks.of(update.incident)
    live = {ask.need.text: ask for ask in asked if ask.is_live}
    met = {ask.need.text for ask in asked if ask.met_at and ask.met_at >= update.drafted_at}
    wanted = {need.text: need for need in update.report.needs if need.text not in met}
    for words, ask in live.items():
        if words not in wanted:
            _end(scene, replace(ask, state=AskState.DROPPED))
    for words, need in wanted.items():
        if words in live:
            continue
        ask = scene.book.asks.add(
            Ask(id=0, incident=update.incident, need=need, raised_at=scene.now)
        )
        scene.tell(update.incident, "ask.raised", f"Needed: {words}", ask=ask.id)
        _remind_later(scene, ask)
        show_ask(scene, ask)


def take(scene: Scene, ask_id: int) -> Ask:
    """'I take it.' Taking it twice changes nothing; from somebody else it is a conflict."""
    ask = scene.book.asks.get(ask_id)
    if ask.taken_by and ask.taken_by.is_same(scene.by):
        return ask
    if not ask.is_live or ask.taken_by:
        raise Conflict(f"{ask.taken_by.name} has it." if ask.taken_by else f"It is {ask.state}.")
    taken = replace(ask, state=AskState.TAKEN, taken_by=scene.by)
    scene.book.asks.save(taken)
    scene.tell(ask.incident, "ask.taken", f"{scene.by.name} takes: {ask.need.text}", ask=ask.id)
    show_ask(scene, taken)
    return taken


def meet(scene: Scene, ask_id: int) -> Ask:
    """The need is met."""
    ask = scene.book.asks.get(ask_id)
    if not ask.is_live:
        return ask
    met = replace(ask, state=AskState.MET, met_at=scene.now, taken_by=ask.taken_by or scene.by)
    scene.tell(ask.incident, "ask.met", f"{scene.by.name}: met – {ask.need.text}", ask=ask.id)
    return _end(scene, met)


def decline(scene: Scene, ask_id: int, *, reason: str = "") -> Ask:
    """'I can't.' The ask is open again, and says who cannot; once per person."""
    ask = scene.book.asks.get(ask_id)
    if not ask.is_live:
        raise Conflict(f"It is {ask.state}.")
    if ask.taken_by and not ask.taken_by.is_same(scene.by):
        raise Conflict(f"{ask.taken_by.name} has it.")
    if not ask.taken_by and ask.declined_by and ask.declined_by.is_same(scene.by):
        return ask
    back = replace(ask, state=AskState.OPEN, taken_by=None, declined_by=scene.by)
    scene.book.asks.save(back)
    why = text.line(reason, pointer="/reason")
    said = f"{scene.by.name} can't: {ask.need.text}" + (f" ({why})" if why else "")
    scene.tell(ask.incident, "ask.declined", said, ask=ask.id)
    show_ask(scene, back)
    return back


def fire(scene: Scene, timers: Sequence[Timer]) -> None:
    """The time of these asks has come: those who are to meet them are reminded, and again later."""
    for timer in timers:
        ask = scene.book.asks.get(timer.subject)
        status = scene.book.incidents.get(ask.incident).status
        if not ask.is_live or status is Status.CLOSED:
            continue
        if status.is_open:
            show_unmet(scene, ask)
        _remind_later(scene, ask)


def _end(scene: Scene, ask: Ask) -> Ask:
    scene.book.asks.save(ask)
    scene.book.timers.cancel(f"ask:{ask.id}:")
    show_ask(scene, ask)
    return ask


def _remind_later(scene: Scene, ask: Ask) -> None:
    timer = Timer(
        key=f"ask:{ask.id}:due",
        due_at=ask.remind_at(scene.now),
        kind=TIMERS[0],
        incident=ask.incident,
        subject=ask.id,
    )
    scene.book.timers.set([timer])
