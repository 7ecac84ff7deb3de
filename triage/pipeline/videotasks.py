"""What runs in the workers that look into videos: read one content as a stream, hash its frames."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from triage.hashing.limits import VideoLimits
from triage.hashing.strip import strip
from triage.hashing.video import scan_video
from triage.hashing.workingcopy import write_copy
from triage.ingest.carved import reader_of
from triage.ingest.contentfile import ContentFile, content_file
from triage.ingest.evidence import Evidence
from triage.ingest.reading import ContentError, VolumeError
from triage.model.display import printable
from triage.model.entry import FileEntry
from triage.model.rendition import NotShown, NotShownReason, Rendition
from triage.model.video import NoVideo, VideoHashes, VideoOutcome, VideoReason
from triage.pipeline.items import ViewItem
from triage.pipeline.opened import ends_with_evidence, evidence_at, new_damage
from triage.pipeline.players import player_of
from triage.pipeline.videoitems import CopyItem, Looked, VideoItem
from triage.scheduler import turn

_CHUNK_BYTES = 1024 * 1024
_UNSHOWN = {
    VideoReason.TOO_MANY_PIXELS: NotShownReason.TOO_LARGE,
    VideoReason.MEMORY_LIMIT: NotShownReason.MEMORY_LIMIT,
}
_OTHERWISE = "it reads differently from when it was digested"
_OWN_FORMAT = frozenset({VideoReason.UNDECODABLE, VideoReason.NO_PICTURES})


@ends_with_evidence
def look_into_video(item: VideoItem) -> Looked:
    """Hash one frame a second of a content; nothing is told before its SHA-256 agrees."""
    evidence = evidence_at(item.location)
    try:
        outcome = _looked(evidence, item)
    except (ContentError, VolumeError, OSError) as error:
        outcome = NoVideo(reason=VideoReason.UNREADABLE, detail=printable(str(error))[:200])
    return Looked(outcome, new_damage(item.location))


def _looked(evidence: Evidence, item: VideoItem) -> VideoOutcome:
    file = content_file(reader_of(evidence, item.entry), item.entry)
    with turn():
        same = agrees(file, item.sha256)
    if not same:
        return NoVideo(reason=VideoReason.UNREADABLE, detail=_OTHERWISE)
    outcome = scan_video(file, item.limits)
    if file.fault:
        return _after_fault(outcome, printable(file.fault)[:200])
    if isinstance(outcome, NoVideo) and outcome.reason in _OWN_FORMAT:
        return _of_recorder(item, outcome)
    return outcome


@ends_with_evidence
def show_frames(item: ViewItem) -> Rendition | NotShown:
    """Make a sheet of frames of a video; nothing is made before its SHA-256 agrees."""
    evidence = evidence_at(item.location)
    if evidence.info.key != item.entry.ref.evidence:
        return NotShown(reason=NotShownReason.CHANGED, detail="other evidence lies there now")
    try:
        file = content_file(reader_of(evidence, item.entry), item.entry)
        if not agrees(file, item.sha256):
            return NotShown(reason=NotShownReason.CHANGED)
        made = strip(file, VideoLimits(), item.view)
    except (ContentError, VolumeError, OSError) as error:
        detail = printable(str(error))[:200]
        return NotShown(reason=NotShownReason.UNREADABLE, detail=detail)
    if isinstance(made, NoVideo):
        reason = _UNSHOWN.get(made.reason, NotShownReason.VIDEO)
        return NotShown(reason=reason, detail=printable(made.detail))
    return made


@ends_with_evidence
def copy_video(item: CopyItem) -> str | NoVideo:
    """Write a working copy of a content, not before its SHA-256 agrees; in words what was done."""
    evidence = evidence_at(item.location)
    if evidence.info.key != item.entry.ref.evidence:
        return NoVideo(reason=VideoReason.UNREADABLE, detail="other evidence lies there now")
    try:
        file = content_file(reader_of(evidence, item.entry), item.entry)
        if not agrees(file, item.sha256):
            return NoVideo(reason=VideoReason.UNREADABLE, detail=_OTHERWISE)
    except (ContentError, VolumeError, OSError) as error:
        return NoVideo(reason=VideoReason.UNREADABLE, detail=printable(str(error))[:200])
    with Path(item.target).open("x+b") as out:
        made = write_copy(file, out, item.limits)
    if file.fault:
        return NoVideo(reason=VideoReason.UNREADABLE, detail=printable(file.fault)[:200])
    return made


def agrees(file: ContentFile, sha256: bytes) -> bool:
    """Read a content whole, and tell whether it is what was digested.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return digest.digest() == sha256


def _after_fault(outcome: VideoOutcome, words: str) -> VideoOutcome:
    if isinstance(outcome, VideoHashes):
        said = "; ".join(filter(None, (outcome.detail, f"cannot be read on: {words}")))
        return replace(outcome, complete=False, detail=said)
    return replace(outcome, reason=VideoReason.UNREADABLE, detail=words)


def _of_recorder(item: VideoItem, outcome: NoVideo) -> NoVideo:
    """Name the player of a recorder's own format, which a decoder could make nothing of."""
    player = player_of(_name(item.entry), item.mime)
    if not player:
        return outcome
    return replace(outcome, reason=VideoReason.NEEDS_PLAYER, detail=f"needs player {player}")


def _name(entry: FileEntry) -> bytes:
    return entry.ref.path.rpartition(b"/")[2]
