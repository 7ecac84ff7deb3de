"""The key of a medium: the same for the same image wherever it lies."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

from triage.model.evidence import ContainerKind

SAMPLE_BYTES = 64 * 1024


def evidence_key(
    *,
    name: str,
    kind: ContainerKind,
    size_bytes: int,
    stored_digests: tuple[tuple[str, str], ...],
    read_at: Callable[[int, int], bytes],
) -> str:
    """Give 16 hex digits from the name, the size, the stored digests and two samples.

    Args:
        name: file name of the first segment, without its folder.
        read_at: reads the medium; asked for its first and last 64 KiB.
    """
    tail_bytes = max(0, size_bytes - SAMPLE_BYTES)
    parts = (
        os.fsencode(name),
        kind.value.encode(),
        str(size_bytes).encode(),
        *(f"{algorithm}={value}".encode() for algorithm, value in stored_digests),
        hashlib.sha256(read_at(0, SAMPLE_BYTES)).digest(),
        hashlib.sha256(read_at(tail_bytes, SAMPLE_BYTES)).digest(),
    )
    key = hashlib.blake2b(digest_size=8)
    for part in parts:
        key.update(len(part).to_bytes(8, "little") + part)
    return key.hexdigest()
