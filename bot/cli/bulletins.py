"""`sitrep bulletins`: what went out beside updates: digests, invitations, confirmations."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import say
from bot.cli.client import client
from bot.cli.incidents import reached
from bot.cli.say import AsJson
from comms.bulletin import BulletinKind

PAGE = 1000


def bulletins(
    key: Annotated[str | None, typer.Argument(help="One bulletin: whom it went to.")] = None,
    *,
    kind: Annotated[BulletinKind | None, typer.Option(help="Only those of this kind.")] = None,
    audience: Annotated[
        str | None, typer.Option("--audience", "-a", help="Only those to this audience.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List digests, invitations and confirmations, newest first; or the ledger of one."""
    if key is not None:
        _print_one(key, as_json=as_json)
        return
    wanted = {"kind": kind.value if kind else "", "audience": audience or ""}
    given = {name: value for name, value in wanted.items() if value}
    told = client().get("/bulletins", **given)
    if as_json:
        say.document(told)
        return
    say.table(
        ("key", "audience", "at", "subject", "reached"),
        (
            (one["key"], one["audience"], one["at"], one["subject"], reached(one["states"]))
            for one in told["bulletins"]
        ),
    )


def _print_one(key: str, *, as_json: bool) -> None:
    api, rows, cursor = client(), [], 0
    while cursor is not None:
        path = f"/bulletins/{key}/deliveries"
        page = api.get(path, cursor=str(cursor), limit=str(PAGE))
        rows += page["deliveries"]
        cursor = page["next"]
    if as_json:
        say.document({"deliveries": rows})
        return
    say.table(
        ("to", "state", "why", "receipt"),
        (
            (
                row["address"],
                row["state"],
                " ".join(part for part in (row["reason"], row["detail"]) if part),
                row["provider_id"],
            )
            for row in rows
        ),
    )
