"""One stream of moving pictures, decoded as far as its seconds ask for it and no further."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from triage.hashing.sampling import NEAR_S, Sampling
from triage.hashing.videofile import FAULTS

_KEPT_TIMES = 4096
_KEPT_STEPS = 512
_BACK_S = 2.0
_EVEN_SHARE = 0.95


class Budget:
    """What may still be decoded between key frames, all streams together."""

    def __init__(self, pixels: int) -> None:
        self._pixels = pixels

    def spend(self, pixels: int) -> None:
        """Count a frame."""
        self._pixels -= pixels

    @property
    def is_spent(self) -> bool:
        """Whether key frames alone are to be decoded from now on."""
        return self._pixels <= 0


class Track:
    """Takes the packets of a stream in order and gives the frames that are to be hashed.

    Packets wait until it shows whether they have to be decoded: those since the last key frame,
    of at most a second more than the next one that is wanted.

    Attributes:
        last_s: the latest moment that a packet named.
        broken: packets that did not decode.
        keys_from_s: from where on key frames alone were decoded, -1 if nowhere.
    """

    def __init__(self, stream: VideoStream, budget: Budget) -> None:
        self._context = stream.codec_context
        # frames that no other needs cost a third; one beside them does as well for a second
        self._context.skip_frame = "NONREF"
        self._base = stream.time_base
        self._start = stream.start_time
        self._pause_s = 1.0 / float(stream.average_rate or 25)
        self._budget = budget
        self._sampling = Sampling()
        self._planned = Sampling()
        """As ``_sampling``, but a key frame counts from when it is known that it will be taken."""
        self._pending: list[Packet[VideoStream]] = []
        self._fed = False
        self._key_s = 0.0
        self._times: list[float] = []
        self._before = 0
        self._jump_s = 0.0
        self._steps: Counter[int] = Counter()
        self._last_dts: int | None = None
        self.last_s = 0.0
        self.packets = 0
        self.broken = 0
        self.keys_from_s = -1.0

    def feed(self, packet: Packet[VideoStream]) -> Iterator[tuple[int, float, VideoFrame]]:
        """Take a packet; yield (number of the frame, its moment in seconds, the frame)."""
        at_s = self._moment(packet)
        if packet.is_keyframe and self.packets:
            yield from self._finish(at_s)
        self._note(at_s)
        if not self._pending and not self._fed:
            self._key_s = at_s
            if packet.is_keyframe and self._sampling.wants_key(at_s):
                self._planned.take(at_s)
        self.packets += 1
        self._pending.append(packet)
        if self._planned.is_due(at_s) or (self._fed and self._planned.wants(at_s)):
            yield from self._decode_between()
        elif self._budget.is_spent and len(self._pending) > 1:
            self._pending.pop()

    def end(self) -> Iterator[tuple[int, float, VideoFrame]]:
        """Yield what is still wanted, once there are no more packets."""
        yield from self._finish(self.last_s + 1.01 * NEAR_S)

    @property
    def is_variable(self) -> bool:
        """Whether the frames do not come at even distances."""
        total = sum(self._steps.values())
        if total < 2:
            return False
        usual = max(self._steps, key=lambda step: (self._steps[step], -step))
        slack = max(1, usual // 10)
        even = sum(count for step, count in self._steps.items() if abs(step - usual) <= slack)
        return even < _EVEN_SHARE * total

    def _moment(self, packet: Packet[VideoStream]) -> float:
        """Give the moment of a packet; where clocks run back or say nothing, time goes on."""
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None or self._base is None:
            return self.last_s + self._pause_s if self.packets else 0.0
        if self._start is None:
            self._start = stamp
        told = float((stamp - self._start) * self._base) + self._jump_s
        if self.packets and told < self.last_s - _BACK_S - self._reach():
            self._jump_s += self.last_s + self._pause_s - told
            told = self.last_s + self._pause_s
        return told

    def _reach(self) -> float:
        """Give how far back the order of showing may reach: frames are stored before they show."""
        return self._pause_s * 16

    def _note(self, at_s: float) -> None:
        self.last_s = max(self.last_s, at_s)
        self._times.append(at_s)
        if len(self._times) > _KEPT_TIMES:
            half = sorted(self._times)
            self._before += len(half) // 2
            self._times = half[len(half) // 2 :]

    def step(self, packet: Packet[VideoStream]) -> None:
        """Note how long after the one before it a packet is decoded, in thousandths of a second."""
        if packet.dts is None or self._base is None:
            return
        if self._last_dts is not None and len(self._steps) < _KEPT_STEPS:
            self._steps[round((packet.dts - self._last_dts) * self._base * 1000)] += 1
        self._last_dts = packet.dts

    def _finish(self, next_key_s: float) -> Iterator[tuple[int, float, VideoFrame]]:
        """Decode what is still wanted of the frames before a key frame, and begin anew."""
        if self._pending or self._fed:
            between = self._planned.is_due(next_key_s) and not self._only_keys()
            if between or self._fed:
                yield from self._decoded(self._pending)
                yield from self._drained()
            elif self._sampling.wants_key(self._key_s, alone=self._budget.is_spent):
                yield from self._decoded(self._pending[:1])
                yield from self._drained()
        self._pending.clear()
        self._fed = False
        self._before += len(self._times)
        self._times.clear()

    def _only_keys(self) -> bool:
        spent = self._budget.is_spent
        if spent and self.keys_from_s < 0:
            self.keys_from_s = self._key_s
        return spent

    def _decode_between(self) -> Iterator[tuple[int, float, VideoFrame]]:
        if self._only_keys() and not self._fed:
            return
        waiting, self._pending = self._pending, []
        self._fed = True
        yield from self._decoded(waiting)

    def _decoded(
        self, packets: list[Packet[VideoStream]]
    ) -> Iterator[tuple[int, float, VideoFrame]]:
        for packet in packets:
            try:
                frames = self._context.decode(packet)
            except MemoryError:
                raise
            except FAULTS:
                self.broken += 1
                continue
            yield from self._wanted(frames)

    def _drained(self) -> Iterator[tuple[int, float, VideoFrame]]:
        try:
            frames = self._context.decode(None)
        except MemoryError:
            raise
        except FAULTS:
            frames = []
        yield from self._wanted(frames)
        self._context.flush_buffers()

    def _wanted(self, frames: list[VideoFrame]) -> Iterator[tuple[int, float, VideoFrame]]:
        for frame in frames:
            at_s = self._shown(frame)
            self._budget.spend(frame.width * frame.height)
            is_key = abs(at_s - self._key_s) < self._pause_s / 2
            alone = self._budget.is_spent
            if self._sampling.wants(at_s) or (
                is_key and self._sampling.wants_key(at_s, alone=alone)
            ):
                self._sampling.take(at_s)
                self._planned.take(at_s)
                yield self._number(at_s), max(at_s, 0.0), frame

    def _shown(self, frame: VideoFrame) -> float:
        if frame.pts is None or self._base is None or self._start is None:
            return self._key_s
        base = frame.time_base or self._base
        return float(frame.pts * base - self._start * self._base) + self._jump_s

    def _number(self, at_s: float) -> int:
        """Give how many frames are shown before a moment, as far as packets told of them."""
        return self._before + bisect_left(sorted(self._times), at_s - self._pause_s / 2)
