"""A working MP4 of a video: its packets as they are where MP4 takes them, else encoded anew."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from triage.hashing.limits import VideoLimits
from triage.hashing.videofile import (
    FAULTS,
    NothingOpenedError,
    VideoFile,
    opened,
    streams_of,
    words_of,
)
from triage.model.video import NoVideo, VideoReason

_VIDEO_AS_IT_IS = frozenset({"h264", "hevc", "av1", "mpeg4"})
_AUDIO_AS_IT_IS = frozenset({"aac", "mp3", "ac3"})
_QUALITY = 3
"""Of MPEG-4 Part 2 by FFmpeg's own encoder, free of the terms of others; 1 is the best."""
_LAMBDA = 118
"""FF_QP2LAMBDA of FFmpeg: what a step of quality is in its units."""
_MOST_RATE = 60


def write_copy(file: VideoFile, out: BinaryIO, limits: VideoLimits) -> str | NoVideo:
    """Write a copy of the first stream of pictures, and of sound, as MP4.

    Nothing of what the source says of itself goes along. Sound that MP4 does not take is encoded as
    AAC; pictures that it does not take, or that cannot be copied, as MPEG-4 Part 2.

    Args:
        out: an empty file that can be sought.

    Returns:
        In words what was done, or why there is no copy; what ``out`` then holds is of no use.
    """
    try:
        with opened(file) as source:
            stream = streams_of(source, limits)[0]
            if stream.codec_context.name in _VIDEO_AS_IT_IS:
                try:
                    return _copied(source, stream, out)
                except FAULTS as error:
                    again = f"; its packets could not be copied: {words_of(error)}"
            else:
                again = ""
        out.seek(0)
        out.truncate()
        file.seek(0)
        with opened(file) as source:
            return _encoded(source, streams_of(source, limits)[0], out) + again
    except NothingOpenedError as nothing:
        return nothing.why
    except MemoryError:
        return NoVideo(reason=VideoReason.MEMORY_LIMIT, detail="out of memory")
    except FAULTS as error:
        return NoVideo(reason=VideoReason.UNDECODABLE, detail=words_of(error))


def _opened_target(out: BinaryIO) -> OutputContainer:
    return av.open(out, mode="w", format="mp4", options={"fflags": "+bitexact"})


def _copied(source: InputContainer, stream: VideoStream, out: BinaryIO) -> str:
    sound = _sound(source)
    inputs: list[Stream] = [stream]
    with _opened_target(out) as target:
        tracks: dict[int, Stream] = {stream.index: target.add_stream_from_template(stream)}
        if sound is not None and sound.codec_context.name in _AUDIO_AS_IT_IS:
            inputs.append(sound)
            tracks[sound.index] = target.add_stream_from_template(sound)
        for packet in _timed(packet for packet in source.demux(inputs) if packet.size):
            packet.stream = tracks[packet.stream_index]
            target.mux(packet)
    left = "" if len(tracks) > 1 or sound is None else "; its sound, which MP4 does not take, left"
    return f"packets copied as they are ({stream.codec_context.name}){left}"


def _timed(packets: Iterator[Packet[Stream]]) -> Iterator[Packet[Stream]]:
    """Give each packet a time of decoding: some formats state none for the first of a stream."""
    held: dict[int, list[Packet[Stream]]] = {}
    known: set[int] = set()
    for packet in packets:
        index = packet.stream_index
        if index in known:
            yield packet
        elif packet.dts is None:
            held.setdefault(index, []).append(packet)
        else:
            known.add(index)
            yield from _counted_back(held.pop(index, []), packet.dts, packet.duration or 1)
            yield packet
    for untimed in held.values():
        yield from _counted_back(untimed, len(untimed), 1)


def _counted_back(
    packets: list[Packet[Stream]], next_dts: int, step: int
) -> Iterator[Packet[Stream]]:
    for number, packet in enumerate(packets):
        packet.dts = next_dts - (len(packets) - number) * step
        yield packet


def _sound(source: InputContainer) -> AudioStream | None:
    """Give the first stream of sound that can be decoded, to be read along."""
    for stream in source.streams.audio:
        if stream.codec_context is not None:
            stream.discard = Discard.default
            return stream
    return None


def _encoded(source: InputContainer, stream: VideoStream, out: BinaryIO) -> str:
    rate = Fraction(stream.average_rate or 25).limit_denominator(1001)
    rate = min(max(rate, Fraction(1)), Fraction(_MOST_RATE))
    broken = 0
    with _opened_target(out) as target:
        pictures = _Pictures(target, stream, rate)
        sound = _Sound(target, _sound(source))
        inputs: list[Stream] = [stream, *filter(None, [sound.source])]
        for packet in source.demux(inputs):
            try:
                frames = packet.decode()
            except FAULTS:
                broken += 1
                continue
            for frame in frames:
                if isinstance(frame, VideoFrame):
                    pictures.write(frame)
                elif isinstance(frame, AudioFrame):
                    sound.write(frame)
        pictures.end()
        sound.end()
    words = f"encoded anew as MPEG-4 Part 2, {float(rate):g} frames a second"
    return f"{words}; {broken} packets did not decode" if broken else words


class _Pictures:
    """The pictures of a copy, at an even rate."""

    def __init__(self, target: OutputContainer, source: VideoStream, rate: Fraction) -> None:
        self._target, self._rate, self._last = target, rate, -1
        made = target.add_stream("mpeg4", rate=rate)
        made.width, made.height = source.width // 2 * 2, source.height // 2 * 2
        made.pix_fmt = "yuv420p"
        made.codec_context.flags |= Flags.qscale
        made.codec_context.global_quality = _QUALITY * _LAMBDA
        self._stream = made

    def write(self, frame: VideoFrame) -> None:
        """Encode a frame, unless another has its place."""
        place = round(float(frame.time or 0.0) * self._rate)
        if place <= self._last:
            return
        self._last = place
        flat = frame.reformat(self._stream.width, self._stream.height, "yuv420p")
        flat.pts, flat.time_base = place, 1 / self._rate
        self._target.mux(self._stream.encode(flat))

    def end(self) -> None:
        """Write what is left."""
        self._target.mux(self._stream.encode(None))


class _Sound:
    """The sound of a copy, as AAC; silent where there is none or it does not encode."""

    def __init__(self, target: OutputContainer, source: AudioStream | None) -> None:
        self.source = source
        self._target = target
        if source is not None:
            self._stream = target.add_stream("aac", rate=source.codec_context.sample_rate or 48000)
            self._resampler = AudioResampler(
                format="fltp", layout="stereo", rate=self._stream.codec_context.sample_rate
            )

    def write(self, frame: AudioFrame) -> None:
        """Encode decoded sound."""
        frame.pts = None
        for even in self._resampler.resample(frame):
            self._target.mux(self._stream.encode(even))

    def end(self) -> None:
        """Write what is left."""
        if self.source is not None:
            for even in self._resampler.resample(None):
                self._target.mux(self._stream.encode(even))
            self._target.mux(self._stream.encode(None))
