"""What the commands on videos print."""

from __future__ import annotations

from dataclasses import asdict

from triage.model.display import printable
from triage.model.video import FRAME_MIN_QUALITY, NoVideo, VideoOutcome, WorkingCopy


def video_object(exhibit: str, sha256: bytes, outcome: VideoOutcome) -> dict[str, object]:
    """Give what is known of a video as a JSON object with stable keys."""
    frames = () if isinstance(outcome, NoVideo) else outcome.frames
    return {
        "exhibit": exhibit,
        "sha256": sha256.hex(),
        "state": state_of(outcome),
        "reason": str(outcome.reason) if isinstance(outcome, NoVideo) else "",
        "detail": outcome.detail,
        "frames": len(frames),
        "frames_compared": sum(one.quality >= FRAME_MIN_QUALITY for one in frames),
        **asdict(outcome.facts),
    }


def copy_object(copy: WorkingCopy) -> dict[str, object]:
    """Give what was written down of a working copy as a JSON object with stable keys."""
    return {**asdict(copy), "sha256": copy.sha256.hex(), "copy_sha256": copy.copy_sha256.hex()}


def state_of(outcome: VideoOutcome) -> str:
    """Give ``hashed``, ``partial`` or ``none``."""
    if isinstance(outcome, NoVideo):
        return "none"
    return "hashed" if outcome.complete else "partial"


def video_line(exhibit: str, sha256: bytes, outcome: VideoOutcome) -> str:
    """Give one line of a listing."""
    facts = outcome.facts
    size = f"{facts.width}x{facts.height}" if facts.width else "-"
    length = f"{facts.duration_s:.1f} s" if facts.duration_s >= 0 else "-"
    codec = facts.video_codec or "-"
    if isinstance(outcome, NoVideo):
        told = f"not examined: {outcome.reason}"
    else:
        told = f"{len(outcome.frames)} frames"
        told += "" if outcome.complete else ", in part"
    words = f"{told}: {outcome.detail}" if outcome.detail else told
    return (
        f"{printable(exhibit):<10} {sha256.hex()} {length:>10} {size:>10} {printable(codec):<10} "
        f"{printable(words)}"
    )
