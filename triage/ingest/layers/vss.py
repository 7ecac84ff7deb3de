"""Opens the shadow copies of an NTFS volume: each as the volume was before, through libvshadow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property

import pyvshadow

from triage.ingest.container import Container
from triage.ingest.layered import Locked, Medium, Opened
from triage.ingest.layers.vss_map import BLOCK_BYTES, ShadowMap, has_stores
from triage.ingest.window import Window
from triage.model.display import printable
from triage.model.extents import Extents
from triage.model.volume import VolumeState

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
recognises = has_stores


def open_layer(container: Container, offset_bytes: int, length_bytes: int) -> Opened | Locked:
    """Give every shadow copy, the oldest first."""
    opened = pyvshadow.volume()
    try:
        opened.open_file_object(Window(container, offset_bytes, length_bytes))
        stores = tuple(opened.get_store(at) for at in range(opened.number_of_stores))
        identifiers = tuple(str(store.identifier) for store in stores)
    except OSError as error:
        reason = f"shadow copies are kept here, which do not open: {printable(str(error))}"
        return Locked(reason=reason, state=VolumeState.DAMAGED)
    blocks = ShadowMap(container, offset_bytes, length_bytes)
    media = tuple(
        _medium(opened, at, ShadowCopy(container, offset_bytes, store, identifiers[at:], blocks))
        for at, store in enumerate(stores)
    )
    return Opened(words=f"{len(media)} shadow copies", media=media)


def _medium(opened: pyvshadow.volume, at: int, copy: ShadowCopy) -> Medium:
    name, taken = f"vss:{at + 1}", copy.taken()
    try:
        held = opened.get_store(at).has_in_volume_data()
    except OSError:
        held = False
    if not held or not copy.size_bytes:
        reason = f"shadow copy {taken}: its data are not on this volume"
        return Medium(name=name, source=None, reason=reason)
    note = f"shadow copy {taken}: what differs from the volume as it is now is listed, no more"
    return Medium(name=name, source=copy, label=f"shadow copy {taken}", note=note)


class ShadowCopy:
    """The bytes of the volume as it was when a copy was taken.

    Args:
        newer: identifiers of the store and of all that were made after it, which it rests on.
    """

    def __init__(
        self,
        container: Container,
        offset_bytes: int,
        store: pyvshadow.store,
        newer: tuple[str, ...],
        blocks: ShadowMap,
    ) -> None:
        self._container = container
        self._base = offset_bytes
        self._store = store
        self._newer = newer
        self._map = blocks
        self.size_bytes = self._size()

    def taken(self) -> str:
        """Say when it was taken."""
        try:
            ticks = self._store.get_creation_time_as_integer()
            moment = _EPOCH + timedelta(microseconds=ticks // 10)
        except (OSError, OverflowError):
            return "of an unknown time"
        return moment.strftime("of %Y-%m-%d %H:%M:%S UTC")

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give bytes as they were; what libvshadow calls an error is an OSError."""
        pieces: list[bytes] = []
        end = offset_bytes + length_bytes
        while offset_bytes < end:
            piece = self._store.read_buffer_at_offset(end - offset_bytes, offset_bytes)
            if not piece:
                break
            pieces.append(piece)
            offset_bytes += len(piece)
        return b"".join(pieces)

    def within(self, offset_bytes: int, length_bytes: int) -> Iterator[tuple[int, int]]:
        """Give where it lies itself, and what the stores hold there; all where it says which."""
        start = offset_bytes - self._base
        end = start + length_bytes
        if any(start < at + BLOCK_BYTES and at < end for at in self._bookkeeping):
            yield 0, self.size_bytes
            return
        low, high = max(0, start), min(end, self.size_bytes)
        if low < high:
            yield low, high - low
        for place, original in self._places:
            if place < end and start < place + BLOCK_BYTES and original < self.size_bytes:
                yield original, min(BLOCK_BYTES, self.size_bytes - original)

    def differs(self, extents: Extents) -> bool:
        """Tell whether any byte of some places differs from the volume as it is now.

        Only what the stores hold is compared: all else is the same by its nature.
        """
        for start, length in extents:
            for block in range(start // BLOCK_BYTES, -(-(start + length) // BLOCK_BYTES)):
                if not self._changed[block : block + 1].strip(b"\0"):
                    continue
                low = max(start, block * BLOCK_BYTES)
                wanted = min(start + length, (block + 1) * BLOCK_BYTES) - low
                try:
                    before = self.read(low, wanted)
                except OSError:
                    return True
                if before != self._container.read_at(self._base + low, wanted):
                    return True
        return False

    @cached_property
    def _changed(self) -> bytearray:
        return self._map.changed(self._newer)

    @cached_property
    def _bookkeeping(self) -> tuple[int, ...]:
        return tuple(self._map.bookkeeping())

    @cached_property
    def _places(self) -> tuple[tuple[int, int], ...]:
        return tuple(one for one in self._map.held(self._newer) if one[0] >= 0)

    def _size(self) -> int:
        try:
            told = int(self._store.volume_size)
        except OSError:
            return 0
        return min(told, self._map.size_bytes) if told > 0 else 0
