"""Tells how far a stage of a run has come, at a bearable pace."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from triage.model.event import Event, Progress, Stage

TELL_INTERVAL_S = 0.1


@dataclass(slots=True)
class Counter:
    """Progress of one stage, told at once, now and then, and when all is done."""

    stage: Stage
    tell: Callable[[Event], None]
    total: int | None = None
    total_bytes: int | None = None
    done: int = 0
    done_bytes: int = 0
    told_at: float = -TELL_INTERVAL_S

    def add(self, done: int, done_bytes: int = 0) -> None:
        """Count what was done."""
        self.done += done
        self.done_bytes += done_bytes
        now = time.monotonic()
        if now - self.told_at < TELL_INTERVAL_S and self.done != self.total:
            return
        self.told_at = now
        self.tell(
            Progress(
                stage=self.stage,
                done=self.done,
                total=self.total,
                done_bytes=self.done_bytes,
                total_bytes=self.total_bytes,
            )
        )
