"""What is different between two plans, in words for whoever is to live by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from comms.people import Role
from comms.plan.document import Path, dotted
from comms.plan.duration import every
from comms.plan.effective import Value

GROUPS = ("audiences", "services")
"""What stands under a name here comes or goes as a whole."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference. `before` and `after` are as a plan writes them; None: it says nothing."""

    path: str
    before: str | None
    after: str | None
    words: str


def differences(before: Sequence[Value], after: Sequence[Value]) -> tuple[Change, ...]:
    """Return what changes from one plan to the other, in the order of the later one."""
    old, new = ({value.path: value.value for value in values} for values in (before, after))
    paths = [*new, *(path for path in old if path not in new)]
    whole: dict[Path, Change] = {}
    found: list[Change] = []
    for path in paths:
        group = _whole(path, old, new)
        if group is not None:
            if group not in whole:
                whole[group] = _come_or_gone(group, old, new)
                found.append(whole[group])
        elif old.get(path) != new.get(path):
            found.append(_change(path, old, new))
    return tuple(found)


def _whole(path: Path, old: Mapping[Path, str], new: Mapping[Path, str]) -> Path | None:
    """The audience or service that one of the plans does not have at all, if it is of one."""
    if path[0] not in GROUPS:
        return None
    group = path[:2]
    in_both = all(any(one[:2] == group for one in plan) for plan in (old, new))
    return None if in_both else group


def _come_or_gone(group: Path, old: Mapping[Path, str], new: Mapping[Path, str]) -> Change:
    come = any(path[:2] == group for path in new)
    plan = new if come else old
    name = plan.get((*group, "label"), str(group[1]))
    what = "an audience" if group[0] == "audiences" else "a service"
    if not come:
        words = f"{name} is {what} no more."
    else:
        words = f"{name} is new, {what}{_in_short(group, new)}."
    told = name if come else None
    return Change(path=dotted(group), before=None if come else name, after=told, words=words)


def _in_short(group: Path, plan: Mapping[Path, str]) -> str:
    if group[0] != "audiences":
        owner = plan.get((*group, "owner"))
        return f" of {owner}" if owner else ""
    said = [
        f"told by {_and(plan.get((*group, 'channels'), ''))}",
        f"approved by {_roles(plan.get((*group, 'approval'), 'none'))}",
        f"at SEV1 {_every(plan.get((*group, 'cadence', 'SEV1', 'every'), 'on change'))}",
    ]
    return ": " + ", ".join(said)


def _change(path: Path, old: Mapping[Path, str], new: Mapping[Path, str]) -> Change:
    before, after = old.get(path), new.get(path)
    whose = _whose(path, new if path[:2] in {one[:2] for one in new} else old)
    words = _said(path, before, after)
    return Change(
        path=dotted(path),
        before=before,
        after=after,
        words=f"{whose}: {words}." if whose else f"{words[0].upper()}{words[1:]}.",
    )


def _whose(path: Path, plan: Mapping[Path, str]) -> str:
    if path[0] not in GROUPS:
        return ""
    who = plan.get((*path[:2], "label"), str(path[1]))
    if path[0] == "services" and path[2:3] == ("audiences",) and len(path) > 4:
        label = plan.get(("audiences", path[3], "label"), str(path[3]))
        return f"{label}, while {who} is hit"
    return who


def _said(path: Path, before: str | None, after: str | None) -> str:
    """What changes, without saying for whom."""
    at = next((f"at {step}, " for step in path if str(step).startswith("SEV")), "")
    word = WORDS.get(str(path[-1]))
    if word:
        return at + word(before, after)
    return f"{at}{_named(path)}: {after or 'nothing'}, was {before or 'nothing'}"


def _oftener(before: str | None, after: str | None) -> str:
    was, now = every(before or "on change"), every(after or "on change")
    hint = ""
    if was != now:
        less = now is None or (was is not None and now > was)
        hint = " (less often)" if less else " (more often)"
    return f"{_every(after)}, was {_every(before)}{hint}"


def _first(before: str | None, after: str | None) -> str:
    now = f"the first update within {after}" if after else "no first update is promised"
    return f"{now}, {f'was within {before}' if before else 'none was'}"


def _every(value: str | None) -> str:
    """'an update every 30m', 'an update daily', 'an update on change'."""
    if value is None:
        return "no interval of its own"
    plain = value.startswith("on change") or value == "daily"
    return f"an update {value}" if plain else f"an update every {value}"


def _more_and_less(before: str | None, after: str | None) -> str:
    old, new = _listed(before), _listed(after)
    come, gone = [one for one in new if one not in old], [one for one in old if one not in new]
    parts = [f"{', '.join(come)} added"] * bool(come) + [f"{', '.join(gone)} left out"] * bool(gone)
    return "; ".join(parts) or f"in another order: {after}"


def _roles(value: str | None) -> str:
    if value and ":" in value:  # others at each severity
        return value.replace("_", " ")
    names = [Role(one).label if one in set(Role) else one for one in _listed(value)]
    return " and ".join(names) or "nobody"


def _and(value: str | None) -> str:
    return " and ".join(_listed(value)) or "nothing"


def _listed(value: str | None) -> list[str]:
    return [] if value in {None, "", "none"} else str(value).split(", ")


def _named(path: Path) -> str:
    """The last steps of a path, in words: 'soft bounces, count'."""
    steps = path[2:] if path[0] in GROUPS else path
    kept = [str(step) for step in steps if step != "cadence" and not str(step).startswith("SEV")]
    return ", ".join(kept).replace("_", " ")


WORDS: Mapping[str, Callable[[str | None, str | None], str]] = {
    "label": lambda before, after: f"called {after or 'nothing'}, was {before or 'nothing'}",
    "every": _oftener,
    "first": _first,
    "channels": lambda before, after: f"told by {_and(after)}, was by {_and(before)}",
    "approval": lambda before, after: f"approved by {_roles(after)}, was by {_roles(before)}",
    "enabled": lambda _, after: "in use again" if after == "true" else "not in use any more",
    "external": lambda _, after: f"{'outside' if after == 'true' else 'inside'} the organisation",
    "sees": lambda before, after: f"may see: {_more_and_less(before, after)}",
    "regulators": lambda before, after: f"regulators: {_more_and_less(before, after)}",
    "languages": lambda before, after: f"written to in: {_more_and_less(before, after)}",
}
"""How what changes is said, by the last step of its path; of the rest both values are told."""
