"""Opens BitLocker volumes with a password or a recovery password, through libbde."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pybde

from triage.ingest.container import Container
from triage.ingest.layered import Locked, Medium, Opened
from triage.ingest.layers.foreign import read_whole, recovery_password, words_of
from triage.ingest.unlocking import candidates, remember
from triage.ingest.window import Window
from triage.model.display import printable

_SIGNATURE = b"-FVE-FS-"
_TO_GO = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
_TO_GO_OFFSET = 424
_CLEAR, _TPM, _PASSWORD, _RECOVERY = 0x0000, 0x0100, 0x2000, 0x0800
_PROTECTORS = {
    _CLEAR: "clear key (suspended)",
    _TPM: "TPM",
    0x0200: "startup key",
    0x0400: "TPM and startup key",
    0x0500: "TPM and PIN",
    0x0700: "TPM, PIN and startup key",
    _RECOVERY: "recovery password",
    0x1000: "smart card or other key",
    _PASSWORD: "password",
}
_SECTOR_BYTES = 4096
"""Damage is rounded to this: no cipher of BitLocker carries it over a larger sector."""

_MOVED_BYTES = 8192
"""Length of the moved start where the metadata does not tell."""


def recognises(container: Container, offset_bytes: int, length_bytes: int) -> bool:
    """Tell BitLocker by its boot sector, that of To Go by its identifier."""
    head = container.read_at(offset_bytes, min(length_bytes, 512))
    return head[3:11] == _SIGNATURE or head[_TO_GO_OFFSET : _TO_GO_OFFSET + 16] == _TO_GO


def open_layer(container: Container, offset_bytes: int, length_bytes: int) -> Opened | Locked:
    """Try the given secrets; a suspended volume opens without any."""
    volume = pybde.volume()
    try:
        volume.open_file_object(Window(container, offset_bytes, length_bytes))
        unlocked = _unlocked(volume)
        if unlocked is None:
            return Locked(reason=_locked_words(volume))
        words = f"BitLocker, volume {printable(volume.identifier)}, "
        words += f"opened with a {unlocked.replace('-', ' ')}" if unlocked else "suspended"
        source = _Plain(container, offset_bytes, length_bytes, volume)
    except (OSError, RuntimeError, ValueError, TypeError, MemoryError) as error:
        reason = f"encrypted: BitLocker, whose metadata does not read ({words_of(error)})"
        return Locked(reason=reason)
    return Opened(words=words, media=(Medium(name="bitlocker", source=source),), unlocked=unlocked)


def _unlocked(volume: pybde.volume) -> str | None:
    """Give the kind of secret that opened it, ``""`` for none, ``None`` where none does."""
    if not volume.is_locked():
        return ""
    kinds = {kind for kind, _ in _protectors(volume)}
    lock = f"bitlocker:{volume.identifier}"
    for number, secret in candidates(lock):
        recovery = recovery_password(secret) if _RECOVERY in kinds else ""
        if not recovery and _PASSWORD not in kinds:
            continue
        if _tried(volume, secret, recovery):
            remember(lock, number)
            return "recovery-key" if recovery else "password"
    return None


def _tried(volume: pybde.volume, secret: str, recovery: str) -> bool:
    try:
        if recovery:
            volume.set_recovery_password(recovery)
        else:
            volume.set_password(secret)
        return bool(volume.unlock())
    except (OSError, ValueError, TypeError):  # a protector that does not read, an odd secret
        return False


def _protectors(volume: pybde.volume) -> list[tuple[int, str]]:
    every = [volume.get_key_protector(at) for at in range(volume.number_of_key_protectors)]
    return [(one.type, one.identifier) for one in every]


def _locked_words(volume: pybde.volume) -> str:
    """Say by what it is protected; a recovery password is looked up by its identifier."""
    told = []
    for kind, identifier in _protectors(volume):
        words = _PROTECTORS.get(kind, f"a protector of kind 0x{kind:04x}")
        if kind == _RECOVERY:
            words += f" (key identifier {printable(identifier).upper()})"
        told.append(words)
    by = "; ".join(told) or "nothing that is left"
    identifier = printable(volume.identifier)
    return (
        f"encrypted: BitLocker, volume {identifier}, protected by {by}: "
        "a recovery password or password opens it"
    )


class _Plain:
    """The volume as it was before encryption."""

    def __init__(
        self, container: Container, offset_bytes: int, length_bytes: int, volume: pybde.volume
    ) -> None:
        self._volume = volume
        self._start = offset_bytes
        self.size_bytes = min(volume.size, length_bytes)
        self._moved = _moved(container, offset_bytes, length_bytes)

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give plain bytes."""
        return read_whole(self._volume, offset_bytes, length_bytes)

    def within(self, offset_bytes: int, length_bytes: int) -> Iterator[tuple[int, int]]:
        """Give the same place, and for the moved start of the volume the place it belongs to."""
        first, last = offset_bytes - self._start, offset_bytes + length_bytes - self._start
        yield from self._rounded(first, last)
        for moved, size in self._moved:
            yield from self._rounded(max(0, first - moved), min(size, last - moved))

    def _rounded(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        low = max(0, first) // _SECTOR_BYTES * _SECTOR_BYTES
        high = min(-(-last // _SECTOR_BYTES) * _SECTOR_BYTES, self.size_bytes)
        if max(0, first) < last and low < high:
            yield low, high - low


def _moved(container: Container, offset: int, length: int) -> tuple[tuple[int, int], ...]:
    """Give where the start of the volume lies, from the header of a metadata block.

    Layout: libbde's documentation of the format, "FVE metadata block header", version 2.
    """
    boot = container.read_at(offset, 512)
    places = [
        at
        for field in (176, 440)
        for at in struct.unpack_from("<3Q", boot.ljust(512, b"\0"), field)
        if 0 < at < length
    ]
    for place in places:
        head = container.read_at(offset + place, 64)
        if len(head) == 64 and head.startswith(_SIGNATURE) and head[10:12] == b"\2\0":
            (sectors,) = struct.unpack_from("<I", head, 28)
            (moved,) = struct.unpack_from("<Q", head, 56)
            if 0 < moved < length:
                return ((moved, min(sectors * 512, 1024**2) or _MOVED_BYTES),)
    return ()
