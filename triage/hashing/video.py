"""Videos looked into: facts and the PDQ of one frame a second, or why there are none."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from triage.hashing.limits import VideoLimits
from triage.hashing.pdq import MIN_SIDE, pdq_of_pixels
from triage.hashing.videofile import (
    FAULTS,
    NothingOpenedError,
    VideoFile,
    facts_of,
    opened,
    streams_of,
    words_of,
)
from triage.hashing.videoframe import brightness, quarter_turns
from triage.hashing.videotrack import Budget, Track
from triage.model.video import (
    FrameHash,
    NoVideo,
    VideoFacts,
    VideoHashes,
    VideoOutcome,
    VideoReason,
)

_MISSING_S = 2.0
_MISSING_SHARE = 0.02
"""What a video may end before the duration that it states without being called cut short."""


def scan_video(file: VideoFile, limits: VideoLimits) -> VideoOutcome:
    """Decode one frame of a video a second and hash each.

    The recipe: PDQ of the brightness of the frame as decoded, not squeezed first, turned upright
    as the file says. What breaks on the way is left out and said; what was hashed by then stands.
    Of a file with several streams of moving pictures, all are hashed, in order of time.

    Args:
        file: the content, read and sought as the format asks for.
        limits: see :class:`VideoLimits`.

    Returns:
        The hashes, or the reason why there are none. An exception of the library becomes a reason.
    """
    facts = VideoFacts()
    try:
        with opened(file) as container:
            facts = facts_of(container, None)
            streams = streams_of(container, limits)
            facts = facts_of(container, streams[0])
            return _Scan(facts=facts, limits=limits).outcome(container, streams)
    except NothingOpenedError as nothing:
        return replace(nothing.why, facts=facts)
    except MemoryError:
        detail = "out of memory while decoding"
        return NoVideo(reason=VideoReason.MEMORY_LIMIT, detail=detail, facts=facts)
    except FAULTS as error:
        return NoVideo(reason=VideoReason.UNDECODABLE, detail=words_of(error), facts=facts)


@dataclass(slots=True, kw_only=True)
class _Scan:
    """One video on its way through the decoder."""

    facts: VideoFacts
    limits: VideoLimits
    _frames: list[FrameHash] = field(default_factory=list)
    _left: str = ""
    _turns: int | None = None

    def outcome(self, container: InputContainer, streams: tuple[VideoStream, ...]) -> VideoOutcome:
        budget = Budget(self.limits.between_pixels)
        tracks = {stream.index: Track(stream, budget) for stream in streams}
        ends = time.monotonic() + self.limits.time_s
        for packet in self._packets(container, streams):
            track = tracks[packet.stream_index]
            track.step(packet)
            for number, at_s, frame in track.feed(packet):
                self._hash(number, at_s, frame)
            if len(self._frames) >= self.limits.max_frames:
                self._left = f"left after {self.limits.max_frames} frames"
            elif time.monotonic() > ends:
                self._left = f"left after {self.limits.time_s:g} s, at {_clock(track.last_s)}"
            if self._left:
                break
        for track in tracks.values():
            for number, at_s, frame in track.end():
                self._hash(number, at_s, frame)
        return self._told(tuple(tracks.values()))

    def _packets(
        self, container: InputContainer, streams: tuple[VideoStream, ...]
    ) -> Iterator[Packet[VideoStream]]:
        """Yield packets in the order of the file, until it ends or breaks."""
        packets = container.demux(streams)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except MemoryError:
                raise
            except FAULTS as error:
                self._left = f"cannot be read on: {words_of(error)}"
                return
            if packet.size:
                yield packet

    def _hash(self, number: int, at_s: float, frame: VideoFrame) -> None:
        if len(self._frames) >= self.limits.max_frames:
            return
        if min(frame.width, frame.height) < MIN_SIDE:
            return
        if frame.width * frame.height > self.limits.max_pixels:  # it grew on the way
            return
        if self._turns is None:
            self._turns = quarter_turns(frame)
        bits, quality = pdq_of_pixels(brightness(frame))
        self._frames.append(
            FrameHash(number=number, quality=quality, bits=bits, at_s=round(at_s, 3))
        )

    def _told(self, tracks: tuple[Track, ...]) -> VideoOutcome:
        last_s = max(track.last_s for track in tracks)
        facts = replace(
            self.facts,
            duration_s=self.facts.duration_s if self.facts.duration_s >= 0 else round(last_s, 3),
            variable=any(track.is_variable for track in tracks),
            rotation_degrees=-90 * (self._turns or 0) % 360,
        )
        words = [*filter(None, (self._left, self._short(last_s))), *_breaks(tracks)]
        complete = not words
        if len(tracks) > 1:
            words.append(f"{len(tracks)} streams of pictures")
        words += [
            f"from {_clock(track.keys_from_s)} on key frames alone were looked at"
            for track in tracks
            if track.keys_from_s >= 0
        ]
        detail = "; ".join(words)
        if not self._frames:
            detail = detail or "no frame of it decodes"
            return NoVideo(reason=VideoReason.UNDECODABLE, detail=detail, facts=facts)
        frames = tuple(sorted(self._frames, key=lambda one: (one.at_s, one.number, one.bits)))
        return VideoHashes(facts=facts, frames=frames, complete=complete, detail=detail)

    def _short(self, last_s: float) -> str:
        stated = self.facts.duration_s
        if self._left or last_s >= stated - max(_MISSING_S, stated * _MISSING_SHARE):
            return ""
        return f"its pictures end at {_clock(last_s)} of {_clock(stated)}"


def _breaks(tracks: tuple[Track, ...]) -> list[str]:
    broken = sum(track.broken for track in tracks)
    packets = sum(track.packets for track in tracks)
    return [f"{broken} of {packets} packets do not decode"] if broken else []


def _clock(at_s: float) -> str:
    whole = int(at_s)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
