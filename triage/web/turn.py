"""One request of this process writes at a time, where graders write often."""

from __future__ import annotations

from triage.scheduler.latch import Latch
from triage.web.suite import Suite


class Turn(Latch):
    """Taken before a request's first write and let go of after its commit.

    SQLite lets who waits for another writer look now and then whether it is done: with four at
    once some wait for seconds, where in turn they wait for milliseconds.
    """


def turn_of(suite: Suite) -> Turn:
    """Give the one turn of an installation."""
    return suite.part(Turn, lambda _: Turn())
