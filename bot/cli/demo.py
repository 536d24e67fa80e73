"""`sitrep demo`: the whole product on this machine, with an incident that replays."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from bot.cli import say
from bot.cli.say import AsJson
from bot.demo.replay import Progress
from bot.demo.run import play, scenario_named, show
from bot.demo.scenarios import SCENARIOS

PORT = 3978


def demo(
    *,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help=f"{PORT}; headless, a free one.")
    ] = None,
    scenario: Annotated[str, typer.Option(help=f"One of: {', '.join(SCENARIOS)}.")] = next(
        iter(SCENARIOS)
    ),
    speed: Annotated[float, typer.Option(min=0.1, max=3600, help="Times real time.")] = 60.0,
    headless: Annotated[bool, typer.Option("--headless", help="Without the page.")] = False,
    exit_when_done: Annotated[
        bool, typer.Option("--exit-when-done", help="Play at once, and end with the story.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the whole product with a replayed incident, on this machine only.

    Headless, or with --exit-when-done, it plays at once and prints what the ledger says beside what
    was received.
    """
    story = scenario_named(scenario)
    if not headless and not exit_when_done:
        show(scenario=story, port=PORT if port is None else port, speed=speed, say=say.line)
        return
    seen = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, console=seen, disable=not seen.is_terminal) as bar:
        task = bar.add_task(story.title, total=len(story.steps))

        def tell(progress: Progress) -> None:
            bar.update(task, completed=progress.step, description=progress.note or story.title)

        told = play(scenario=story, port=port or 0, speed=speed, tell=tell)
    if as_json:
        say.document(told)
        return
    for update in told["updates"]:
        for name, states in update["audiences"].items():
            counts = ", ".join(f"{count} {state}" for state, count in states.items() if count)
            say.line(f"update {update['number']}, {name}: {counts}")
    for channel in ("mail", "teams", "notices"):
        say.line(f"received, {channel}: {sum(told['received'][channel].values())}")
    promises = told["promises"]
    say.line(
        f"promises: {promises['made']} made, {promises['kept']} kept, {promises['missed']} missed"
    )
