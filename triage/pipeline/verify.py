"""Reads a medium once from end to end and compares its digests with those noted for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from triage.errors import EvidenceError
from triage.hashing.stream import DigestStream
from triage.ingest.secondreader import NAME, read_by_libewf
from triage.ingest.verify import NotedDigest, linear, noted_digests, open_to_verify
from triage.model.digest import Digests
from triage.model.evidence import ContainerKind, DamagedRange, EvidenceInfo

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
        second_refused: why there is no second opinion although one was asked for.
        noted: what the image and the files beside it say.
        damage: all ranges that could not be read as they were acquired.
    """

    info: EvidenceInfo
    digests: tuple[tuple[str, str], ...]
    noted: tuple[NotedDigest, ...]
    damage: tuple[DamagedRange, ...]
    second_refused: str = ""

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


def verify_image(
    path: Path, on_progress: Callable[[int, int], None], *, second_reader: bool = False
) -> Verification:
    """Compute MD5, SHA-1 and SHA-256 of the medium in one pass and gather what to compare with.

    Args:
        path: any segment of the image.
        on_progress: called with bytes done and bytes in all, first with 0.
        second_reader: read an EWF image once more through libewf, and compare with that as well.

    Raises:
        EvidenceError: the image cannot be opened.
    """
    path, container = open_to_verify(path)
    try:
        size_bytes = container.info.size_bytes
        digests = _read(linear(container), size_bytes, on_progress)
        noted, refused = noted_digests(path, container.info), ""
        if second_reader:
            more, refused = _second_opinion(path, container.info, on_progress)
            noted += more
        return Verification(
            info=container.info,
            digests=tuple((name, getattr(digests, name).hex()) for name in ALGORITHMS),
            noted=noted,
            damage=container.damage(),
            second_refused=refused,
        )
    finally:
        container.close()


def _read(
    pieces: Iterable[bytes], size_bytes: int, on_progress: Callable[[int, int], None]
) -> Digests:
    stream, done = DigestStream(), 0
    on_progress(done, size_bytes)
    for piece in pieces:
        stream.update(piece)
        done += len(piece)
        on_progress(done, size_bytes)
    return stream.finish()


def _second_opinion(
    path: Path, info: EvidenceInfo, on_progress: Callable[[int, int], None]
) -> tuple[tuple[NotedDigest, ...], str]:
    """Give the digests of the medium as libewf reads it, or why it does not."""
    if info.kind not in {ContainerKind.EWF, ContainerKind.EWF2}:
        return (), f"{NAME} reads E01 and Ex01 only"
    try:
        digests = _read(read_by_libewf(path, info.segments), info.size_bytes, on_progress)
    except EvidenceError as error:
        return (), error.message
    source = f"read by {NAME}"
    return tuple(
        NotedDigest(algorithm=name, value=getattr(digests, name).hex(), source=source)
        for name in ALGORITHMS
    ), ""
