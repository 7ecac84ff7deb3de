"""Makes a working copy of one video of a case, in a worker, when a person asks for it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from triage.errors import ExportError
from triage.hashing.limits import VideoLimits
from triage.model.display import printable
from triage.model.video import NoVideo, WorkingCopy
from triage.pipeline.videoitems import CopyItem, copy_video
from triage.scheduler import Batch, Finished, Pool
from triage.store.viewing import ReadablePlace

_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyWish:
    """A copy that is asked for.

    Attributes:
        folder: where it is to lie; the original is never touched.
        time_limit_s: for each place it is tried to be read from.
    """

    sha256: bytes
    folder: Path
    by: str
    now_s: int
    time_limit_s: float


def make_copy(pool: Pool, places: tuple[ReadablePlace, ...], wish: CopyWish) -> WorkingCopy:
    """Make a copy from the first place that can be read; the file appears whole or not at all.

    Raises:
        ExportError: a file of its name lies there, or no copy can be made; says why.
    """
    name = f"{wish.sha256.hex()[:16]}.mp4"
    target = wish.folder / name
    if target.exists():
        raise ExportError(f"{printable(str(target))} is there already: nothing of it was changed")
    why = "the case has no such content"
    for place in places:
        partial = wish.folder / f".{name}.{os.getpid()}.partial"
        try:
            made = _attempt(pool, place, wish, partial)
            if isinstance(made, str):
                digest, size_bytes = _settled(partial)
                partial.replace(target)
                return WorkingCopy(
                    sha256=wish.sha256,
                    copy_sha256=digest,
                    copy_bytes=size_bytes,
                    name=name,
                    how=made,
                    made_s=wish.now_s,
                    made_by=wish.by,
                )
            why = f"{made.reason}: {made.detail}" if made.detail else str(made.reason)
        except OSError as error:
            words = error.strerror or str(error)
            raise ExportError(
                f"{printable(str(wish.folder))}: cannot be written: {words}"
            ) from error
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
    raise ExportError(f"no working copy was made: {printable(why)}")


def _attempt(pool: Pool, place: ReadablePlace, wish: CopyWish, partial: Path) -> str | NoVideo:
    item = CopyItem(
        sha256=wish.sha256,
        location=place.location,
        entry=place.entry,
        limits=VideoLimits(),
        target=str(partial),
    )
    batch = Batch(function=copy_video, items=(item,), time_limits_s=(wish.time_limit_s,))
    (result,) = pool.run([batch])
    if isinstance(result, Finished):
        value: str | NoVideo = result.value
        return value
    raise ExportError(f"no working copy was made: {result.kind}: {printable(result.detail)}")


def _settled(path: Path) -> tuple[bytes, int]:
    """Bring a file to the disk, and give the SHA-256 and size of what lies there."""
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("r+b") as file:
        os.fsync(file.fileno())
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    return digest.digest(), size_bytes
