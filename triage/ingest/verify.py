"""What a check of a whole image needs: its bytes in order, and the digests noted beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from triage.ingest.container import Container, open_container, open_whole_file
from triage.ingest.logical import recognised
from triage.ingest.pointing import follow
from triage.model.evidence import ContainerKind, EvidenceInfo

LINEAR_BYTES = 256 * 1024
MAX_SIDECAR_BYTES = 1024 * 1024

_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64}
_LABELLED = re.compile(
    r"^[ \t]*(MD5|SHA-?1|SHA-?256)[ \t]+(?:checksum|hash)[^:\n]*:[ \t]*([0-9a-f]{32,64})\b",
    re.IGNORECASE | re.MULTILINE,
)
"""FTK Imager (``MD5 checksum: …``), Guymager (``MD5 hash : …``), libewf's tools."""

_TRAILING = re.compile(
    r"^[ \t]*([0-9a-f]{32,64})[ \t]+\((md5|sha1|sha256)\)[ \t]*$", re.IGNORECASE | re.MULTILINE
)
"""dc3dd: the digest of the input, then its name in brackets."""

_SUM_LINE = re.compile(
    r"^\\?([0-9a-f]{32,64})(?:[ \t]+\*?([^\n]+))?$", re.IGNORECASE | re.MULTILINE
)
_LOG_SUFFIXES = (".txt", ".log", ".info")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class NotedDigest:
    """A digest of the medium that was written down when it was acquired.

    Attributes:
        algorithm: ``md5``, ``sha1`` or ``sha256``.
        value: lower-case hex.
        source: ``image`` for the container's own, else the name of the file beside it.
    """

    algorithm: str
    value: str
    source: str


_ONE_FILE = frozenset(
    {
        ContainerKind.ZIP,
        ContainerKind.UFDR,
        ContainerKind.TAR,
        ContainerKind.ANDROID_BACKUP,
    }
)
"""Evidence of files that lies in one file: what is noted for it are digests of that file."""


def open_to_verify(path: Path) -> tuple[Path, Container]:
    """Open what digests are noted for: a medium, or the one file of an extraction.

    Returns:
        Where it lies, which is elsewhere for a file that only points at it, and its bytes.

    Raises:
        EvidenceError: it cannot be opened.
    """
    pointed = follow(path)
    place = pointed.path if pointed is not None else path
    found = recognised(place)
    if found is not None and _ONE_FILE.issuperset(found.kinds):
        return place, open_whole_file(place)
    return place, open_container(place)


def linear(container: Container, chunk_bytes: int = LINEAR_BYTES) -> Iterator[bytes]:
    """Give the whole medium once, in order, in pieces of ``chunk_bytes``; the last may be short.

    What the container keeps of other reads stays kept.
    """
    size_bytes = container.info.size_bytes
    for offset in range(0, size_bytes, chunk_bytes):
        yield container.read_content(offset, min(chunk_bytes, size_bytes - offset))


def noted_digests(path: Path, info: EvidenceInfo) -> tuple[NotedDigest, ...]:
    """Give the digests stored in the image and those noted beside it, sorted."""
    stored = {
        NotedDigest(algorithm=algorithm, value=value.lower(), source="image")
        for algorithm, value in info.stored_digests
    }
    return tuple(sorted(stored | set(read_sidecar_digests(path, info))))


def read_sidecar_digests(path: Path, info: EvidenceInfo) -> tuple[NotedDigest, ...]:
    """Find digests in the imager's log and in checksum files beside the first segment.

    Logs (``.txt``, ``.log``, ``.info``) speak of the medium. A checksum file (``.md5``,
    ``.sha1``, ``.sha256``) speaks of a *file*, so it counts only where that file is the medium:
    a raw image in one piece, or a line that names a split image as a whole.
    """
    found: set[NotedDigest] = set()
    first = path.with_name(info.name)
    for base in dict.fromkeys((first.name, first.stem)):
        for suffix in _LOG_SUFFIXES:
            beside = path.with_name(base + suffix)
            found.update(_noted(beside, parse_imager_log(_text(beside))))
        for algorithm in _DIGITS if _is_plain(info.kind) else ():
            beside = path.with_name(f"{base}.{algorithm}")
            found.update(_noted(beside, parse_sums(_text(beside), algorithm, _named(info))))
    return tuple(sorted(found))


def parse_imager_log(text: str) -> tuple[tuple[str, str], ...]:
    """Find ``(algorithm, hex)`` in the log of an imager; what it calls ``verified`` counts too."""
    labelled = [(match[1], match[2]) for match in _LABELLED.finditer(text)]
    trailing = [(match[2], match[1]) for match in _TRAILING.finditer(text)]
    cleaned = {
        (algorithm.lower().replace("-", ""), value.lower())
        for algorithm, value in (*labelled, *trailing)
    }
    return tuple(sorted(pair for pair in cleaned if len(pair[1]) == _DIGITS[pair[0]]))


def parse_sums(text: str, algorithm: str, names: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Find digests in the output of ``md5sum`` and its kin.

    Args:
        names: file names that stand for the medium; a line without a name counts as well.
    """
    found: set[tuple[str, str]] = set()
    for match in _SUM_LINE.finditer(text):
        name = (match[2] or "").strip().replace("\\", "/").rpartition("/")[2]
        if len(match[1]) == _DIGITS[algorithm] and (not name or name in names):
            found.add((algorithm, match[1].lower()))
    return tuple(sorted(found))


def _is_plain(kind: ContainerKind) -> bool:
    return kind in {ContainerKind.RAW, ContainerKind.SPLIT_RAW}


def _named(info: EvidenceInfo) -> frozenset[str]:
    """Names that a checksum line may use for the medium: not that of a part of it."""
    if info.kind is ContainerKind.RAW:
        return frozenset({info.name})
    stem = Path(info.name).stem
    return frozenset({stem, *(f"{stem}{suffix}" for suffix in (".dd", ".raw", ".img"))})


def _noted(beside: Path, pairs: tuple[tuple[str, str], ...]) -> Iterator[NotedDigest]:
    for algorithm, value in pairs:
        yield NotedDigest(algorithm=algorithm, value=value, source=beside.name)


def _text(path: Path) -> str:
    """Text of a small file in whatever encoding; empty where there is none."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIDECAR_BYTES)
    except (OSError, ValueError):
        return ""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", "replace").replace("\r\n", "\n")
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
