"""The plan's file is watched: what is valid is taken up, what is not never is."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from structlog.testing import capture_logs

from bot.plan_keeper import PlanKeeper, read_plan
from bot.settings import Settings
from comms.plan.load import shipped
from comms.plan.model import Plan
from comms.testing import HeldClock


@dataclass
class Heard:
    """What a keeper passes on."""

    taken: list[Plan] = field(default_factory=list)
    refused: list[tuple[str, ...]] = field(default_factory=list)

    async def take(self, plan: Plan) -> None:
        self.taken.append(plan)

    async def refuse(self, problems: tuple[str, ...]) -> None:
        self.refused.append(problems)


def written(file: Path, *changes: tuple[str, str]) -> None:
    """Write the shipped plan with these changes, as an editor does: a new file in its place."""
    text = shipped()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    fresh = file.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, file)


def keeper_of(file: Path, heard: Heard) -> PlanKeeper:
    settings = Settings(plan=file)
    return PlanKeeper(
        settings=settings,
        plan=read_plan(settings),
        take=heard.take,
        refuse=heard.refuse,
        clock=HeldClock(),
    )


async def test_a_valid_change_is_taken_up_once(tmp_path: Path) -> None:
    file, heard = tmp_path / "plan.yaml", Heard()
    written(file)
    keeper = keeper_of(file, heard)
    await keeper.look()
    assert heard.taken == []

    written(file, ("Your organisation", "Fabrikam"))
    await keeper.look()
    await keeper.look()

    assert [plan.organisation for plan in heard.taken] == ["Fabrikam"]
    assert heard.refused == []


async def test_an_invalid_plan_never_replaces_a_valid_one(tmp_path: Path) -> None:
    file, heard = tmp_path / "plan.yaml", Heard()
    written(file)
    keeper = keeper_of(file, heard)

    written(file, ("[teams]", "[team]"), ("time_zone: UTC", "time_zone: Mars"))
    with capture_logs() as logs:
        await keeper.look()
        os.utime(file, ns=(0, 0))
        await keeper.look()

    assert heard.taken == []
    assert [len(problems) for problems in heard.refused] == [2]
    assert [line["event"] for line in logs] == ["plan.refused"]
    assert keeper.plan.organisation == "Your organisation"


async def test_a_plan_that_is_gone_is_refused_too(tmp_path: Path) -> None:
    file, heard = tmp_path / "plan.yaml", Heard()
    written(file)
    keeper = keeper_of(file, heard)

    file.unlink()
    await keeper.look()

    assert heard.refused == [(f"{file}: cannot be read: No such file or directory",)]


async def test_what_was_wrong_is_forgotten_once_it_is_mended(tmp_path: Path) -> None:
    file, heard = tmp_path / "plan.yaml", Heard()
    written(file)
    keeper = keeper_of(file, heard)
    written(file, ("[teams]", "[team]"))
    await keeper.look()

    written(file)
    await keeper.look()

    assert heard.refused[1:] == [()]
    assert heard.taken == []


async def test_a_letter_of_ones_own_that_changes_is_a_change_of_the_plan(tmp_path: Path) -> None:
    file, letters, heard = tmp_path / "plan.yaml", tmp_path / "letters", Heard()
    letters.mkdir()
    written(file, ("time_zone: UTC", "time_zone: UTC\ntemplates: letters"))
    keeper = keeper_of(file, heard)

    subject = letters / "executives" / "mail.subject"
    subject.parent.mkdir()
    subject.write_text("{{ incident }}\n", encoding="utf-8")
    before = keeper.plan.digest
    await keeper.look()

    assert len(heard.taken) == 1
    assert heard.taken[0].digest != before
