"""`sitrep bench`: the project's own benchmarks, each beside something well known."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Measure Sitrep beside something well known.")

Rounds = Annotated[int, typer.Option(min=1, help="Interleaved rounds; the medians are printed.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

# Imported when they run: what they compare with is neither light nor always installed.


@app.command()
def email(
    rounds: Rounds = 5,
    messages: Annotated[int, typer.Option(min=100, help="Messages a round.")] = 5000,
    as_json: Json = False,
) -> None:
    """Mail into Postfix's smtp-sink, beside its smtp-source and a message per recipient."""
    from bot.bench import email as benchmark  # noqa: PLC0415

    benchmark.main(rounds, messages, as_json)


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
def fanout(
    rounds: Rounds = 5,
    scenario: Annotated[
        str, typer.Option(help="One of the scenarios; an unknown one lists them.")
    ] = "all",
    as_json: Json = False,
) -> None:
    """The fan-out: its rate beside a naive loop, and what else goes on while it runs."""
    from bot.bench import scenarios  # noqa: PLC0415

    if scenario not in {"all", *scenarios.SCENARIOS}:
        raise typer.BadParameter(
            f"{scenario!r} is none of: all, {', '.join(scenarios.SCENARIOS)}.",
            param_hint="--scenario",
        )
    scenarios.main(scenarios.SCENARIOS if scenario == "all" else (scenario,), rounds, as_json)
