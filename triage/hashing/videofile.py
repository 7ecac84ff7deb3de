"""Videos opened by the one library that is trusted with them, shut off from all but their bytes.

Some formats are lists of other files or of addresses; FFmpeg would open those. So the formats that
may be are named one by one, no protocol is allowed, and whatever is asked for besides is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import av
import av.logging
from av.container import InputContainer
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from triage.hashing.limits import VideoLimits
from triage.model.display import printable
from triage.model.video import NoVideo, VideoFacts, VideoReason

FORMATS = (
    *("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "asf", "asf_o"),
    *("flv", "live_flv", "mpeg", "mpegts", "mpegvideo", "mpegtsraw", "rm", "ivr", "ogg", "mxf"),
    *("h264", "hevc", "vvc", "m4v", "mjpeg", "mjpeg_2000", "h261", "h263", "vc1", "vc1test"),
    *("ivf", "av1", "obu", "dv", "dhav", "gxf", "wtv", "nut", "nsv", "nuv", "swf", "amv", "smjpeg"),
    *("ea", "roq", "bink", "smk", "flic", "film_cpk", "yuv4mpegpipe", "mpjpeg", "mvi", "mv"),
    *("xmv", "mtv", "kux", "pmp", "psxstr", "4xm", "vivo", "mgsts", "ipmovie", "c93", "thp"),
)
"""Names of FFmpeg's demuxers; none of them opens another file, or is told not to."""

FAULTS = (
    av.FFmpegError,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    AssertionError,
)
"""What the library raises over hostile bytes; its own errors are also errors of Python."""

MOST_STREAMS = 4
"""Pictures that run side by side in one file: the front and the back of a car, for instance."""
_WORDS = 60


class VideoFile(Protocol):
    """Bytes that can be read at any place."""

    def read(self, size: int, /) -> bytes:
        """Give so many bytes, fewer only at the end."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move."""

    def tell(self) -> int:
        """Give the place."""


class NothingOpenedError(Exception):
    """No frames can be had of a file; why not."""

    def __init__(self, why: NoVideo) -> None:
        super().__init__(why.detail)
        self.why = why


@contextmanager
def opened(file: VideoFile) -> Iterator[InputContainer]:
    """Open a video by its bytes alone.

    Raises:
        NothingOpenedError: none of the formats fits, or the head is broken.
    """
    av.logging.set_level(None)  # its words go nowhere: they may hold names of the evidence
    try:
        container = av.open(
            file,
            mode="r",
            metadata_errors="backslashreplace",
            container_options={
                "format_whitelist": ",".join(FORMATS),
                "protocol_whitelist": "none",
                "enable_drefs": "0",
            },
            io_open=_refused,
        )
    except MemoryError:
        raise
    except FAULTS as error:
        raise NothingOpenedError(
            NoVideo(reason=VideoReason.UNDECODABLE, detail=words_of(error))
        ) from error
    with container:
        yield container


def _refused(_url: str, _flags: int, _options: dict[str, str]) -> object:
    raise PermissionError("a video may not open other files")


def streams_of(container: InputContainer, limits: VideoLimits) -> tuple[VideoStream, ...]:
    """Give the streams of moving pictures, ready to be decoded by one thread.

    Raises:
        NothingOpenedError: there are none, or none of them may or can be decoded.
    """
    moving = [
        stream
        for stream in container.streams.video
        if not stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)
    ]
    if not moving:
        raise NothingOpenedError(NoVideo(reason=VideoReason.NO_PICTURES))
    usable: list[VideoStream] = []
    for stream in moving[:MOST_STREAMS]:
        context = stream.codec_context
        if context is None:
            continue
        context.thread_count = 1
        context.thread_type = "NONE"
        context.options = {"max_pixels": str(limits.max_pixels)}
        usable.append(stream)
    if not usable:
        detail = "no decoder knows how its pictures are packed"
        raise NothingOpenedError(NoVideo(reason=VideoReason.UNDECODABLE, detail=detail))
    small = [one for one in usable if one.width * one.height <= limits.max_pixels]
    if not small:
        detail = f"{usable[0].width}x{usable[0].height} pixels, limit {limits.max_pixels}"
        raise NothingOpenedError(NoVideo(reason=VideoReason.TOO_MANY_PIXELS, detail=detail))
    kept = {stream.index for stream in small}
    for other in container.streams:
        if other.index not in kept:
            other.discard = Discard.all
    return tuple(small)


def facts_of(container: InputContainer, stream: VideoStream | None) -> VideoFacts:
    """Give what the head of a video says; a frame has still to tell how it is turned."""
    audio = container.streams.audio
    facts = VideoFacts(
        duration_s=_duration(container, stream),
        audio_codec=_codec(audio[0]) if audio else "",
        format=printable(container.format.name)[:_WORDS],
        started=_started(container),
    )
    if stream is None:
        return facts
    return VideoFacts(
        duration_s=facts.duration_s,
        width=max(stream.width, 0),
        height=max(stream.height, 0),
        frame_rate=round(float(stream.average_rate or 0), 3),
        video_codec=_codec(stream),
        audio_codec=facts.audio_codec,
        format=facts.format,
        started=facts.started,
    )


def words_of(error: BaseException) -> str:
    """Say an error in words that name nothing of the machine."""
    said = getattr(error, "strerror", None) or str(error)
    return printable(f"{type(error).__name__}: {said}")[:200]


def _codec(stream: Stream) -> str:
    context = stream.codec_context
    return "unknown" if context is None else printable(context.name)[:_WORDS]


def _duration(container: InputContainer, stream: VideoStream | None) -> float:
    if container.duration is not None and container.duration >= 0:
        return round(container.duration / av.time_base, 3)
    if stream is not None and stream.duration is not None and stream.time_base is not None:
        return round(float(stream.duration * stream.time_base), 3)
    return -1.0


def _started(container: InputContainer) -> str:
    told = container.metadata
    for name in ("com.apple.quicktime.creationdate", "creation_time", "date"):
        if told.get(name):
            return printable(told[name])[:40]
    return ""
