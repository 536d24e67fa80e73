"""Lint: what is wrong with a draft, said before anybody approves it."""

from comms.lint.draft import blocks, lint
from comms.lint.finding import Finding
from comms.rule import Level

__all__ = ["Finding", "Level", "blocks", "lint"]
