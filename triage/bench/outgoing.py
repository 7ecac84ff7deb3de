"""Files on their way out: built under names of ours, sent once, and removed."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from triage.errors import ExportError
from triage.scheduler.latch import Latch

FOLDER = "exports"
KEEP_S = 3_600
"""How long a file waits to be taken."""

LEFT_S = 24 * 3_600
"""After which a file that nobody knows of any more, of a server that was killed, is removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A file that waits for the person who had it built.

    Attributes:
        key: random; ``name``: what it is called when it is saved.
        sha256: of the file as it lies on the disk, lower hex.
        notes: what the person ought to know of it, a sentence each.
        made_s: seconds since 1970 UTC.
    """

    key: str
    user_id: int
    case_id: int
    what: str
    name: str
    path: Path
    sha256: str
    size_bytes: int
    notes: tuple[str, ...]
    made_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """For whom a file is built, and what it is."""

    user_id: int
    case_id: int
    what: str
    name: str


Build = Callable[[Path], tuple[str, tuple[str, ...]]]
"""Writes the file and gives its SHA-256, and notes."""


class Outgoing:
    """The files that wait, of one server.

    Args:
        home: TRIAGE_HOME.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER
        self._latch = Latch()
        self._waiting: dict[str, Parcel] = {}

    def build(self, label: Label, build: Build, *, now_s: int) -> Parcel:
        """Build a file.

        Raises:
            ExportError: it cannot be written.
        """
        self._tidy(now_s)
        key = secrets.token_urlsafe(18)
        suffix = Path(label.name).suffix
        path = self._folder / f"{key}{suffix}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            digest, notes = build(path)
            path.chmod(0o600)
            size_bytes = path.stat().st_size
        except OSError as error:
            _remove(path)
            raise ExportError(f"the file cannot be written: {error.strerror or error}") from error
        made = Parcel(
            key=key,
            user_id=label.user_id,
            case_id=label.case_id,
            what=label.what,
            name=label.name,
            path=path,
            sha256=digest,
            size_bytes=size_bytes,
            notes=notes,
            made_s=now_s,
        )
        with self._latch:
            self._waiting[key] = made
        return made

    def waiting(self, user_id: int, case_id: int, *, now_s: int) -> tuple[Parcel, ...]:
        """Give what waits for a person in a case, the newest first."""
        self._tidy(now_s)
        with self._latch:
            found = [
                one
                for one in self._waiting.values()
                if one.user_id == user_id and one.case_id == case_id
            ]
        return tuple(reversed(found))

    def find(self, key: str, user_id: int) -> Parcel | None:
        """Give what waits for a person under a key; nobody else's."""
        with self._latch:
            found = self._waiting.get(key)
        return found if found is not None and found.user_id == user_id else None

    def remove(self, key: str) -> None:
        """Remove a file that was sent."""
        with self._latch:
            found = self._waiting.pop(key, None)
        if found is not None:
            _remove(found.path)

    def close(self) -> None:
        """Remove everything that waits."""
        for key in list(self._waiting):
            self.remove(key)

    def _tidy(self, now_s: int) -> None:
        with self._latch:
            stale = [key for key, one in self._waiting.items() if now_s - one.made_s > KEEP_S]
            known = {one.path.name for one in self._waiting.values()}
        for key in stale:
            self.remove(key)
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                name = path.name.removesuffix(".sha256")
                if name not in known and now_s - path.stat().st_mtime > LEFT_S:
                    path.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    for one in (path, path.with_name(path.name + ".sha256")):
        with contextlib.suppress(OSError):
            one.unlink(missing_ok=True)
