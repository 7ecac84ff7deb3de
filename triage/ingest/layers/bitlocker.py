"""Opens BitLocker volumes with a password or a recovery password."""

from __future__ import annotations

from collections.abc import Iterator

from triage.ingest.container import Container
from triage.ingest.layered import Locked, Medium, Opened
from triage.ingest.layers import bitlocker_old
from triage.ingest.layers.bitlocker_metadata import (
    BLOCK_BYTES,
    NORMAL,
    SCHEME,
    SIGNATURE,
    Metadata,
    MetadataError,
    Protector,
    of_password,
    of_recovery,
    read_metadata,
    stretched,
    unsealed,
)
from triage.ingest.layers.bitlocker_words import CLEAR, PASSWORD, RECOVERY, locked_words
from triage.ingest.layers.foreign import recovery_password
from triage.ingest.layers.sectorcipher import SectorCipher
from triage.ingest.unlocking import candidates, remember
from triage.model.volume import VolumeState

_SECTOR_BYTES = 512
_PIECE_BYTES = 256 * 1024
_KEY_BYTES = {0x8002: 16, 0x8003: 32, 0x8004: 32, 0x8005: 64}
_DIFFUSED = frozenset({0x8000, 0x8001})


def recognises(container: Container, offset_bytes: int, length_bytes: int) -> bool:
    """Tell BitLocker by its boot sector, that of To Go by its identifier."""
    head = container.read_at(offset_bytes, min(length_bytes, 512))
    return head[3:11] == SIGNATURE or _is_to_go(head)


def open_layer(container: Container, offset_bytes: int, length_bytes: int) -> Opened | Locked:
    """Try the given secrets; a suspended volume opens without any."""
    head = container.read_at(offset_bytes, min(length_bytes, 512))
    name = "BitLocker To Go" if _is_to_go(head) else "BitLocker"
    try:
        metadata = read_metadata(container, offset_bytes, length_bytes)
    except MetadataError:
        return bitlocker_old.open_layer(container, offset_bytes, length_bytes, name)
    if metadata.method in _DIFFUSED:
        return bitlocker_old.open_layer(container, offset_bytes, length_bytes, name)
    if metadata.method not in _KEY_BYTES:
        reason = f"encrypted: {name}, by method 0x{metadata.method:04x}, which is not read here"
        return Locked(reason=reason, state=VolumeState.UNSUPPORTED)
    opened = _key(metadata)
    if opened is None:
        told = [(one.kind, one.identifier) for one in metadata.protectors]
        return Locked(reason=locked_words(name, metadata.identifier, told))
    key, kind = opened
    source = _Plain(container, offset_bytes, length_bytes, metadata, _cipher(metadata, key))
    how = f"opened with a {kind.replace('-', ' ')}" if kind else "suspended: opened without any key"
    changing = f"{name}: it was being encrypted or decrypted when it was acquired"
    return Opened(
        words=f"{name}, volume {metadata.identifier}, {how}",
        media=(Medium(name="bitlocker", source=source),),
        unlocked=kind,
        notes=() if metadata.state == NORMAL else (changing,),
    )


def _is_to_go(head: bytes) -> bool:
    return head.startswith(SCHEME, 424)


def _key(metadata: Metadata) -> tuple[bytes, str] | None:
    """Give the key of the volume and by what kind of secret, ``""`` where it stands open."""
    for one in metadata.protectors:
        if one.kind == CLEAR and (key := _through(metadata, one, one.clear)) is not None:
            return key, ""
    lock = f"bitlocker:{metadata.identifier}"
    for number, secret in candidates(lock):
        recovery = recovery_password(secret)
        for kind, name, initial in _starts(secret, recovery):
            for one in metadata.protectors:
                if one.kind != kind or not one.salt:
                    continue
                key = _through(metadata, one, stretched(initial, one.salt))
                if key is not None:
                    remember(lock, number)
                    return key, name
    return None


def _starts(secret: str, recovery: str) -> Iterator[tuple[int, str, bytes]]:
    """Give for what kinds of protector a secret may be one, and what is stretched for it."""
    if recovery:
        yield RECOVERY, "recovery-key", of_recovery(recovery)
        return
    try:
        yield PASSWORD, "password", of_password(secret)
    except ValueError:  # no Unicode text: no password of Windows
        return


def _through(metadata: Metadata, protector: Protector, key: bytes) -> bytes | None:
    master = unsealed(protector.sealed, key)
    found = None if master is None else unsealed(metadata.sealed, master[:32])
    wanted = _KEY_BYTES[metadata.method]
    return found[:wanted] if found is not None and len(found) >= wanted else None


def _cipher(metadata: Metadata, key: bytes) -> SectorCipher:
    """Give the cipher; the vector of CBC is the place in bytes, encrypted with the same key."""
    from triage.ingest.layers.sectors import (  # noqa: PLC0415  (numpy, for the encrypted only)
        Cbc,
        Xts,
    )

    if metadata.method in {0x8004, 0x8005}:
        return Xts(key)
    return Cbc(key, seed=key, scale=_SECTOR_BYTES)


class _Plain:
    """The volume as it was before encryption; what is BitLocker's own in it reads as zeros."""

    def __init__(
        self,
        container: Container,
        offset_bytes: int,
        length_bytes: int,
        metadata: Metadata,
        cipher: SectorCipher,
    ) -> None:
        self._container = container
        self._start = offset_bytes
        self._cipher = cipher
        self.size_bytes = length_bytes // _SECTOR_BYTES * _SECTOR_BYTES
        self._moved, self._moved_bytes = metadata.moved
        self._encrypted_bytes = metadata.encrypted_bytes or self.size_bytes
        own = [(place, BLOCK_BYTES) for place in metadata.places] + [metadata.moved]
        self._own = tuple((at, at + size) for at, size in own if at and size)
        edges = {0, self.size_bytes, self._moved_bytes, self._encrypted_bytes}
        edges |= {edge for pair in self._own for edge in pair}
        self._edges = sorted(_even(edge) for edge in edges)

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give plain bytes."""
        start = offset_bytes // _SECTOR_BYTES * _SECTOR_BYTES
        end = min(-(-(offset_bytes + length_bytes) // _SECTOR_BYTES) * _SECTOR_BYTES,
                  self.size_bytes)  # fmt: skip
        parts: list[bytes] = []
        at = start
        while at < end:
            edge = next((edge for edge in self._edges if edge > at), end)
            wanted = min(edge, end, at + _PIECE_BYTES) - at
            data = self._piece(at, wanted)
            parts.append(data)
            if len(data) < wanted:
                break
            at += wanted
        plain = b"".join(parts)
        return plain[offset_bytes - start : offset_bytes - start + length_bytes]

    def within(self, offset_bytes: int, length_bytes: int) -> Iterator[tuple[int, int]]:
        """Give the same sectors, and for the moved start of the volume those it belongs to."""
        first, last = offset_bytes - self._start, offset_bytes + length_bytes - self._start
        yield from self._rounded(first, last)
        moved = self._moved
        yield from self._rounded(max(0, first - moved), min(self._moved_bytes, last - moved))

    def _rounded(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        low = max(0, first) // _SECTOR_BYTES * _SECTOR_BYTES
        high = min(-(-last // _SECTOR_BYTES) * _SECTOR_BYTES, self.size_bytes)
        if max(0, first) < last and low < high:
            yield low, high - low

    def _piece(self, at: int, wanted: int) -> bytes:
        """Give a stretch that no edge cuts."""
        if at < self._moved_bytes:
            at += self._moved
        elif any(first <= at < last for first, last in self._own):
            return bytes(wanted)
        data = self._container.read_at(self._start + at, wanted)
        if at >= self._encrypted_bytes:
            return data
        return self._cipher.decrypt(data[: _even(len(data))], at // _SECTOR_BYTES)


def _even(number: int) -> int:
    return number // _SECTOR_BYTES * _SECTOR_BYTES
