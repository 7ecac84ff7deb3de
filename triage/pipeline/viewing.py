"""What runs in the workers that show pictures: read one content, check that it is it, make it anew.

A worker keeps the evidence that it reads open, and nothing else: no picture outlives its errand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from triage.errors import EvidenceError, EvidenceGone
from triage.hashing.exif import tags_of
from triage.hashing.rendition import render
from triage.model.display import printable
from triage.model.outcome import NoPicture, PictureReason
from triage.model.picturefacts import PictureTag
from triage.model.rendition import NotShown, NotShownReason, Rendition
from triage.pipeline import opened
from triage.pipeline.items import ViewItem
from triage.pipeline.opened import ends_with_evidence, evidence_at
from triage.pipeline.tasks import read_again
from triage.pipeline.videoitems import is_video

MOST_OPEN = 8
"""Evidence items that a worker keeps open."""

_REASONS = {
    PictureReason.UNDECODABLE: NotShownReason.UNDECODABLE,
    PictureReason.TRUNCATED: NotShownReason.UNDECODABLE,
    PictureReason.TOO_MANY_PIXELS: NotShownReason.TOO_LARGE,
    PictureReason.TOO_MANY_BYTES: NotShownReason.TOO_LARGE,
    PictureReason.MEMORY_LIMIT: NotShownReason.MEMORY_LIMIT,
    PictureReason.UNREADABLE: NotShownReason.UNREADABLE,
    PictureReason.UNSUPPORTED: NotShownReason.UNSUPPORTED,
}

_WRONG_PLACE = frozenset({NotShownReason.CHANGED, NotShownReason.UNREADABLE})

_Shown = TypeVar("_Shown")


def show_picture(item: ViewItem) -> Rendition | NotShown:
    """Read a content and make a picture of it; nothing is made before its SHA-256 agrees.

    Of a video a sheet of its frames is made.
    """
    if is_video(item.mime):
        return _with_video(item)

    def make(data: bytes) -> Rendition | NotShown:
        made = render(data, item.mime, item.limits, item.view)
        return _not_shown(made) if isinstance(made, NoPicture) else made

    return _with_content(item, make)


def read_tags(item: ViewItem) -> tuple[PictureTag, ...] | NotShown:
    """Read a content and tell all that it says of itself."""
    if is_video(item.mime):
        return NotShown(reason=NotShownReason.VIDEO)
    return _with_content(item, tags_of)


def _with_video(item: ViewItem) -> Rendition | NotShown:
    from triage.pipeline.videotasks import show_frames  # noqa: PLC0415  (loads FFmpeg)

    opened.keep_open(MOST_OPEN - 1)
    try:
        found = show_frames(item)
    except (EvidenceGone, EvidenceError) as error:
        return NotShown(reason=NotShownReason.AWAY, detail=printable(error.message))
    if isinstance(found, NotShown) and found.reason in _WRONG_PLACE:
        opened.close_at(item.location)  # what was known of it may be what is wrong
    return found


def _with_content(item: ViewItem, make: Callable[[bytes], _Shown]) -> _Shown | NotShown:
    opened.keep_open(MOST_OPEN - 1)
    try:
        found = _read(item)
    except (EvidenceGone, EvidenceError) as error:
        return NotShown(reason=NotShownReason.AWAY, detail=printable(error.message))
    if isinstance(found, NotShown):
        if found.reason in _WRONG_PLACE:
            opened.close_at(item.location)  # what was known of it may be what is wrong
        return found
    return make(found)


@ends_with_evidence
def _read(item: ViewItem) -> bytes | NotShown:
    if evidence_at(item.location).info.key != item.entry.ref.evidence:
        return NotShown(reason=NotShownReason.CHANGED, detail="other evidence lies there now")
    data = read_again(item)
    return _not_shown(data) if isinstance(data, NoPicture) else data


def _not_shown(why: NoPicture) -> NotShown:
    reason = _REASONS.get(why.reason, NotShownReason.UNDECODABLE)
    if why.detail.startswith("it reads differently"):
        reason = NotShownReason.CHANGED
    return NotShown(reason=reason, detail=printable(why.detail))
