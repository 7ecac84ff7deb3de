"""Opens an Android backup that lies among other files: the tar in it, decrypted and inflated."""

from __future__ import annotations

from triage.ingest.archives.android_header import MARK, MOST_BYTES, HeaderError, header, unlocked
from triage.ingest.archives.member import Archive, ArchiveLimits
from triage.ingest.archives.packed_stream import ZLIB, InflatedSource
from triage.ingest.archives.source import Source, WindowSource
from triage.ingest.archives.tar_archive import TarArchive
from triage.ingest.decrypting import CbcSource
from triage.ingest.reading import ContentError
from triage.ingest.unlocking import candidates, remember
from triage.model.outcome import FailReason


def recognises(head: bytes) -> bool:
    """Tell an Android backup by its first line."""
    return head.startswith(MARK)


def open_backup(source: Source, limits: ArchiveLimits, name: bytes) -> Archive:
    """Open a backup; see :class:`triage.ingest.archives.member.Archive`.

    Raises:
        ContentError: it is locked, too large to be gone through, or its head does not read.
    """
    del name
    try:
        told = header(source.read_at(0, MOST_BYTES))
    except HeaderError as error:
        raise ContentError(FailReason.READ_ERROR, str(error)) from error
    content: Source = WindowSource(
        source, told.start_bytes, max(0, source.size_bytes - told.start_bytes)
    )
    if told.lock is not None:
        lock = f"android-backup:{told.lock.master.hex()}"
        for number, text in candidates(lock):
            key = unlocked(told.lock, text)
            if key is not None:
                remember(lock, number)
                content = CbcSource(content, key.key, key.vector)
                break
        else:
            words = "an encrypted backup: its password would open it (triage run --secrets FILE)"
            raise ContentError(FailReason.READ_ERROR, words)
    if not told.packed:
        return TarArchive(content, limits)
    if content.size_bytes > limits.max_packed_bytes:
        words = f"{content.size_bytes} bytes packed as one stream: limit"
        raise ContentError(FailReason.READ_ERROR, f"not inflated: {words}")
    inflated = InflatedSource(content, ZLIB, limits)
    return TarArchive(
        inflated,
        limits,
        most=limits.max_members,
        faults=(inflated.broken,) if inflated.broken else (),
        packed_bytes=content.size_bytes,
        checked=not inflated.broken,
    )
