"""One frame of a video as the brightness that is hashed, laid as a player shows it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

Grey = npt.NDArray[np.uint8]

_PLANES_OF_LUMA = frozenset(
    {
        *("yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p", "nv12", "nv21"),
        *("yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p", "yuvj411p", "nv16", "nv24"),
        *("yuva420p", "yuva422p", "yuva444p", "gray", "gray8"),
    }
)
"""Layouts whose first plane is brightness, a byte a pixel."""
_FULL_RANGE = 2
"""AVCOL_RANGE_JPEG: black is 0 and white 255; else 16 and 235 (ITU-R BT.601)."""
_WIDENED = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)


def brightness(frame: VideoFrame) -> Grey:
    """Give the brightness of a decoded frame, ``(h, w)``, 0 black and 255 white, turned upright.

    The turn that a file asks for is applied, unlike that of a still picture: whoever makes a video
    anew applies it to the frames, and there is no telling afterwards.
    """
    name = frame.format.name
    plane = frame.planes[0]
    if name in _PLANES_OF_LUMA and plane.line_size >= frame.width:
        rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * frame.height]
        luma = rows.reshape(frame.height, plane.line_size)[:, : frame.width]
        whole = name.startswith(("yuvj", "gray")) or frame.color_range == _FULL_RANGE
        luma = luma if whole else _WIDENED[luma]
    else:
        luma = np.asarray(frame.to_ndarray(format="gray"), np.uint8)
    return np.ascontiguousarray(np.rot90(luma, quarter_turns(frame)))


def quarter_turns(frame: VideoFrame) -> int:
    """Give how often a frame is to be turned by 90 degrees anticlockwise to be shown."""
    return round(frame.rotation / 90) % 4
