"""`sitrep deliveries`: the ledger of an incident, followed as it grows, and sent again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console

from bot.cli import say
from bot.cli.client import Client, client
from bot.cli.follow import follow
from bot.cli.incidents import reached, seen
from bot.cli.say import AsJson
from comms.delivery import DeliveryState
from comms.errors import NotFound

SHOWN = 50
"""So many rows are printed for people; --json prints all."""

PAGE = 1000
STATES = tuple(state.value for state in DeliveryState)


def deliveries(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[retry|cancel] KEY", help="The incident; 'retry' sends again, 'cancel' stops."
        ),
    ],
    *,
    number: Annotated[
        int | None, typer.Option("--update", min=1, help="One update; all that were sent without.")
    ] = None,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those in this state.")] = None,
    audience: Annotated[str | None, typer.Option(help="Only those of this audience.")] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="With retry: those rejected or unknown.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Follow until all is sent: rate and time left.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the ledger of an incident, or send again to those not reached.

    sitrep deliveries INC-41 --watch

    sitrep deliveries retry INC-41 --update 3 --failed

    sitrep deliveries cancel INC-41 --update 3
    """
    api = client()
    if words[0] == "retry":
        _retry(api, words[1:], number, failed=failed, as_json=as_json)
        return
    if words[0] == "cancel":
        _cancel(api, words[1:], number, as_json=as_json)
        return
    if len(words) != 1 or failed:
        raise typer.BadParameter("expected KEY, or: retry KEY --update N --failed")
    key = words[0]
    numbers = [number] if number else _sent(api, key)
    if watch:
        follow(partial(_looked, api, key, numbers), Console(stderr=True))
    rows = _rows(api, key, numbers, state, audience)
    if as_json:
        say.document({"deliveries": list(rows)})
    else:
        _print(api, key, numbers, rows)


def _retry(
    api: Client, words: list[str], number: int | None, *, failed: bool, as_json: bool
) -> None:
    if len(words) != 1 or number is None or not failed:
        raise typer.BadParameter("expected: retry KEY --update N --failed")
    path = f"/incidents/{words[0]}/updates/{number}/retry"
    told = api.post(path, {"only": "failed"})
    if as_json:
        say.document(told)
    else:
        say.line(f"Update {number} is sent again to {told['retried']}.")


def _cancel(api: Client, words: list[str], number: int | None, *, as_json: bool) -> None:
    if len(words) != 1 or number is None:
        raise typer.BadParameter("expected: cancel KEY --update N")
    told = api.post(f"/incidents/{words[0]}/updates/{number}/cancel", None)
    if as_json:
        say.document(told)
    else:
        say.line(f"{told['cancelled']} deliveries of update {number} are not sent.")


def _sent(api: Client, key: str) -> list[int]:
    updates = api.get(f"/incidents/{key}")["updates"]
    sent = [int(update["number"]) for update in updates if update["state"] == "approved"]
    if not sent:
        raise NotFound(f"Nothing of {key} has been sent yet.")
    return sent


def _rows(
    api: Client,
    key: str,
    numbers: list[int],
    state: DeliveryState | None,
    audience: str | None,
) -> Iterator[dict[str, Any]]:
    wanted = {"limit": str(PAGE)}
    if state:
        wanted["state"] = state.value
    if audience:
        wanted["audience"] = audience
    for number in numbers:
        cursor: int | None = 0
        while cursor is not None:
            path = f"/incidents/{key}/updates/{number}/deliveries"
            page = api.get(path, cursor=str(cursor), **wanted)
            yield from page["deliveries"]
            cursor = page["next"]


def _print(api: Client, key: str, numbers: list[int], rows: Iterator[dict[str, Any]]) -> None:
    for number in numbers:
        told = _reach(api, key, number)
        say.line(f"Update {number} reached {reached(told['states'])}.")
        say.table(
            ("audience", *STATES, "seen"),
            (
                (name, *(states[one] or "–" for one in STATES), _seen(told["seen"].get(name)))
                for name, states in told["audiences"].items()
            ),
        )
        for name, who in told["seen"].items():
            if who["silent"]:
                more = who["told"] - who["acknowledged"] - len(who["silent"])
                others = f" and {more} others" if more > 0 else ""
                say.line(f"Not acknowledged ({name}): {', '.join(who['silent'])}{others}")
        for name, held in told["waiting"].items():
            until = say.when(held["until"])
            say.line(f"{held['deliveries']} of {name} wait for the end of quiet hours: {until} on")
        for one in told["unreached"]:
            ways = "".join(f" · {way['label']}" for way in one["ways"])
            say.line(f"Not reached: {one['name']} ({one['audience']}): {one['why']}{ways}")
        say.line()
    shown = [row for _, row in zip(range(SHOWN), rows, strict=False)]
    say.table(
        ("update", "audience", "by", "to", "state", "why", "receipt"),
        (
            (
                row["update"],
                row["audience"],
                row["channel"],
                row["address"],
                row["state"],
                " ".join(part for part in (row["reason"], row["detail"]) if part),
                row["provider_id"],
            )
            for row in shown
        ),
    )
    more = sum(1 for _ in rows)
    if more:
        say.line(f"and {more} more; --json prints all of them")


def _looked(api: Client, key: str, numbers: list[int]) -> Mapping[str, Mapping[str, int]]:
    """How far each audience of each of these updates has got."""
    return {
        f"update {number}, {name}": states
        for number in numbers
        for name, states in _reach(api, key, number)["audiences"].items()
    }


def _seen(who: dict[str, Any] | None) -> str:
    return seen(who["acknowledged"], who["told"]) if who else "–"


def _reach(api: Client, key: str, number: int) -> dict[str, Any]:
    told: dict[str, Any] = api.get(f"/incidents/{key}/updates/{number}/reach")
    return told
