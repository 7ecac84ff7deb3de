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
_PASSED_PIXELS = 1_200_000_000
"""Decoded in passing for a sheet: some 50 s of 1280x720 at 25 frames a second."""
_PATIENCE_PACKETS = 600
"""Packets after a place that was sought, among which a frame has to decode."""


def strip(file: VideoFile, limits: VideoLimits, view: View) -> Rendition | NoVideo:
    """Make a sheet of twelve frames at even distances, in order of time, left to right, row by row.

    Each is the key frame before its moment, where key frames are many. A short film may have one
    alone: it is then decoded from its start, as far as so many pixels go, and shows the frames of
    the moments themselves. One that serves two moments is shown once. The measures of the view go
    for each frame, by the same rule as for a picture of its size.
    """
    try:
        with opened(file) as container:
            stream = streams_of(container, limits)[0]
            tiles = _tiles(container, stream, limits, view)
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


_Tiles = dict[int, tuple[int | None, Image.Image]]
"""By moment: when the frame is shown, and what was made of it."""


def _tiles(
    container: InputContainer, stream: VideoStream, limits: VideoLimits, view: View
) -> list[Image.Image]:
    moments = list(_moments(container, stream))
    found: _Tiles = {}
    stream.codec_context.skip_frame = "NONKEY"
    for moment in moments:
        frame = _at(container, stream, moment)
        if frame is not None and frame.width * frame.height <= limits.max_pixels:
            found[moment] = frame.pts, _tile(frame, view)
    if len({pts for pts, _ in found.values()}) < len(moments):
        stream.codec_context.skip_frame = "DEFAULT"
        found |= _passed(container, stream, moments, limits, view)
    once = {pts: tile for _, (pts, tile) in sorted(found.items(), key=lambda one: one[0])}
    return list(once.values())


def _passed(
    container: InputContainer,
    stream: VideoStream,
    moments: list[int],
    limits: VideoLimits,
    view: View,
) -> _Tiles:
    """Decode from the start, and take what is shown at each moment that is reached."""
    found: _Tiles = {}
    wanted, pixels = iter(moments), 0
    moment = next(wanted, None)
    try:
        container.seek(stream.start_time or 0, stream=stream)
        stream.codec_context.flush_buffers()
        for frame in container.decode(stream):
            pixels += frame.width * frame.height
            if moment is None or pixels > _PASSED_PIXELS:
                break
            while moment is not None and frame.pts is not None and frame.pts >= moment:
                if frame.width * frame.height <= limits.max_pixels:
                    found[moment] = frame.pts, _tile(frame, view)
                moment = next(wanted, None)
    except MemoryError:
        raise
    except FAULTS:
        pass  # what was reached is shown
    return found


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
