"""What a catalogue may say: names that exist, no circles, nothing that nobody could keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from graphlib import CycleError, TopologicalSorter

from comms.plan.cadence_entry import check_rows, own_cadences
from comms.plan.document import Document, Path
from comms.plan.model import ChannelName
from comms.plan.problem import nearest
from comms.plan.schema import AudienceEntry, PlanFile
from comms.plan.service_entry import OwnEntry, ServiceEntry
from comms.plan.transports import Transports, check_transports

LISTED = 40
"""So many names are listed to whoever mistyped one."""


Worded = Callable[[ChannelName], list[str]]
"""The folders of templates that word an update for a channel."""


def check_catalogue(
    entry: PlanFile, found: Document, worded: Worded, transports: Transports
) -> None:
    """Add to the document's problems what is wrong with its services."""
    if entry.listed_services_only and not entry.services:
        at: Path = ("listed_services_only",)
        found.problem("no service is listed: nobody could name one", found.values[at], at)
    _check_words(entry.services, found)
    for name, service in entry.services.items():
        for place, dependant in enumerate(service.dependants):
            at = ("services", name, "dependants", place)
            if dependant == name:
                found.problem(f"{name} cannot depend on itself", found.values[at], at)
            elif dependant not in entry.services:
                message = _missing("service", dependant, entry.services)
                found.problem(message, found.values[at], at)
        for audience, own in service.audiences.items():
            at = ("services", name, "audiences", audience)
            if audience not in entry.audiences:
                message = _missing("audience", audience, entry.audiences)
                found.problem(message, found.keys[at], at)
            else:
                _check_own(at, own, entry.audiences[audience], found, worded)
                check_rows(own_cadences(own.cadence, entry.time_zone), found, (*at, "cadence"))
                _check_mail(audience, own, entry.audiences[audience], found, transports)
    _check_circles(entry.services, found)


def _check_words(services: Mapping[str, ServiceEntry], found: Document) -> None:
    """Each service is found by its name and by its label: no two may share one."""
    whose: dict[str, str] = {name: name for name in services}
    for name, service in services.items():
        word = " ".join(service.label.casefold().split())
        if word and whose.setdefault(word, name) != name:
            at: Path = ("services", name, "label")
            message = f"the service {whose[word]!r} is called so already"
            found.problem(message, found.values[at], at)


def _check_own(
    at: Path, own: OwnEntry, audience: AudienceEntry, found: Document, worded: Worded
) -> None:
    if audience.external and own.approval == []:
        here: Path = (*at, "approval")
        message = "what people outside read needs at least one approval"
        found.problem(message, found.keys[here], here)
    for place, channel in enumerate(own.channels or ()):
        if why := _forbidden(channel, audience, str(at[-1]), worded):
            here = (*at, "channels", place)
            found.problem(why, found.values[here], here)


def _forbidden(channel: ChannelName, audience: AudienceEntry, name: str, worded: Worded) -> str:
    """Return why these people cannot be told by a channel; '' where they can."""
    if channel is ChannelName.PAGE and not audience.external:
        return "the page is public: an audience that reads it is 'external: true'"
    for failing, instead in audience.failover.items():
        if instead is channel:
            return f"{channel} stands in for {failing} there already; it cannot be both"
    template = audience.template or name
    if audience.enabled and template not in worded(channel):
        known = worded(channel)
        near = nearest(template, known)
        return f"there are no {channel} templates {template!r}.{near} Known: {', '.join(known)}."
    return ""


def _check_mail(
    name: str, own: OwnEntry, audience: AudienceEntry, found: Document, transports: Transports
) -> None:
    """Whoever gets mail only because of a service needs a transport that reaches them, too."""
    if ChannelName.MAIL in (own.channels or ()) and ChannelName.MAIL not in audience.channels:
        mailed = audience.model_copy(update={"channels": own.channels})
        check_transports(name, mailed, found, transports)


def _check_circles(services: Mapping[str, ServiceEntry], found: Document) -> None:
    """Name each circle, at the step that closes it; without that step the others are found."""
    order = list(services)
    follow = {name: {*services[name].dependants} & {*order} - {name} for name in order}
    while circle := _circle(follow):
        first = min(range(len(circle)), key=lambda at: order.index(circle[at]))
        names = [*circle[first:], *circle[:first]]
        follow[names[-1]].discard(names[0])
        at: Path = (
            "services",
            names[-1],
            "dependants",
            services[names[-1]].dependants.index(names[0]),
        )
        said = " → ".join((*names, names[0]))
        found.problem(f"services depend on each other in a circle: {said}", found.values[at], at)


def _circle(follow: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(follow).prepare()
    except CycleError as error:
        # It names the circle against the direction in which it is followed, its first twice.
        return list(reversed(error.args[1]))[:-1]
    return []


def _missing(what: str, name: str, known: Mapping[str, object]) -> str:
    listed = f" Known: {', '.join(known)}." if len(known) <= LISTED else ""
    return f"there is no {what} {name!r}.{nearest(name, known)}{listed}"
