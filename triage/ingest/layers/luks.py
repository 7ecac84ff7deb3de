"""Opens LUKS 1 and 2 volumes with a password."""

from __future__ import annotations

from collections.abc import Iterator

from triage.ingest.container import Container
from triage.ingest.layered import Locked, Medium, Opened
from triage.ingest.layers.luks_header import (
    FIRST,
    SECOND,
    SECOND_PLACES,
    Header,
    HeaderError,
    read_header,
)
from triage.ingest.layers.luks_keys import cipher_of, volume_key
from triage.ingest.layers.sectorcipher import SectorCipher
from triage.ingest.unlocking import candidates, remember
from triage.model.display import printable
from triage.model.volume import VolumeState

_PIECE_BYTES = 256 * 1024


def recognises(container: Container, offset_bytes: int, length_bytes: int) -> bool:
    """Tell LUKS by its first header, or by a second one where the first is gone."""
    if container.read_at(offset_bytes, min(length_bytes, 6)) == FIRST:
        return True
    return any(
        container.read_at(offset_bytes + place, 8) == SECOND + b"\0\2"
        for place in SECOND_PLACES
        if place + 8 <= length_bytes
    )


def open_layer(container: Container, offset_bytes: int, length_bytes: int) -> Opened | Locked:
    """Try the given secrets on all key slots."""
    try:
        header = read_header(container, offset_bytes, length_bytes)
    except HeaderError as error:
        return Locked(reason=f"encrypted: LUKS, and {error}")
    name = f"LUKS{header.version}"
    uuid = printable(header.uuid)
    found = _key(container, offset_bytes, header)
    if isinstance(found, str):
        slots = _slot_words(header)
        return Locked(reason=f"encrypted: {name}, {uuid}; {slots}{found}")
    if header.payload_bytes >= length_bytes:
        reason = f"{name}, {uuid}: the encrypted part lies beyond the end of the volume"
        return Locked(reason=reason, state=VolumeState.DAMAGED)
    left = length_bytes - header.payload_bytes
    size = min(header.size_bytes or left, left) // header.sector_bytes * header.sector_bytes
    try:
        cipher = cipher_of(header.cipher, found, header.sector_bytes)
    except HeaderError as error:
        return Locked(reason=f"encrypted: {name}, {uuid}; {error}", state=VolumeState.UNSUPPORTED)
    source = Payload(container, offset_bytes + header.payload_bytes, size, cipher, header)
    return Opened(
        words=f"{name}, {uuid}, opened with a password",
        media=(Medium(name="luks", source=source, label=printable(header.label)),),
        unlocked="password",
    )


def _key(container: Container, offset_bytes: int, header: Header) -> bytes | str:
    """Give the volume key, or why there is none."""
    slots = [slot for slot in header.slots if slot.name in header.proved]
    untried: dict[str, str] = {}
    lock = f"luks:{header.uuid}"
    for number, secret in candidates(lock):
        for slot in slots:
            if slot.name in untried:
                continue
            try:
                key = volume_key(container, offset_bytes, header, slot, secret)
            except HeaderError as error:
                untried[slot.name] = str(error)
                continue
            if key is not None:
                remember(lock, number)
                return key
    return "".join(f"; key slot {slot} was not tried: {why}" for slot, why in untried.items())


def _slot_words(header: Header) -> str:
    kinds = ", ".join(sorted({printable(slot.derivation.kind) for slot in header.slots}))
    count = len(header.slots)
    if not count:
        return "no key slot is left: no password opens it"
    return f"a password of one of its {count} key slot(s) ({kinds}) opens it"


class Payload:
    """The encrypted part, decrypted sector by sector."""

    def __init__(
        self,
        container: Container,
        offset_bytes: int,
        size_bytes: int,
        cipher: SectorCipher,
        header: Header,
    ) -> None:
        self._container = container
        self._start = offset_bytes
        self._cipher = cipher
        self._first = header.first_sector
        self.size_bytes = size_bytes

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give plain bytes."""
        size = self._cipher.sector_bytes
        start = offset_bytes // size * size
        end = min(-(-(offset_bytes + length_bytes) // size) * size, self.size_bytes)
        plain = b"".join(
            self._piece(at, min(_PIECE_BYTES, end - at)) for at in range(start, end, _PIECE_BYTES)
        )
        return plain[offset_bytes - start : offset_bytes - start + length_bytes]

    def within(self, offset_bytes: int, length_bytes: int) -> Iterator[tuple[int, int]]:
        """Give whole sectors: a lost byte costs the sector."""
        size = self._cipher.sector_bytes
        first = max(0, offset_bytes - self._start) // size * size
        last = -(-(offset_bytes + length_bytes - self._start) // size) * size
        if first < min(last, self.size_bytes):
            yield first, min(last, self.size_bytes) - first

    def _piece(self, offset: int, length: int) -> bytes:
        data = self._container.read_at(self._start + offset, length)
        whole = len(data) // self._cipher.sector_bytes * self._cipher.sector_bytes
        return self._cipher.decrypt(data[:whole], self._first + offset // 512)
