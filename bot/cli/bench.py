"""`sitrep bench`: the project's own benchmarks, each beside something well known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Measure Sitrep beside something well known.")

Rounds = Annotated[int, typer.Option(min=1, help="Interleaved rounds; the medians are printed.")]
Scenario = Annotated[str, typer.Option(help="One of the scenarios; an unknown one lists them.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

# Imported when they run: what they compare with is neither light nor always installed.


@app.command()
def email(
    rounds: Rounds = 5,
    messages: Annotated[
        int, typer.Option(min=100, help="Messages a round; `memory` sends twenty times as many.")
    ] = 50_000,
    scenario: Scenario = "all",
    as_json: Json = False,
) -> None:
    """From an approved update to letters in Postfix's smtp-sink, beside what else sends mail."""
    from bot.bench import scenarios  # noqa: PLC0415
    from bot.bench.email import SCENARIOS  # noqa: PLC0415

    scenarios.main(_chosen(scenario, SCENARIOS), rounds, as_json, messages=messages)


@app.command()
def turns(
    rounds: Rounds = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Seconds a round.")] = 2.0,
    as_json: Json = False,
) -> None:
    """Teams turns, beside the stock SDK adapter and a bare handler."""
    from bot.bench import turns as benchmark  # noqa: PLC0415

    benchmark.main(rounds, seconds, as_json)


@app.command()
def status(
    rounds: Rounds = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Seconds a round.")] = 2.0,
    readers: Annotated[int, typer.Option(min=1, help="Who reload the page.")] = 1000,
    as_json: Json = False,
) -> None:
    """The status page beside nginx, and what its readers cost the bot."""
    from bot.bench import status as benchmark  # noqa: PLC0415

    benchmark.main(rounds, seconds, readers, as_json)


@app.command()
def timers(rounds: Rounds = 5, as_json: Json = False) -> None:
    """How late timers fire and what they cost, beside a loop that looks every second."""
    from bot.bench import timers as benchmark  # noqa: PLC0415

    benchmark.main(rounds, as_json)


@app.command()
def plan(rounds: Rounds = 5, as_json: Json = False) -> None:
    """What the plan costs: an update, a tick over all promises, an import, a check."""
    from bot.bench import plan as benchmark  # noqa: PLC0415

    benchmark.main(rounds, as_json)


@app.command()
def fanout(rounds: Rounds = 5, scenario: Scenario = "all", as_json: Json = False) -> None:
    """The fan-out: its rate beside a naive loop, and what else goes on while it runs."""
    from bot.bench import scenarios  # noqa: PLC0415

    scenarios.main(_chosen(scenario, scenarios.FANOUT), rounds, as_json)


def _chosen(name: str, known: Mapping[str, str]) -> Mapping[str, str]:
    """Return the scenario of that name, or all of them."""
    if name == "all":
        return known
    if name not in known:
        raise typer.BadParameter(
            f"{name!r} is none of: all, {', '.join(known)}.", param_hint="--scenario"
        )
    return {name: known[name]}
