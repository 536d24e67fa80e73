"""Asks: needs that live in the war room until they are met."""

from __future__ import annotations

from dataclasses import replace

from comms.acts.show import show_ask
from comms.ask import Ask, AskState
from comms.desk import Scene
from comms.errors import Conflict
from comms.update import Update


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
            dropped = replace(ask, state=AskState.DROPPED)
            scene.book.asks.save(dropped)
            show_ask(scene, dropped)
    for words, need in wanted.items():
        if words in live:
            continue
        ask = scene.book.asks.add(
            Ask(id=0, incident=update.incident, need=need, raised_at=scene.now)
        )
        scene.tell(update.incident, "ask.raised", f"Needed: {words}", ask=ask.id)
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
    scene.book.asks.save(met)
    scene.tell(ask.incident, "ask.met", f"{scene.by.name}: met – {ask.need.text}", ask=ask.id)
    show_ask(scene, met)
    return met
