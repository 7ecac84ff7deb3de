"""Reads a medium once from end to end and compares its digests with those noted for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from triage.hashing.stream import DigestStream
from triage.ingest.container import open_container
from triage.ingest.verify import NotedDigest, linear, noted_digests
from triage.model.evidence import DamagedRange, EvidenceInfo

ALGORITHMS = ("md5", "sha1", "sha256")


class Result(StrEnum):
    """What the check came to, worst first."""

    DIFFERS = "differs"
    DAMAGED = "damaged"
    NOTHING_TO_COMPARE = "nothing-to-compare-with"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The check of one image.

    Attributes:
        digests: ``((algorithm, hex), …)`` of the whole medium, as read.
        noted: what the image and the files beside it say.
        damage: all ranges that could not be read as they were acquired.
    """

    info: EvidenceInfo
    digests: tuple[tuple[str, str], ...]
    noted: tuple[NotedDigest, ...]
    damage: tuple[DamagedRange, ...]

    def agrees(self, noted: NotedDigest) -> bool:
        """Tell whether a noted digest is the one computed."""
        return dict(self.digests).get(noted.algorithm) == noted.value

    @property
    def result(self) -> Result:
        """The worst of what was found; ``verified`` only where something was compared."""
        if not all(self.agrees(noted) for noted in self.noted):
            return Result.DIFFERS
        if self.damage:
            return Result.DAMAGED
        return Result.VERIFIED if self.noted else Result.NOTHING_TO_COMPARE


def verify_image(path: Path, on_progress: Callable[[int, int], None]) -> Verification:
    """Compute MD5, SHA-1 and SHA-256 of the medium in one pass and gather what to compare with.

    Args:
        path: any segment of the image.
        on_progress: called with bytes done and bytes in all, first with 0.

    Raises:
        EvidenceError: the image cannot be opened.
    """
    container = open_container(path)
    try:
        size_bytes = container.info.size_bytes
        stream, done = DigestStream(), 0
        on_progress(done, size_bytes)
        for piece in linear(container):
            stream.update(piece)
            done += len(piece)
            on_progress(done, size_bytes)
        digests = stream.finish()
        return Verification(
            info=container.info,
            digests=tuple((name, getattr(digests, name).hex()) for name in ALGORITHMS),
            noted=noted_digests(path, container.info),
            damage=container.damage(),
        )
    finally:
        container.close()
