"""`sitrep update`, `preview`, `approve`, `resolve`: what is told, and whose yes it has."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli import say
from bot.cli.client import client
from bot.cli.incidents import Key
from bot.cli.say import AsJson
from comms.errors import Invalid
from comms.incident import Status
from comms.plan.model import ChannelName
from comms.update import Kind

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The update's number.")]

Conditions = Annotated[
    str | None, typer.Option("--conditions", "-c", help="What is seen or measured.")
]
Done = Annotated[list[str] | None, typer.Option(help="An action that is done.")]
Doing = Annotated[list[str] | None, typer.Option(help="An action under way.")]
Next = Annotated[list[str] | None, typer.Option("--next", help="An action that comes next.")]
Need = Annotated[list[str] | None, typer.Option(help="What the response lacks.")]
Measured = Annotated[
    bool, typer.Option("--measured", help="The conditions are measured, not reported.")
]
Risk = Annotated[str, typer.Option(help="What may get worse.")]
Symptom = Annotated[str, typer.Option(help="What customers see.")]
Scope = Annotated[str, typer.Option(help="Which customers.")]
Workaround = Annotated[str, typer.Option(help="What customers can do meanwhile.")]
Translations = Annotated[
    list[str] | None,
    typer.Option(
        "--translation",
        metavar="LANGUAGE.FIELD=TEXT",
        help="What customers read in another language: de.symptom=…, de.scope=…, de.workaround=….",
    ),
]
DataLost = Annotated[
    bool | None, typer.Option("--data-lost/--no-data-lost", help="Whether data was lost.")
]
Review = Annotated[str, typer.Option("--review-url", help="Where the review can be read: https.")]
File = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="The report as JSON, as the API takes it; - for stdin."),
]


def update(
    key: Key,
    *,
    conditions: Conditions = None,
    done: Done = None,
    doing: Doing = None,
    next_: Next = None,
    need: Need = None,
    measured: Measured = False,
    risk: Risk = "",
    symptom: Symptom = "",
    scope: Scope = "",
    workaround: Workaround = "",
    translation: Translations = None,
    data_lost: DataLost = None,
    review_url: Review = "",
    status: Annotated[
        Status | None, typer.Option(help="What the update makes of the incident.")
    ] = None,
    audience: Annotated[
        list[str] | None, typer.Option(help="An audience to tell; all of the plan without it.")
    ] = None,
    corrects: Annotated[
        int | None, typer.Option(min=1, help="The number of the update that this one corrects.")
    ] = None,
    file: File = None,
    as_json: AsJson = False,
) -> None:
    """Draft the next update, in place of an open draft.

    Actions, needs and audiences may be repeated.
    """
    report = _report(
        conditions=conditions,
        actions={"done": done, "doing": doing, "next": next_},
        needs=need,
        measured=measured,
        risk=risk,
        customer=_customer(symptom, scope, workaround, translation),
        facts={"data_lost": data_lost, "review_url": review_url or None},
        file=file,
    )
    if not report:
        raise typer.BadParameter(
            "say the --conditions, or give a --file", param_hint="--conditions"
        )
    more = {
        "status": status.value if status else None,
        "audiences": audience,
        "corrects": corrects,
    }
    body = report | {name: value for name, value in more.items() if value}
    _say_draft(key, client().post(f"/incidents/{key}/updates", body), as_json=as_json)


def resolve(
    key: Key,
    *,
    conditions: Conditions = None,
    done: Done = None,
    symptom: Symptom = "",
    scope: Scope = "",
    workaround: Workaround = "",
    translation: Translations = None,
    data_lost: DataLost = None,
    file: File = None,
    as_json: AsJson = False,
) -> None:
    """Resolve an incident and draft its last update.

    Without a report, the last one is carried forward. The draft waits for approval.
    """
    report = _report(
        conditions=conditions,
        actions={"done": done},
        customer=_customer(symptom, scope, workaround, translation),
        facts={"data_lost": data_lost},
        file=file,
    )
    told = client().post(f"/incidents/{key}/resolve", report)
    if not as_json:
        say.line(f"{told['incident']['key']} is {told['incident']['status']}.")
    _say_draft(key, told, as_json=as_json)


def preview(
    key: Key,
    number: Number,
    *,
    audience: Annotated[str, typer.Option("--audience", "-a", help="Whose text to show.")],
    channel: Annotated[
        ChannelName | None, typer.Option(help="The audience's first channel without it.")
    ] = None,
    language: Annotated[
        str, typer.Option(help="As a reader of it gets it; the plan's without it.")
    ] = "",
    part: Annotated[
        str, typer.Option(help="The media type to show, where there are several.")
    ] = "text/plain",
    as_json: AsJson = False,
) -> None:
    """Show exactly what an audience would be sent, or was."""
    more = {"channel": channel.value if channel else "", "language": language}
    params = {"audience": audience} | {name: value for name, value in more.items() if value}
    told = client().get(f"/incidents/{key}/updates/{number}/preview", **params)
    if as_json:
        say.document(told)
        return
    parts = told["parts"]
    say.line(f"{told['audience']} by {told['channel']}, hash {told['hash']}")
    if told["subject"]:
        say.line(f"Subject: {told['subject']}")
    say.line()
    say.line(parts.get(part) or next(iter(parts.values())))
    others = ", ".join(media for media in parts if media != part)
    if part in parts and others:
        say.aside(f"Other parts: {others}")
    if len(told["languages"]) > 1:
        say.aside(f"In {told['language']}; written in: {', '.join(told['languages'])}")


def approve(
    key: Key,
    number: Number,
    *,
    hash_: Annotated[str, typer.Option("--hash", help="The hash of what the approver saw.")],
    approver: Annotated[
        str, typer.Option("--as", metavar="WHO", help="A mail address, or a role.")
    ],
    break_glass: Annotated[
        str, typer.Option(metavar="REASON", help="Approve without the role; everybody is told.")
    ] = "",
    override: Annotated[
        str, typer.Option(metavar="REASON", help="Approve what lint blocks; it is recorded.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Approve exactly what was seen; the last yes that is needed sends it."""
    body = {
        "hash": hash_,
        "approver": approver,
        "break_glass": break_glass,
        "override": override,
    }
    told = client().post(f"/incidents/{key}/updates/{number}/approve", body)
    if as_json:
        say.document(told)
    elif told["needed"]:
        roles = " and ".join(say.label(name) for name in told["needed"])
        say.line(f"Update {number} still needs the {roles}.")
    else:
        say.line(f"Update {number} is approved and on its way: sitrep deliveries {key} --watch")


def _report(
    *,
    conditions: str | None,
    actions: dict[str, list[str] | None],
    customer: dict[str, Any],
    facts: dict[str, bool | str | None],
    file: Path | None,
    needs: list[str] | None = None,
    measured: bool = False,
    risk: str = "",
) -> dict[str, Any]:
    """The report as the API takes it: the file's, with what the options say in its place."""
    said = {
        "conditions": conditions,
        "actions": {name: lines for name, lines in actions.items() if lines},
        "needs": needs,
        "basis": "measured" if measured else None,
        "risk": risk,
        "customer": customer if any(customer.values()) else None,
    }
    given = _read(file) if file else {}
    known = {name: value for name, value in facts.items() if value is not None}
    return given | {name: value for name, value in said.items() if value} | known


def _customer(
    symptom: str, scope: str, workaround: str, translations: list[str] | None
) -> dict[str, Any]:
    versions: dict[str, dict[str, str]] = {}
    for given in translations or ():
        found = re.fullmatch(r"([A-Za-z-]+)\.(symptom|scope|workaround)=(.*)", given, re.DOTALL)
        if found is None:
            raise typer.BadParameter(
                "write LANGUAGE.FIELD=TEXT, such as de.symptom=…; fields are symptom, scope and"
                " workaround",
                param_hint="--translation",
            )
        versions.setdefault(found[1], {})[found[2]] = found[3]
    said: dict[str, Any] = {"symptom": symptom, "scope": scope, "workaround": workaround}
    return said | ({"versions": versions} if versions else {})


def _read(file: Path) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        read = json.loads(text)
    except OSError as wrong:
        raise Invalid(f"{file}: cannot be read: {wrong.strerror}") from None
    except ValueError as wrong:
        raise Invalid(f"{file}: this is not JSON: {wrong}") from None
    if not isinstance(read, dict):
        raise Invalid(f"{file}: expected a JSON object")
    return read


def _say_draft(key: str, told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say.document(told)
        return
    number = told["number"]
    kind = Kind(told["kind"]).label
    say.line(f"Update {number} ({kind}) is drafted: {told['status']}, hash {told['hash']}")
    say.table(
        ("audience", "recipients", "takes", "next update"),
        (
            (
                name,
                audience["recipients"],
                _duration(audience["eta_seconds"]),
                say.when(audience["next_update"]),
            )
            for name, audience in told["audiences"].items()
        ),
    )
    for name, audience in told["audiences"].items():
        if audience["waiting"]:
            say.line(f"{audience['waiting']} of {name} get it when their quiet hours end")
        for found in audience["lint"]:
            say.line(f"{found['level']}: {name}: {found['message']}")
    roles = " and ".join(f"the {say.label(name)}" for name in told["needed"]) or "anybody"
    say.line(f"It needs the yes of {roles}. Look at it, then approve what you saw:")
    first = next(iter(told["audiences"]))
    say.line(f"  sitrep preview {key} {number} --audience {first}")
    who = told["needed"][0] if told["needed"] else "WHO"
    say.line(f"  sitrep approve {key} {number} --as {who} --hash {told['hash']}")


def _duration(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} s" if seconds else "at once"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
