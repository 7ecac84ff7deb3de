"""Opens BitLocker volumes of the older layouts and ciphers through libbde."""

from __future__ import annotations

from collections.abc import Iterator

import pybde

from triage.ingest.container import Container
from triage.ingest.layered import Locked, Medium, Opened
from triage.ingest.layers.bitlocker_words import PASSWORD, RECOVERY, locked_words
from triage.ingest.layers.foreign import read_whole, recovery_password, words_of
from triage.ingest.unlocking import candidates, remember
from triage.ingest.window import Window
from triage.model.display import printable

_SECTOR_BYTES = 4096
"""Damage is rounded to this: no cipher of BitLocker carries it over a larger sector."""

_START_BYTES = 16 * 512
"""Length of the start of a volume that Windows moves out of the way of its own boot sector."""


def open_layer(
    container: Container, offset_bytes: int, length_bytes: int, name: str
) -> Opened | Locked:
    """Try the given secrets; a suspended volume opens without any.

    Args:
        name: of the kind of volume, in words.
    """
    volume = pybde.volume()
    try:
        volume.open_file_object(Window(container, offset_bytes, length_bytes))
        unlocked = _unlocked(volume)
        if unlocked is None:
            return Locked(reason=locked_words(name, volume.identifier, _protectors(volume)))
        source = _Plain(offset_bytes, length_bytes, volume)
        identifier = printable(volume.identifier)
    except (OSError, RuntimeError, ValueError, TypeError, MemoryError) as error:
        reason = f"encrypted: {name}, whose metadata does not read ({words_of(error)})"
        return Locked(reason=reason)
    how = f"opened with a {unlocked.replace('-', ' ')}" if unlocked else "suspended"
    return Opened(
        words=f"{name}, volume {identifier}, {how}",
        media=(Medium(name="bitlocker", source=source),),
        unlocked=unlocked,
    )


def _unlocked(volume: pybde.volume) -> str | None:
    """Give the kind of secret that opened it, ``""`` for none, ``None`` where none does."""
    if not volume.is_locked():
        return ""
    kinds = {kind for kind, _ in _protectors(volume)}
    lock = f"bitlocker:{volume.identifier}"
    for number, secret in candidates(lock):
        recovery = recovery_password(secret) if RECOVERY in kinds else ""
        if not recovery and PASSWORD not in kinds:
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


class _Plain:
    """The volume as the library decrypts it."""

    def __init__(self, offset_bytes: int, length_bytes: int, volume: pybde.volume) -> None:
        self._volume = volume
        self._start = offset_bytes
        self._length = length_bytes
        self.size_bytes = min(volume.size, length_bytes)

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give plain bytes."""
        return read_whole(self._volume, offset_bytes, length_bytes)

    def within(self, offset_bytes: int, length_bytes: int) -> Iterator[tuple[int, int]]:
        """Give the same sectors, and the start of the volume, which is kept elsewhere."""
        first = max(0, offset_bytes - self._start) // _SECTOR_BYTES * _SECTOR_BYTES
        last = -(-(offset_bytes + length_bytes - self._start) // _SECTOR_BYTES) * _SECTOR_BYTES
        last = min(last, self.size_bytes)
        if first < last:
            yield first, last - first
        if offset_bytes < self._start + self._length and last > 0:
            yield 0, min(_START_BYTES, self.size_bytes)
