"""The card of a role's checklist, shown to whoever takes the role; a tap ticks an item off."""

from __future__ import annotations

from bot.cards.wording import clock, headed
from comms.channels.teams.card import fill_card
from comms.checklist import Checklist, Line
from comms.incident import Incident, Status
from comms.people import Role
from comms.plan.model import Plan


def checklist_card(
    *, incident: Incident, checklist: Checklist, plan: Plan, moved: bool = False
) -> dict[str, object]:
    """Return the list in its present state, with the house rules beneath.

    A list that is shown anew further down (`moved`), and that of an incident which is over, has
    nothing to tap.
    """
    over = incident.status in {Status.REVIEWED, Status.CLOSED}
    context = headed(incident) | {
        "fallback": f"{incident.key}: checklist of the {checklist.role.label}",
        "headline": _headline(incident, checklist.role),
        "note": "It is shown anew further down." if moved else _progress(checklist),
        "role": checklist.role.value,
        "may_tick": not (moved or over),
        "items": [] if moved else [_item(line, plan) for line in checklist.lines],
        "rules": [] if moved else list(plan.conduct.rules_for(incident)),
        "rules_first": not checklist.done,
        "last": checklist.last.item if checklist.last else "",
    }
    return fill_card("cards/checklist.json", context)


def _headline(incident: Incident, role: Role) -> str:
    holder = incident.holder(role)
    return f"{role.label.capitalize()}: {holder.name}" if holder else role.label.capitalize()


def _progress(checklist: Checklist) -> str:
    if not checklist.lines:
        return "There is no checklist for this role."
    done = f"{checklist.done} of {len(checklist.lines)} done"
    return done if checklist.done else f"{done}. Tap what is."


def _item(line: Line, plan: Plan) -> dict[str, str]:
    """`by` is '' while it is not ticked."""
    tick = line.tick
    return {
        "id": line.item.id,
        "text": line.item.text,
        "by": f"{tick.by.name}, {clock(tick.at, plan)}" if tick else "",
    }
