"""The processes that an installation is to have: whichever is killed is started again at once."""

from __future__ import annotations

import random

from tests.chaos.installation import SLOTS, App, Installation, people
from tests.chaos.tally import Tally, record, tally
from tests.chaos.victim import Victim, until


class Fleet:
    """The app, and beside it as many workers as it needs: none on SQLite."""

    def __init__(self, installation: Installation, *, workers: int = 0) -> None:
        self.installation = installation
        self.app = installation.serve()
        self.workers = [installation.worker() for _ in range(workers)]

    def ready(self) -> App:
        """Return the app once all of them take part."""
        for worker in self.workers:
            worker.says("The worker sends")
        return self.app.ready()

    def kill_any(self, dice: random.Random) -> Victim:
        """Kill one of them, mostly one that sends, and start it again; return the dead one."""
        if self.workers and dice.random() < 0.75:
            return self.kill_worker(dice.randrange(len(self.workers)))
        return self.kill_app()

    def kill_app(self) -> Victim:
        """Kill the app and start it again; it may not answer yet."""
        dead, self.app = self.app.victim, self._after(self.app)
        return dead

    def kill_worker(self, number: int) -> Victim:
        """Kill a worker and start another."""
        dead = self.workers[number]
        dead.kill()
        self.workers[number] = self.installation.worker()
        return dead

    def stop(self) -> list[int]:
        """Ask all of them at the same time to stop; return their exit codes, the app's last."""
        all_of_them = [*self.workers, self.app.victim]
        for victim in all_of_them:
            victim.ask_to_stop()
        return [victim.ended() for victim in all_of_them]

    def sends_again(self) -> None:
        """Wait until one more letter has come."""
        before = len(self.installation.sink.letters())
        until(lambda: len(self.installation.sink.letters()) > before)

    def proven(self, count: int, *, updates: int = 1) -> Tally:
        """Hold the ledger against what the relay took: it must be whole, and as promised."""
        sink, victims = self.installation.sink, self.installation.victims
        counted = tally(people(count), sink.letters(), victims, updates=updates)
        ledger = record(self.installation.database_url)
        assert counted.lost == ()
        assert counted.most_repeated <= SLOTS
        assert counted.unexplained == ()
        assert counted.changed_ids == ()
        assert ledger.sums == ledger.counted == {"accepted": count * updates}
        return counted

    def _after(self, app: App) -> App:
        app.victim.kill()
        return self.installation.serve()
