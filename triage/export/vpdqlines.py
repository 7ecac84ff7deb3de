"""Frames of a video as lines that other tools for vPDQ read."""

from __future__ import annotations

from collections.abc import Iterator

from triage.model.video import VideoHashes


def vpdq_lines(video: VideoHashes) -> Iterator[str]:
    """Give ``frame,quality,pdq,timestamp`` for each frame, in order of time, without line ends.

    The moment has three decimals, as vPDQ's own tools write it. Frames of low quality are among
    them: who reads the list decides what is too little.
    """
    for frame in video.frames:
        yield f"{frame.number},{frame.quality},{frame.bits.hex()},{frame.at_s:.3f}"
