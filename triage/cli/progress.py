"""Shows a running pipeline: a live line in a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from triage.model import event
from triage.model.display import printable

PLAIN_INTERVAL_S = 10.0

_TITLES = {
    event.Stage.OPENING: "Opening",
    event.Stage.LISTING: "Listing",
    event.Stage.DIGESTING: "Reading",
    event.Stage.UNPACKING: "Unpacking",
    event.Stage.CARVING: "Carving",
    event.Stage.PICTURES: "Pictures",
    event.Stage.VIDEOS: "Videos",
    event.Stage.MATCHING: "Matching",
    event.Stage.COPYING: "Copying",
    event.Stage.COMPARING: "Comparing",
}


def amount(size_bytes: float) -> str:
    """Give a size for a person, in decimal units."""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"


class Pace:
    """Rate and time left of one stage, by bytes where it has any, else by items."""

    def __init__(self, now: float) -> None:
        self._started = now

    def rate(self, told: event.Progress, now: float) -> str:
        """Give the rate since the stage began."""
        elapsed = max(now - self._started, 1e-3)
        if told.done_bytes:
            return f"{amount(told.done_bytes / elapsed)}/s"
        return f"{told.done / elapsed:,.0f}/s"

    def left(self, told: event.Progress, now: float) -> str:
        """Give the time left, never negative; ``--:--`` while it cannot be known."""
        elapsed = now - self._started
        done, total = told.done, told.total
        if told.total_bytes:
            done, total = told.done_bytes, told.total_bytes
        if not total or not done:
            return "--:--"
        seconds = max(0, round(elapsed / done * (total - done)))
        hours, rest = divmod(seconds, 3600)
        minutes, second = divmod(rest, 60)
        return f"{hours}:{minutes:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"


class _Facts(ProgressColumn):
    """Files, bytes, rate and time left of the stage in hand."""

    def render(self, task: Task) -> Text:
        """Draw the facts that came with the last event."""
        return Text(str(task.fields.get("facts", "")))


class Watcher:
    """Takes events and shows them on stderr; stdout stays free for results."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._live = console.is_terminal and not quiet
        self._quiet = quiet
        self.prefix = ""
        """Stands before the stage where there are several runs, safe to print."""
        self._stage: event.Stage | None = None
        self._pace = Pace(time.monotonic())
        self._said_at = 0.0
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            _Facts(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not self._live,
        )
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, told: event.Event) -> None:
        """Show one event."""
        if isinstance(told, event.Progress):
            self._show(told)
        elif isinstance(told, event.HitFound):
            words = f"FIRST HIT: {told.category} {printable(told.path)} - {told.reason}"
            self._say(f"[bold red]{escape(words)}[/bold red]")
        else:
            self._say(escape(printable(told.text)))

    def _say(self, markup: str) -> None:
        if not self._quiet:
            self._console.print(markup, soft_wrap=True, highlight=False)

    def _show(self, told: event.Progress) -> None:
        now = time.monotonic()
        if told.stage is not self._stage:
            self._stage, self._pace, self._said_at = told.stage, Pace(now), now
        facts = self._facts(told, now)
        title = self.prefix + _TITLES[told.stage]
        total = told.total_bytes or told.total
        done = told.done_bytes if told.total_bytes else told.done
        if self._live:
            self._progress.update(
                self._task, description=escape(title), total=total, completed=done, facts=facts
            )
        elif now - self._said_at > PLAIN_INTERVAL_S:
            self._said_at = now
            self._say(escape(f"{title}: {facts}"))

    def _facts(self, told: event.Progress, now: float) -> str:
        of = f" of {told.total:,}" if told.total is not None else ""
        parts = [f"{told.done:,}{of}"]
        if told.total_bytes:
            parts.append(f"{amount(told.done_bytes)} of {amount(told.total_bytes)}")
        parts.append(self._pace.rate(told, now))
        if told.total is not None:
            parts.append(f"left {self._pace.left(told, now)}")
        return "  ".join(parts)
