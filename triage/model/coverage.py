"""How far an exhibit was looked into beyond its files, and where what was read had lain."""

from __future__ import annotations

from dataclasses import dataclass

from triage.model.carving import CarvedSpace

PLACES = ("live", "deleted", "orphan", "in-container", "thumbnail", "carved")
"""Where an entry lay. A thumbnail or a carved file counts as that and as nothing else; what lies in
an archive counts there, whatever became of the archive. Possession turns on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Counts beside the account of entries.

    Attributes:
        places: ``((place, digested entries), …)`` in the order of :data:`PLACES`, all of them.
        videos: ``((state or reason, distinct videos), …)`` sorted: ``hashed``, ``partial``, or why
            not, by :class:`triage.model.video.VideoReason`.
        videos_pending: distinct videos that no digest names and nobody looked into yet.
        spaces: ``((key of the evidence, space), …)`` of what was looked through between files.
        thumbnails: ``((how, thumbnails), …)`` sorted, by :class:`triage.model.thumbnail.LinkHow`.
    """

    places: tuple[tuple[str, int], ...] = ()
    videos: tuple[tuple[str, int], ...] = ()
    videos_pending: int = 0
    spaces: tuple[tuple[str, CarvedSpace], ...] = ()
    thumbnails: tuple[tuple[str, int], ...] = ()
