"""A sheet of frames from all through a video, made anew for the screen as pictures are."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from triage.hashing.limits import VideoLimits
from triage.hashing.rendition import spared
from triage.hashing.videofile import (
    FAULTS,
    NothingOpenedError,
    VideoFile,
    opened,
    streams_of,
    words_of,
)
from triage.hashing.videoframe import quarter_turns
from triage.model.rendition import Rendition, View
from triage.model.video import NoVideo, VideoReason

COLUMNS, ROWS = 4, 3
_GAP_PIXELS = 4
_LEAST_TILE = 16
_QUALITY = 80
_PATIENCE_PACKETS = 600
"""Packets after a place that was sought, among which a frame has to decode."""


def strip(file: VideoFile, limits: VideoLimits, view: View) -> Rendition | NoVideo:
    """Make a sheet of twelve frames at even distances, in order of time, left to right, row by row.

    Each is the key frame before its moment; one that serves two moments is shown once. The measures
    of the view go for each frame, by the same rule as for a picture of its size.
    """
    try:
        with opened(file) as container:
            stream = streams_of(container, limits)[0]
            tiles = [
                _tile(frame, view)
                for frame in _frames(container, stream)
                if frame.width * frame.height <= limits.max_pixels
            ]
    except NothingOpenedError as nothing:
        return nothing.why
    except MemoryError:
        detail = "out of memory while decoding"
        return NoVideo(reason=VideoReason.MEMORY_LIMIT, detail=detail)
    except FAULTS as error:
        return NoVideo(reason=VideoReason.UNDECODABLE, detail=words_of(error))
    if not tiles:
        return NoVideo(reason=VideoReason.UNDECODABLE, detail="no frame of it decodes")
    sheet = _sheet(tiles, grey=view.grey)
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=_QUALITY)
    return Rendition(
        data=out.getvalue(),
        mime="image/jpeg",
        width=sheet.width,
        height=sheet.height,
        frames=len(tiles),
    )


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    stream.codec_context.skip_frame = "NONKEY"
    shown: set[int | None] = set()
    for moment in _moments(container, stream):
        frame = _at(container, stream, moment)
        if frame is not None and frame.pts not in shown:
            shown.add(frame.pts)
            yield frame


def _moments(container: InputContainer, stream: VideoStream) -> Iterator[int]:
    """Give even moments in units of the stream; the start alone where nobody knows its length."""
    base, count = stream.time_base, COLUMNS * ROWS
    start = stream.start_time or 0
    length = stream.duration
    if length is None and container.duration is not None and base:
        length = int(container.duration / (av.time_base * base))
    if not length or length < 0:
        yield start
        return
    for index in range(count):
        yield start + length * (2 * index + 1) // (2 * count)


def _at(container: InputContainer, stream: VideoStream, moment: int) -> VideoFrame | None:
    """Decode the key frame before a moment; where it cannot be sought, the next that comes."""
    try:
        container.seek(moment, stream=stream)
        stream.codec_context.flush_buffers()
    except FAULTS:
        pass
    try:
        for number, packet in enumerate(container.demux(stream)):
            for frame in packet.decode():
                return frame
            if number > _PATIENCE_PACKETS:
                return None
    except MemoryError:
        raise
    except FAULTS:
        return None
    return None


def _tile(frame: VideoFrame, view: View) -> Image.Image:
    picture = Image.fromarray(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
    side = max((view.longest_pixels - (COLUMNS - 1) * _GAP_PIXELS) // COLUMNS, _LEAST_TILE)
    small = spared(picture, View(longest_pixels=side, grey=view.grey, blur=view.blur))
    turns = quarter_turns(frame)
    return small.rotate(90 * turns, expand=True) if turns else small


def _sheet(tiles: list[Image.Image], *, grey: bool) -> Image.Image:
    columns = min(COLUMNS, len(tiles))
    rows = math.ceil(len(tiles) / columns)
    width = max(tile.width for tile in tiles)
    height = max(tile.height for tile in tiles)
    sheet = Image.new(
        "L" if grey else "RGB",
        (
            columns * (width + _GAP_PIXELS) - _GAP_PIXELS,
            rows * (height + _GAP_PIXELS) - _GAP_PIXELS,
        ),
    )
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        sheet.paste(tile, (column * (width + _GAP_PIXELS), row * (height + _GAP_PIXELS)))
    return sheet
