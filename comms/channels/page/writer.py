"""What customers read on the status page, written from their projection alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from comms.channels.page.notice import Notice, headline, printable, public_id, to_json
from comms.incident import Status
from comms.language import SOURCE, translations
from comms.moment import Moment
from comms.plan.model import Audience, ChannelName
from comms.projection import Telling
from comms.remark import remark
from comms.render import fill, thread
from comms.statement import HTML, NOTICE, PLAIN, Statement
from comms.update import Kind

LABELS = {
    Status.TRIAGE: "Investigating",
    Status.DECLARED: "Investigating",
    Status.INVESTIGATING: "Investigating",
    Status.IDENTIFIED: "Cause identified",
    Status.MONITORING: "Fix in place, monitoring",
    Status.RESOLVED: "Resolved",
    Status.REVIEWED: "Resolved",
    Status.CLOSED: "Resolved",
}
"""The states as customers know them; our inner stages are one to them."""

SENTENCES = {
    "Investigating": "We are investigating a problem.",
    "Cause identified": "We have found the cause of a problem and are working on a fix.",
    "Fix in place, monitoring": "A fix is in place. We are watching it closely.",
    "Resolved": "The problem is resolved.",
}
"""What a notice says where nobody has written what customers see."""

WORDED_AS = {
    Kind.FIRST: Kind.UPDATE,
    Kind.NO_CHANGE: Kind.UPDATE,
    Kind.SEVERITY: Kind.UPDATE,
    Kind.CORRECTION: Kind.UPDATE,
    Kind.REVIEW: Kind.RESOLVED,
}
"""These read like one of the others, with a remark."""


def write(telling: Telling, audience: Audience, context: Mapping[str, object]) -> Statement:
    """Return the page's statement: the notice (JSON), its HTML exactly as shown, its text.

    The templates are filled from the notice and nothing else, so what the notice cannot hold
    (title, severity, names, needs) cannot be shown, whatever the plan grants.
    """
    issued, promised = (
        cast(Moment, context["issued_at"]),
        cast(Moment | None, context["next_update"]),
    )
    notice = Notice(
        incident=public_id(telling.incident),
        update=telling.update.number,
        kind=telling.update.kind,
        status=telling.update.status,
        symptom=_typed(context, "symptom"),
        scope=_typed(context, "scope"),
        workaround=_typed(context, "workaround"),
        issued_at=issued.at.replace(microsecond=0),
        next_update=promised.at.replace(microsecond=0) if promised else None,
        corrects=telling.update.corrects,
        remark=_remark(context),
    )
    shown = _shown(notice, issued=issued, promised=promised)
    source = f"{audience.template}/{WORDED_AS.get(notice.kind, notice.kind)}.page"
    return Statement(
        incident=telling.update.incident,
        update=notice.update,
        audience=audience.name,
        channel=ChannelName.PAGE,
        subject=headline(notice.symptom, notice.status),
        parts={
            NOTICE: to_json(notice),
            HTML: fill(f"{source}.html", shown),
            PLAIN: fill(f"{source}.txt", shown),
        },
        thread=thread(telling.update, audience),
    )


def _remark(context: Mapping[str, object]) -> str:
    """What letters say of it, but no severity; a first notice is seen to be one on the page."""
    if context["kind"] == Kind.FIRST:
        return ""
    public = {name: value for name, value in context.items() if not name.startswith("severity")}
    return remark(public, translations(SOURCE))


def _typed(context: Mapping[str, object], name: str) -> str:
    return printable(str(context.get(name, "")))


def _shown(notice: Notice, *, issued: Moment, promised: Moment | None) -> dict[str, object]:
    label = LABELS[notice.status]
    return {
        "label": label,
        "tone": tone(notice.status),
        "number": notice.update,
        "issued": issued,
        "symptom": (notice.symptom or SENTENCES[label]).split("\n"),
        "scope": notice.scope.split("\n") if notice.scope else [],
        "workaround": notice.workaround.split("\n") if notice.workaround else [],
        "promised": promised,
        "promised_words": by(issued, promised) if promised else "",
        "remark": notice.remark,
    }


def tone(status: Status) -> str:
    """Return how the page colours a state: open, watch or well."""
    if not status.is_open:
        return "well"
    return "watch" if status is Status.MONITORING else "open"


def by(issued: Moment, promised: Moment) -> str:
    """Return '14:30 UTC' on the notice's own day, else with the day, lest it be misread."""
    same_day = issued.full.split(",", 1)[0] == promised.full.split(",", 1)[0]
    return promised.clock if same_day else promised.full
