"""Subscribing: somebody enters an address, and only whoever reads its mail makes it one."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from comms.acts.bulletins import line_to, post
from comms.bulletin import Bulletin, BulletinKind
from comms.channels.mail.address import addr_spec
from comms.channels.mail.confirmation import confirmation_letter
from comms.channels.mail.times import in_zone
from comms.choice import Choice, Chosen, Wish
from comms.desk import Scene
from comms.errors import NotFound, TooMany, Unavailable
from comms.language import nearest, spoken
from comms.ledger import Filter
from comms.moment import moment
from comms.plan.model import Audience, ChannelName, Plan
from comms.recipient import Recipient, checked_address, checked_language, checked_zone
from comms.statement import Statement
from comms.timeline import Deed

VALID = timedelta(hours=48)
"""How long the link in a confirmation works."""

SOON = 500
"""The priority of a confirmation: somebody waits for it, though no incident does."""

PER_ADDRESS, DAY = 3, timedelta(days=1)
PER_SOURCE, HOUR = 10, timedelta(hours=1)
IN_ALL, SHORT = 60, timedelta(minutes=10)
"""So many confirmations are sent to an address in a day, for a source in an hour, and in all."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody has entered. `source` tells apart who asks, without telling who it is."""

    email: str
    language: str = ""
    time_zone: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Subscribed:
    """Who has confirmed: the audience that they are in, and the letter that asked them."""

    audience: Audience
    delivery: int
    language: str


def open_to_all(plan: Plan) -> tuple[Audience, ...]:
    """The audiences that anybody may enter."""
    return tuple(
        audience
        for audience in plan.enabled()
        if audience.self_subscribed and ChannelName.MAIL in audience.channels
    )


def ask(scene: Scene, name: str, wanted: Wanted) -> None:
    """Send a letter that asks whether the address really wants to be written to.

    Nobody is told whether the address is known: all is the same for one that has subscribed, has
    stopped, or was asked too often today (then nothing is sent). Until it is confirmed it is no
    recipient. Invalid for an address that cannot be written to; TooMany for a source that asks
    for many; Unavailable without a public address, as there can be no link then.
    """
    audience = _open(scene, name)
    email = checked_address(wanted.email)
    addr_spec(email)
    zone = checked_zone(wanted.time_zone)
    language = nearest(checked_language(wanted.language) or scene.plan.language, spoken())
    _not_too_many(scene, wanted.source)
    nonce = secrets.token_urlsafe(12)
    url = scene.house.confirm_url(nonce)
    if not url:
        raise Unavailable("Nobody can subscribe: this installation has no public address.")
    whom = f"address:{hashlib.sha256(email.casefold().encode()).hexdigest()[:32]}"
    before = scene.book.bulletins.find(
        kind=BulletinKind.CONFIRMATION, about=whom, limit=PER_ADDRESS
    )
    if sum(scene.now - one.at < DAY for one in before) >= PER_ADDRESS:
        return
    bulletin = Bulletin(
        key=f"confirmation.{nonce}",
        kind=BulletinKind.CONFIRMATION,
        audience=audience.name,
        about=whom,
        at=scene.now,
        statement=_letter(scene, audience, f"confirmation.{nonce}", url, language or ""),
        facts={"source": wanted.source, "language": wanted.language, "time_zone": zone},
    )
    post(scene, bulletin, [line_to(scene, Recipient(email=email, time_zone=zone))], priority=SOON)


def asked(scene: Scene, nonce: str) -> Audience:
    """Return what a link to confirm is for. NotFound where it is over, or never was."""
    return _open(scene, _found(scene, nonce).audience)


def confirm(scene: Scene, nonce: str) -> Subscribed:
    """The address wants to be written to; confirming again is all one.

    Whoever had stopped gets every update again; another choice of theirs stays.
    """
    bulletin = _found(scene, nonce)
    audience = _open(scene, bulletin.audience)
    [row] = scene.book.fanouts.rows(bulletin.key, Filter(limit=1))
    address, name = row.address.casefold(), audience.name
    language, zone = str(bulletin.facts["language"]), str(bulletin.facts["time_zone"])
    scene.book.recipients.subscribe(
        name, Recipient(email=row.address, language=language, time_zone=zone)
    )
    made = scene.book.choices.among([name], [address]).get((name, address), Choice())
    if made.wish is Wish.NOTHING:
        made = replace(made, wish=Wish.EVERY)
    choice = replace(made, language=language, time_zone=zone or made.time_zone, by_import=False)
    scene.book.choices.save([Chosen(name, address, choice)])
    scene.book.audit.add(
        Deed(
            at=scene.now,
            by=scene.by,
            via=scene.via,
            action="subscription.confirmed",
            subject=f"audience:{name}",
            detail={"delivery": row.id},
        )
    )
    return Subscribed(audience=audience, delivery=row.id, language=language)


def _open(scene: Scene, name: str) -> Audience:
    found = {audience.name: audience for audience in open_to_all(scene.plan)}
    if name not in found:
        raise NotFound("There is nothing here to subscribe to.")
    return found[name]


def _not_too_many(scene: Scene, source: str) -> None:
    lately = scene.book.bulletins.find(kind=BulletinKind.CONFIRMATION, limit=IN_ALL)
    theirs = [one for one in lately if one.facts.get("source") == source]
    too_many = len(lately) == IN_ALL and scene.now - lately[-1].at < SHORT
    if too_many or sum(scene.now - one.at < HOUR for one in theirs) >= PER_SOURCE:
        raise TooMany("Many have asked to subscribe just now. Please try again in an hour.")


def _found(scene: Scene, nonce: str) -> Bulletin:
    bulletin = scene.book.bulletins.get(f"confirmation.{nonce}")
    if bulletin is None or scene.now - bulletin.at > VALID:
        raise NotFound("This link does not work any more. Subscribe again to get a new one.")
    return bulletin


def _letter(scene: Scene, audience: Audience, key: str, url: str, language: str) -> Statement:
    plan = scene.plan
    until = moment(scene.now + VALID, plan.time_zone, language=language)
    made = confirmation_letter(plan=plan, confirm_url=url, until=until, language=language)
    return Statement(
        incident=key,
        update=0,
        audience=audience.name,
        channel=ChannelName.MAIL,
        subject=in_zone(made.subject, plan.time_zone.key, language),
        parts=made.parts,
        thread=key,
        language=language,
        time_zone=plan.time_zone.key,
    )
