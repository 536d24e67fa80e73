"""`sitrep bench email`: from an approved update to letters in Postfix's `smtp-sink`.

Each module measures one promise beside what others do in the same run. A letter is 8 kB, with its
recipient's own name and link, over 16 sessions. What is called Sitrep is the whole product as it is
deployed: ledger, gate, meters and status page run along, commits are flushed.
"""

from __future__ import annotations

from collections.abc import Mapping

SCENARIOS: Mapping[str, str] = {
    "sqlite": "bot.bench.email.sqlite",
    "postgres": "bot.bench.email.postgres",
    "distance": "bot.bench.email.distance",
    "starttls": "bot.bench.email.starttls",
    "memory": "bot.bench.email.memory",
}
"""Name and module, in the order in which they run: see `bot.bench.scenarios`."""
