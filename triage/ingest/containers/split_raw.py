"""Raw images split into numbered files: .001 …, .000 …, .aa … and the like."""

from __future__ import annotations

import re
from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.raw import RawContainer
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind

_NUMBER = re.compile(r"\.(\d{2,5})")
_LETTERED_NAME = re.compile(r"(.*?\.|x)([a-z]{2,3})", re.IGNORECASE | re.DOTALL)


def recognises(path: Path, head: bytes) -> bool:
    """Take a name that ends in a number or split letters and has a sibling of the same series."""
    return len(head) >= 0 and len(_series(path)) > 1


def open_split(path: Path) -> RawContainer:
    """Open all parts of a split image, from any one of them.

    A missing part is assumed as long as its neighbours and reads as zeros. Whether parts are
    missing at the end cannot be seen from raw files.

    Raises:
        EvidenceError: a part cannot be opened, or all are empty.
    """
    series = _series(path)
    numbers = sorted(series)
    files = SegmentFiles([series[number] for number in numbers])
    common = max(files.sizes_bytes)
    if common == 0:
        files.close()
        raise EvidenceError(
            f"{printable(path.name)}: all parts of the split image are empty",
            hint="the copy of the image may have failed; compare the sizes with the original",
        )
    extents, damage = _layout(numbers, files.sizes_bytes, common)
    return RawContainer(files, kind=ContainerKind.SPLIT_RAW, extents=extents, structural=damage)


def _layout(
    numbers: list[int], sizes: tuple[int, ...], common: int
) -> tuple[tuple[tuple[int, int], ...], tuple[DamagedRange, ...]]:
    """Give the place of each part, and the damage of what is absent or shorter than the rest."""
    extents: list[tuple[int, int]] = []
    damage: list[DamagedRange] = []
    position, expected = 0, min(numbers[0], 1)
    for number, size in zip(numbers, sizes, strict=True):
        absent = number - expected
        if absent > 0:
            what = f"part {expected}" if absent == 1 else f"parts {expected} to {number - 1}"
            damage.append(
                _lost(position, absent * common, DamageKind.MISSING_SEGMENT, f"{what} missing")
            )
            position += absent * common
        extents.append((position, size))
        position += size
        expected = number + 1
        if size < common and number != numbers[-1]:
            detail = f"part {number} is shorter than the others"
            damage.append(_lost(position, common - size, DamageKind.TRUNCATED, detail))
            position += common - size
    return tuple(extents), tuple(damage)


def _lost(offset: int, length: int, kind: DamageKind, detail: str) -> DamagedRange:
    return DamagedRange(offset_bytes=offset, length_bytes=length, kind=kind, detail=detail)


def _series(path: Path) -> dict[int, Path]:
    """All parts of the series the name belongs to, by number; empty where it is of none."""
    if _NUMBER.fullmatch(path.suffix):
        return _together(_numbered(path), path)
    lettered = _LETTERED_NAME.fullmatch(path.name)
    return _together(_lettered(path, lettered[1], len(lettered[2])), path) if lettered else {}


def _together(found: dict[int, Path], path: Path) -> dict[int, Path]:
    """Keep what reads as one series from its start: gaps are bridged, wild numbers are not.

    ``backup.2023`` and ``backup.2024`` are two images, not parts 2023 and 2024 of one.
    """
    kept: dict[int, Path] = {}
    expected = 1
    for number in sorted(found):
        if number - expected > max(1, len(found) - 1):
            break
        kept[number] = found[number]
        expected = number + 1
    return kept if path in kept.values() else {}


def _numbered(path: Path) -> dict[int, Path]:
    """Parts with the same stem and as many digits."""
    found: dict[int, Path] = {}
    for sibling in _siblings(path):
        same = sibling.stem == path.stem and len(sibling.suffix) == len(path.suffix)
        if same and _NUMBER.fullmatch(sibling.suffix):
            found[int(sibling.suffix[1:])] = sibling
    return found


def _lettered(path: Path, stem: str, width: int) -> dict[int, Path]:
    """Parts named by ``split``: ``aa``, ``ab`` …; taken as a series only where these two exist."""
    found: dict[int, Path] = {}
    for sibling in _siblings(path):
        letters = sibling.name[len(stem) :].lower()
        of_series = sibling.name.startswith(stem) and len(letters) == width
        if of_series and letters.isascii() and letters.isalpha():
            number = 0
            for letter in letters:
                number = number * 26 + ord(letter) - ord("a")
            found[number] = sibling
    return found if 0 in found and 1 in found else {}


def _siblings(path: Path) -> list[Path]:
    try:
        return sorted(one for one in path.parent.iterdir() if one.is_file())
    except OSError:
        return []
