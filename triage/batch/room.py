"""Whether the disks that a night writes to have room for an exhibit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from triage.batch.diary import Diary
from triage.batch.fits import DISK_FLOOR_BYTES, DiskForecast, disk_need
from triage.config import home
from triage.model.queue import NightEvent
from triage.store.database import Store
from triage.store.figures import database_file, finished_bytes

POLL_S = 60.0


@dataclass(slots=True)
class Room:
    """The disks under ``TRIAGE_HOME`` and, for SQLite, under the database.

    A server keeps its database elsewhere: whether it has room, it has to say itself.
    """

    diary: Diary
    full: bool = False

    def is_for(self, store: Store, image_bytes: int) -> bool:
        """Tell whether an exhibit may be begun, and say so when that changes."""
        lacking = [one for one in self._forecasts(store, image_bytes) if not one.fits]
        if lacking:
            self.full = True
            self.diary.say_once(NightEvent.DISK_FULL, detail=lacking[0].words())
        elif self.full:
            self.full = False
            if self.diary.over(NightEvent.DISK_FULL):
                self.diary.say(NightEvent.DISK_FREE)
        return not lacking

    def _forecasts(self, store: Store, image_bytes: int) -> Iterator[DiskForecast]:
        found = database_file(store.connection)
        if found is not None:
            path, size_bytes = found
            done, done_bytes = finished_bytes(store.connection)
            need = disk_need(image_bytes, done, done_bytes, size_bytes)
            yield DiskForecast(need_bytes=need, free_bytes=_free(Path(path)), where="the database")
        yield DiskForecast(
            need_bytes=DISK_FLOOR_BYTES, free_bytes=_free(home()), where="TRIAGE_HOME"
        )


def _free(path: Path) -> int:
    """Give what is free where a path lies, or would lie if it were there."""
    for one in (path, *path.parents):
        if one.exists():
            return shutil.disk_usage(one).free
    return shutil.disk_usage(path.anchor or ".").free
