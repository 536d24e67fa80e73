"""A new plan, taken up by all that works with it while it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import structlog

from bot import channels
from bot.plan_keeper import PlanKeeper
from bot.root.parts import Parts
from bot.settings import Settings
from comms.acts.plans import adopt, show_plan_warning
from comms.bell import Bell
from comms.errors import Unavailable
from comms.people import SITREP
from comms.plan.model import Plan
from comms.supervise import Loop

log = structlog.get_logger()


async def draw_page(parts: Parts) -> None:
    """Draw the page as it is now; incidents work on where it cannot be written."""
    try:
        await parts.page.refresh(parts.clock.now())
    except (OSError, Unavailable) as wrong:
        log.error("page.not_drawn", why=str(wrong))


async def adopted(parts: Parts) -> None:
    """Let open incidents go on under the plan that this process has started with."""
    await parts.desk.do(adopt, SITREP, "timer")


def watching_plan(
    settings: Settings, parts: Parts, bell: Bell | None = None, *, tells: bool = False
) -> Mapping[str, Loop]:
    """Give the loop that watches the plan's file; none where nobody could change it.

    `tells`: this process tells open incidents of a change, and draws the page; workers only send.
    """
    if settings.plan is None and settings.templates is None:
        return {}
    desk = parts.desk

    async def take(plan: Plan) -> None:
        desk.house = replace(
            desk.house,
            plan=plan.keeping(desk.house.plan),
            loaded_at=parts.clock.now(),
            refused=(),
            limits=channels.limits(settings, plan),
        )
        parts.page.rename(channels.site(settings, plan))
        parts.bells.sources.ring()
        if tells:
            await adopted(parts)
            await draw_page(parts)

    async def refuse(problems: tuple[str, ...]) -> None:
        desk.house = replace(desk.house, refused=problems)
        if tells:
            await desk.do(show_plan_warning, SITREP, "timer")

    keeper = PlanKeeper(
        settings=settings,
        plan=desk.house.plan,
        take=take,
        refuse=refuse,
        clock=parts.clock,
        bell=bell or Bell(),
    )
    return {"plan": keeper.run}
