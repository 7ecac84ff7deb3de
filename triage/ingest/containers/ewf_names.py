"""Names and signatures of the segments of an EWF set: .E01 to .E99, .EAA to .ZZZ; .s01 too."""

from __future__ import annotations

import os
import re
from pathlib import Path

from triage.errors import EvidenceError
from triage.model.display import printable

SIGNATURE = b"EVF\x09\x0d\x0a\xff\x00"
LOGICAL = b"LVF\x09\x0d\x0a\xff\x00"
LOGICAL2 = b"LEF2\x0d\x0a\x81\x00"
"""The same of evidence that is files."""

SIGNATURE2 = b"EVF2\x0d\x0a\x81\x00"
"""How a segment starts, of either version."""

_NUMBERED = re.compile(r"\.(E|S|L|Ex|Lx)(\d\d)", re.IGNORECASE)
_LETTERED = re.compile(r"\.([E-Z])([A-Z])([A-Z])", re.IGNORECASE)
_LETTERED2 = re.compile(r"\.[EL]([X-Z])([A-Z])([A-Z])", re.IGNORECASE)


def is_segment_name(path: Path) -> bool:
    """Tell whether the extension is a numbered one; three letters may be anything."""
    numbered = _NUMBERED.fullmatch(path.suffix)
    return numbered is not None and numbered[1].upper() in {"E", "S"}


def segment_number(suffix: str, series: str) -> int:
    """Give the number of a segment from its extension, 0 where it is none of the series.

    The letters roll after 99 numbers: ``.E99``, ``.EAA`` … ``.EZZ``, ``.FAA`` … ``.ZZZ``; of two
    letters the second: ``.Ex99``, ``.ExAA`` … ``.ExZZ``, ``.EyAA`` … ``.EzZZ``.

    Args:
        suffix: extension with its dot, any case.
        series: ``E``, ``S``, ``L``, ``Ex`` or ``Lx``.
    """
    numbered = _NUMBERED.fullmatch(suffix)
    if numbered:
        return int(numbered[2]) if numbered[1].upper() == series.upper() else 0
    lettered = (_LETTERED2 if len(series) == 2 else _LETTERED).fullmatch(suffix)
    if not lettered or (len(series) == 2 and suffix[1].upper() != series[0].upper()):
        return 0
    first = ord(lettered[1].upper()) - ord(series[-1].upper())
    second, third = (ord(letter.upper()) - ord("A") for letter in lettered.groups()[1:])
    return 100 + first * 676 + second * 26 + third if first >= 0 else 0


def find_segments(path: Path, series: tuple[str, ...]) -> tuple[tuple[int, Path], ...]:
    """Find all segments beside the one given, as ``(number, path)`` in order; gaps stay gaps.

    Names are compared in any case; where two differ in case only, the one written like the
    given file wins. Three letters may be anything (``.raw``, ``.txt``), so a file with such an
    extension counts only with the signature. A file whose extension is of no series is an image
    of one segment.

    Raises:
        EvidenceError: the folder cannot be listed.
    """
    found: dict[int, Path] = {}
    names = _names_beside(path)
    for letters in series:
        if not segment_number(path.suffix, letters):
            continue
        numbers: dict[int, Path] = {}
        for name in names:
            sibling = path.with_name(name)
            number = segment_number(sibling.suffix, letters)
            better = number > 0 and _better(sibling, numbers.get(number), path)
            if better and (number < 100 or _is_signed(sibling)):
                numbers[number] = sibling
        if not found or (1 in numbers and 1 not in found):
            found = numbers
    return tuple(sorted(found.items())) or ((1, path),)


def _better(sibling: Path, taken: Path | None, given: Path) -> bool:
    if sibling.stem != given.stem and sibling.stem.casefold() != given.stem.casefold():
        return False
    if sibling.stem != given.stem and (taken is not None or os.name != "nt"):
        return False
    return taken is None or sibling == given or sibling.suffix[1] == given.suffix[1]


def _is_signed(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(3) in {b"EVF", b"LVF", b"LEF"}
    except OSError:
        return False


def _names_beside(path: Path) -> list[str]:
    try:
        return sorted(sibling.name for sibling in path.parent.iterdir())
    except OSError as error:
        raise EvidenceError(
            f"{printable(path.name)}: its folder cannot be listed: {error.strerror}",
            hint="the other segments are looked for in the folder of the first",
        ) from error
