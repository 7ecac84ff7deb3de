"""Opens CoreStorage volumes, FileVault 2 among them, through libfvde."""

from __future__ import annotations

from collections.abc import Iterator

import pyfvde

from triage.ingest.container import Container
from triage.ingest.layered import Locked, Medium, Opened
from triage.ingest.layers.foreign import read_whole, words_of
from triage.ingest.unlocking import candidates, remember
from triage.ingest.window import Window
from triage.model.display import printable
from triage.model.volume import VolumeState

_NAME = "CoreStorage (FileVault 2, or a Fusion Drive)"
_VOLUMES_LIMIT = 64
_LOCKED = "encrypted: a password of one of its users, or its recovery key, opens it"


def recognises(container: Container, offset_bytes: int, length_bytes: int) -> bool:
    """Tell a physical volume of CoreStorage by its header."""
    head = container.read_at(offset_bytes, min(length_bytes, 512))
    return head[88:90] == b"CS" and head[8:12] == b"\x01\x00\x10\x00"


def open_layer(container: Container, offset_bytes: int, length_bytes: int) -> Opened | Locked:
    """Give the logical volumes, with the reason where one does not open."""
    window = Window(container, offset_bytes, length_bytes)
    volume = pyfvde.volume()
    try:
        volume.open_file_object(window)
        volume.open_physical_volume_files_as_file_objects([window])
        group = volume.get_volume_group()
        physical = group.number_of_physical_volumes
        if physical != 1:
            reason = f"{_NAME} on {physical} physical volumes, of which this is one: not read here"
            return Locked(reason=reason, state=VolumeState.UNSUPPORTED)
        count = min(group.number_of_logical_volumes, _VOLUMES_LIMIT)
        found = [_medium(volume, group.get_logical_volume(at), at) for at in range(count)]
    except (OSError, RuntimeError, ValueError, TypeError, MemoryError) as error:
        reason = f"encrypted: {_NAME}, whose metadata does not read ({words_of(error)})"
        return Locked(reason=reason)
    media = tuple(medium for medium, _ in found)
    kinds = sorted({kind for _, kind in found if kind})
    words = f"{_NAME}, {len(media)} logical volume(s)"
    words += f", opened with a {kinds[0].replace('-', ' ')}" if kinds else ""
    return Opened(words=words, media=media, unlocked=kinds[0] if kinds else "")


def _medium(
    volume: pyfvde.volume, logical: pyfvde.logical_volume, number: int
) -> tuple[Medium, str]:
    """Give a logical volume and the kind of secret that opened it."""
    name = f"corestorage:{number}"
    kind = ""
    if logical.is_locked():
        kind = _unlocked(logical)
        if not kind:
            shown = f"CoreStorage volume {printable(logical.identifier)}"
            return Medium(
                name=name, source=None, reason=f"{shown}: {_LOCKED}", state=VolumeState.LOCKED
            ), ""
    source = _Logical(volume, logical)
    return Medium(name=name, source=source, label=printable(logical.name or "")), kind


def _unlocked(logical: pyfvde.logical_volume) -> str:
    lock = f"corestorage:{logical.identifier}"
    for number, secret in candidates(lock):
        for kind, offer in (
            ("password", logical.set_password),
            ("recovery-key", logical.set_recovery_password),
        ):
            try:
                offer(secret)
                opened = logical.unlock()
            except (OSError, ValueError, TypeError):  # an odd secret, a key that does not read
                continue
            if opened:
                remember(lock, number)
                return kind
    return ""


class _Logical:
    """A logical volume; the library does not tell where its bytes lie."""

    def __init__(self, volume: pyfvde.volume, logical: pyfvde.logical_volume) -> None:
        self._group = volume  # has to live as long as its part
        self._logical = logical
        self.size_bytes = logical.size

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give plain bytes."""
        return read_whole(self._logical, offset_bytes, length_bytes)

    def within(self, offset_bytes: int, length_bytes: int) -> Iterator[tuple[int, int]]:
        """Give all of it: what is damaged below may stand anywhere."""
        if offset_bytes >= 0 < length_bytes:
            yield 0, self.size_bytes
