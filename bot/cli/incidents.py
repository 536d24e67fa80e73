"""`sitrep declare`, `incidents`, `show`, `role`, `note`: the life of an incident."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.cli import say
from bot.cli.adherence import show_adherence
from bot.cli.checklists import show_checklists
from bot.cli.client import Client, client
from bot.cli.say import AsJson
from comms.incident import IncidentType, Severity
from comms.people import Role
from comms.update import Kind

Key = Annotated[str, typer.Argument(metavar="KEY", help="The incident, such as INC-41.")]


def declare(
    title: Annotated[str, typer.Argument(help="What is wrong, in a few words.")],
    *,
    severity: Annotated[
        Severity, typer.Option("--severity", "-s", case_sensitive=False, help="SEV1 is the worst.")
    ],
    type_: Annotated[IncidentType, typer.Option("--type")] = IncidentType.SERVICE,
    service: Annotated[
        list[str] | None, typer.Option(help="A service that is affected; may be repeated.")
    ] = None,
    summary: Annotated[str, typer.Option(help="What is known so far.")] = "",
    suspected: Annotated[
        bool, typer.Option("--suspected", help="Not sure yet: nothing is promised to anybody.")
    ] = False,
    drill: Annotated[
        bool, typer.Option("--drill", help="An exercise: it says so, and nobody outside is told.")
    ] = False,
    once: Annotated[
        str, typer.Option(metavar="KEY", help="Declare nothing twice under this key.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Declare an incident."""
    body = {
        "title": title,
        "severity": severity.value,
        "type": type_.value,
        "services": service or [],
        "summary": summary,
        "suspected": suspected,
        "drill": drill,
    }
    headers = {"Idempotency-Key": once} if once else {}
    told = client().post("/incidents", body, **headers)
    if as_json:
        say.document(told)
        return
    what = f"{told['severity']}, a drill" if told["drill"] else told["severity"]
    say.line(f"{told['key']} is {told['status']} ({what}): {told['title']}")
    for promise in told["promises"]:
        say.line(f"  {promise['audience']}: first update by {say.when(promise['due_at'])}")


def incidents(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]...", help="Words of the title, or a key.")
    ] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those still worked on.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: AsJson = False,
) -> None:
    """List incidents, newest first."""
    told = client().get(
        "/incidents",
        q=" ".join(words or []),
        open="true" if only_open else "false",
        limit=str(limit),
    )
    if as_json:
        say.document(told)
    elif not told["incidents"]:
        say.line("No incidents." if not words else "No incident has these words.")
    else:
        say.table(
            ("key", "severity", "status", "declared", "title"),
            (
                (
                    one["key"],
                    one["severity"],
                    one["status"],
                    say.when(one["declared_at"]),
                    one["title"],
                )
                for one in told["incidents"]
            ),
        )


def show(key: Key, as_json: AsJson = False) -> None:
    """Show all about an incident: its roles, promises, asks and updates, and its adherence."""
    api = client()
    told = api.get(f"/incidents/{key}")
    adherence = api.get(f"/incidents/{key}/adherence")
    lists = api.get(f"/incidents/{key}/checklists")
    if as_json:
        say.document(told | {"checklists": lists["checklists"], "adherence": adherence})
        return
    drill = "DRILL " if told["drill"] else ""
    say.line(f"{drill}{told['key']} {told['severity']} {told['status']}: {told['title']}")
    by, at = say.person(told["declared_by"]), say.when(told["declared_at"])
    say.line(f"Declared by {by}, {at}.")
    if told["summary"]:
        say.line(told["summary"])
    if told["services"]:
        say.line(f"Hit: {', '.join(told['services'])}.")
    _plans(told)
    _roles(told)
    _updates(told)
    show_owed(told)
    _asks(told)
    _sources(api)
    show_checklists(lists)
    show_adherence(adherence)


def _sources(api: Client) -> None:
    """Who may be missing from what is sent next."""
    for one in api.get("/sources")["sources"]:
        if one["warning"] and one["audiences"]:
            say.line(f"! {one['warning']}")


def role(
    key: Key,
    role_: Annotated[
        str, typer.Argument(metavar="ROLE", help="incident_commander, comms_lead or scribe.")
    ],
    email: Annotated[str, typer.Argument(help="The person's mail address.")],
    name: Annotated[str, typer.Option(help="How people call them.")] = "",
    as_json: AsJson = False,
) -> None:
    """Give a role to a person, in place of whoever had it."""
    named = role_.casefold().replace("-", "_").replace(" ", "_")
    body = {"role": named, "person": {"email": email, "name": name}}
    told = client().post(f"/incidents/{key}/roles", body)
    if as_json:
        say.document(told)
    else:
        say.line(f"{say.person(told['roles'][named])} is {Role(named).label} of {told['key']}.")


def note(
    key: Key,
    words: Annotated[str, typer.Argument(metavar="TEXT", help="What happened.")],
    as_json: AsJson = False,
) -> None:
    """Write a line into the timeline."""
    told = client().post(f"/incidents/{key}/timeline", {"text": words})
    if as_json:
        say.document(told)
    else:
        say.line(f"Noted, {say.when(told['at'])}.")


def _plans(told: dict[str, Any]) -> None:
    """The plan that it runs under, and those before it."""
    for number, one in enumerate(reversed(told["plans"])):
        name = f"version {one['version']} ({one['hash']})" if one["version"] else one["hash"]
        loaded = f", loaded {say.when(one['loaded_at'])}" if one["loaded_at"] else ""
        before = "Before that" if number else "Plan"
        say.line(f"{before}: {name}, since {say.when(one['since'])}{loaded}.")


def _roles(told: dict[str, Any]) -> None:
    if told["roles"]:
        say.line()
        say.table(
            ("role", "person"),
            ((say.label(name), say.person(held)) for name, held in told["roles"].items()),
        )


def _updates(told: dict[str, Any]) -> None:
    if told["updates"]:
        say.line()
        say.table(
            ("update", "kind", "state", "drafted", "sent", "reached", "seen", "audiences"),
            (
                (
                    one["number"],
                    Kind(one["kind"]).label,
                    one["state"],
                    say.when(one["drafted_at"]),
                    say.when(one["approved_at"]),
                    reached(one["reach"]) if one["approved_at"] else "–",
                    seen(one["acknowledged"], one["asked"]),
                    ", ".join(one["audiences"]),
                )
                for one in told["updates"]
            ),
        )


def show_owed(told: dict[str, Any]) -> None:
    """Print what is promised and not told yet."""
    owed = [
        one
        for one in told["promises"]
        if one["answered_at"] is None and one["state"] != "withdrawn"
    ]
    if owed:
        say.line()
        say.table(
            ("next update to", "by", ""),
            (
                (
                    one["audience"],
                    say.when(one["due_at"]),
                    "overdue" if one["state"] == "missed" else "",
                )
                for one in owed
            ),
        )


def _asks(told: dict[str, Any]) -> None:
    live = [one for one in told["asks"] if one["state"] in {"open", "taken"}]
    if live:
        say.line()
        say.table(
            ("needed", "owner", "by", "state"),
            (
                (
                    one["text"],
                    say.person(one["taken_by"]) if one["taken_by"] else one["owner"] or "–",
                    say.when(one["by"]),
                    one["state"],
                )
                for one in live
            ),
        )


def reached(states: dict[str, int]) -> str:
    """Return '408 of 412' of a reach: nobody misses who was left out on purpose."""
    meant = sum(states.values()) - states["suppressed"] - states["cancelled"]
    return f"{states['accepted']} of {meant}"


def seen(acknowledged: int, asked: int) -> str:
    """Return '6 of 9' who were asked have acknowledged, '6' where nobody was, '–' for none."""
    if asked:
        return f"{acknowledged} of {asked}"
    return str(acknowledged or "–")
