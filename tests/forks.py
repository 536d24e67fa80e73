"""Processes of the product that start quickly: forked from one that has loaded the program."""

from __future__ import annotations

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
# A start takes a tenth of the time, and a test that kills thirty need not wait for thirty imports.
FORKS.set_forkserver_preload(["bot.cli.serve", "bot.cli.db", "bot.__main__", "bot.root"])
