"""Shows a night as it goes: a live line in a terminal, a line an event elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from triage.batch.clock import Clock, Deadline, local
from triage.batch.fits import minutes
from triage.cli.progress import Watcher
from triage.model.display import printable
from triage.model.event import Event, Notice
from triage.model.queue import Lease, NightEvent, NightLine

_LOUD = frozenset(
    {
        NightEvent.STORE_AWAY,
        NightEvent.DISK_FULL,
        NightEvent.LEASE_LOST,
        NightEvent.SET_ASIDE,
        NightEvent.CLOCK_JUMP,
    }
)


class NightTalk:
    """Tells on standard error what happens, each line with its local time.

    Args:
        watcher: shows the stages of a run, and keeps its live line below what is told.
    """

    def __init__(self, console: Console, watcher: Watcher, deadline: Deadline) -> None:
        self._console = console
        self._watcher = watcher
        self._deadline = deadline
        self._clock = Clock()

    def line(self, line: NightLine) -> None:
        """Tell of something that is recorded."""
        words = ": ".join(
            printable(part) for part in (line.event.value, line.exhibit, line.detail) if part
        )
        self._say(words, "yellow" if line.event in _LOUD else "")

    def begins(self, lease: Lease, number: int, of: int, words: str) -> None:
        """Tell that an exhibit is begun or continued."""
        left = self._deadline.left_s(self._clock)
        until = "" if self._deadline.at is None else f", {minutes(left)} to the deadline"
        name = printable(f"{lease.case} {lease.exhibit}")
        self._watcher.prefix = f"{number}/{of} {name} "
        self._say(f"begins {name} ({number} of {of}): {printable(words)}{until}", "bold")

    def ends(self, lease: Lease, words: str) -> None:
        """Tell how an exhibit ended."""
        self._watcher.prefix = ""
        self._say(printable(f"{lease.case} {lease.exhibit} {words}"), "")

    def event(self, event: Event) -> None:
        """Show how the run goes on."""
        if isinstance(event, Notice):
            self._say(printable(event.text), "")
        else:
            self._watcher(event)

    def _say(self, words: str, style: str) -> None:
        text = f"{local(self._clock.now())}  {escape(words)}"
        self._console.print(text, style=style or None, soft_wrap=True, highlight=False)
