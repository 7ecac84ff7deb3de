"""Opens encrypted volumes of an APFS container with a password or a recovery key."""

from __future__ import annotations

import re

import pyfsapfs

from triage.ingest.unlocking import candidates, remember

_RECOVERY_KEY = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){5}")
"""Six groups of four, as macOS shows it."""


def unlocked(pool: pyfsapfs.container, index: int) -> tuple[pyfsapfs.volume, str] | None:
    """Try the given secrets on a locked volume.

    Returns:
        The volume and the kind of secret that opened it, ``None`` where none did.

    Raises:
        OSError: the volume does not read.
    """
    lock = f"apfs:{pool.get_volume(index).identifier}"
    for number, secret in candidates(lock):
        kinds = ("password", "recovery-key") if _RECOVERY_KEY.fullmatch(secret) else ("password",)
        for kind in kinds:
            volume = pool.get_volume(index)
            if _opens(volume, secret, kind):
                remember(lock, number)
                return volume, kind
    return None


def _opens(volume: pyfsapfs.volume, secret: str, kind: str) -> bool:
    try:
        if kind == "password":
            volume.set_password(secret)
        else:
            volume.set_recovery_password(secret)
        return bool(volume.unlock())
    except (OSError, ValueError, TypeError):  # a key bag that does not read, an odd secret
        return False
