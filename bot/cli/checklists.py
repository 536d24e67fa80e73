"""`sitrep checklists` and `sitrep tick`: go through what a role looks at."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.cli import say
from bot.cli.client import client
from bot.cli.say import AsJson

Key = Annotated[str, typer.Argument(metavar="KEY", help="The incident, such as INC-41.")]


def checklists(key: Key, as_json: AsJson = False) -> None:
    """Show the house rules and checklists of an incident, with who has ticked what off."""
    told = client().get(f"/incidents/{key}/checklists")
    if as_json:
        say.document(told)
        return
    for rule in told["house_rules"]:
        say.line(f"- {rule}")
    show_checklists(told)


def tick(
    key: Key,
    role: Annotated[
        str, typer.Argument(metavar="ROLE", help="incident_commander, comms_lead or scribe.")
    ],
    number: Annotated[int, typer.Argument(min=1, help="The item's number in the list.")],
    *,
    by: Annotated[str, typer.Option(metavar="EMAIL", help="Who says that it is done.")],
    name: Annotated[str, typer.Option(help="How people call them.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the tick back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tick an item of a checklist off."""
    named = role.casefold().replace("-", "_").replace(" ", "_")
    lists = client().get(f"/incidents/{key}/checklists")["checklists"]
    items: list[dict[str, Any]] = next((one["items"] for one in lists if one["role"] == named), [])
    if number > len(items):
        have = f"items 1 to {len(items)}" if items else "no items"
        raise typer.BadParameter(f"the checklist of {named} has {have}", param_hint="NUMBER")
    body = {
        "item": items[number - 1]["id"],
        "person": {"email": by, "name": name},
        "done": not undo,
    }
    told = client().post(f"/incidents/{key}/checklists/{named}", body)
    if as_json:
        say.document(told)
    else:
        show_checklists({"checklists": [told]})


def show_checklists(told: dict[str, Any]) -> None:
    """Print each list as a table, numbered as `sitrep tick` counts."""
    for checklist in told["checklists"]:
        say.line()
        say.table(
            ("", say.label(checklist["role"]), "by", "at"),
            (
                (number, item["text"], *_by(item))
                for number, item in enumerate(checklist["items"], 1)
            ),
        )


def _by(item: dict[str, Any]) -> tuple[str, str]:
    who = item["ticked_by"]
    return (say.person(who), say.when(item["ticked_at"])) if who else ("–", "")
