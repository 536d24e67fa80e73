"""'No change': what readers were told last, told again with the time of the next update."""

from __future__ import annotations

from comms.acts.approve import Approved, approve
from comms.acts.draft import Preview, draft, opening
from comms.acts.kind import last_approved
from comms.approval import rights
from comms.desk import Scene
from comms.errors import Invalid
from comms.people import Person
from comms.update import UpdateState


def draft_unchanged(scene: Scene, key: str) -> Preview:
    """Draft the last update again, for those who read it. `draft` refuses a third in a row."""
    last = last_approved(scene, key)
    if last is None:
        raise Invalid("There is no update yet that could be repeated.")
    return draft(scene, key, report=opening(scene, key), audiences=last.audiences)


def send_unchanged(scene: Scene, key: str, *, by: Person) -> Approved:
    """Draft it and approve it in one: its words were approved before, by those who read them.

    Where the plan asks for roles that this person does not have, it waits for them.
    """
    drafted = draft_unchanged(scene, key)
    update = drafted.update
    held = rights(by, scene.book.incidents.get(key), scene.plan)
    if update.state is UpdateState.APPROVED or (drafted.needed and not held & set(drafted.missing)):
        return Approved(update=update, needed=drafted.missing)
    return approve(scene, key, update.number, hash=update.hash, approver=by)
