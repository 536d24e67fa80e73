"""The trial of an organisation's own letters, in a process of its own that may be stopped.

A template can run for ever or fill the memory. There it gets two seconds and half a gigabyte; here
only letters are filled that have been through this.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType

from comms.overrides import Overrides
from comms.plan.load import load
from comms.plan.model import Plan
from comms.plan.problem import Problem
from comms.trial import tried

SECONDS = 2
"""So much of the processor one letter may take; it takes milliseconds."""

MEMORY = 512 * 1024 * 1024
"""Bytes that the letters may need beyond what the program has."""

STATM = Path("/proc/self/statm")

LONGEST = 120
"""Seconds after which a process that does not end by itself is stopped."""


def trial(plan: Plan, path: Path | None, templates: Path | None = None) -> list[Problem]:
    """Return what is wrong with the letters of the plan in `path`, with `templates` before its own.

    Without an organisation's own templates it needs no process: the shipped ones come to an end.
    """
    if not plan.overrides.files:
        return tried(plan)
    command = [sys.executable, "-m", __name__, str(path or ""), str(templates or "")]
    done = ""
    try:
        ran = subprocess.run(  # noqa: S603 (this very interpreter and module)
            command, capture_output=True, text=True, timeout=LONGEST, check=False
        )
        done, why = ran.stdout, ran.stderr
    except subprocess.TimeoutExpired as late:
        done, why = (late.stdout or b"").decode() if isinstance(late.stdout, bytes) else "", ""
    last, problems = _heard(done)
    if problems is not None:
        return problems
    message = "it does not come to an end" if last else f"the trial failed: {why.strip()[-300:]}"
    return [Problem(source=f"{last}.mjml", line=0, column=0, field="", message=message)]


def usable(plan: Plan, path: Path | None, templates: Path | None = None) -> Plan:
    """Return the plan with those of its own templates that work.

    A broken one never replaces a shipped one: it is left out, and its reason is among the warnings.
    """
    if not plan.overrides.files:
        return plan
    usual = set(tried(replace(plan, overrides=Overrides())))
    wrong = [problem for problem in trial(plan, path, templates) if problem not in usual]
    if not wrong:
        return plan
    blamed = {
        own.path
        for own in plan.overrides.files.values()
        for problem in wrong
        if problem.source == own.file
    }
    # Where it is none of them by itself, they do not go together.
    left_out = blamed or set(plan.overrides.files)
    why = {problem.source: str(problem) for problem in wrong}
    kept = plan.overrides.without(left_out, why)
    return replace(plan, overrides=kept)


def _heard(output: str) -> tuple[str, list[Problem] | None]:
    """The last letter begun, and the problems where it came to its end."""
    last = ""
    for line in output.splitlines():
        said = json.loads(line)
        if "problems" in said:
            return last, [Problem(**problem) for problem in said["problems"]]
        last = said["letter"]
    return last, None


def _main(path: str, templates: str) -> None:
    plan = load(Path(path) if path else None, templates=Path(templates) if templates else None)
    if STATM.exists():  # Linux; elsewhere nothing holds a process to a limit of its addresses
        most = int(STATM.read_text().split()[0]) * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    signal.signal(signal.SIGPROF, _too_long)

    def begin(letter: str) -> None:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        sys.stdout.write(json.dumps({"letter": letter}) + "\n")
        sys.stdout.flush()

    problems = tried(plan, begin=begin)
    signal.setitimer(signal.ITIMER_PROF, 0)
    told = [asdict(problem) for problem in problems]
    sys.stdout.write(json.dumps({"problems": told}) + "\n")


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"it does not come to an end within {SECONDS} seconds")


if __name__ == "__main__":
    _main(*sys.argv[1:])
