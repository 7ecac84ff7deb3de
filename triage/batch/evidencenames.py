"""Tells from the names that a sender gives which files make up one disk image, and names them anew.

A name is looked at for its ending only; what becomes of it is a name of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from triage.errors import UsageFault
from triage.model.display import printable

SINGLE = (
    *("bin", "dd", "dmg", "img", "iso", "raw"),
    *("qcow", "qcow2", "vdi", "vhd", "vhdx", "vmdk"),
    *("ab", "tar", "tbz2", "tgz", "txz", "ufdr", "zip"),
)
"""Endings of an image, or of an extraction, in one file; what it holds is found out when it is
opened. A VMDK is taken in one file alone: one in several names the others in its descriptor."""

PACKED_TARS = {".tar.gz": "tgz", ".tar.bz2": "tbz2", ".tar.xz": "txz"}
"""Double endings, and the single one that stands for each here."""

POINTERS = ("ufdx", "ufd")
"""Small files that name an extraction beside them, the outer one first."""

POINTED_AT = ("zip", "tar", "bin", "ufdr")

NAME_MAX = 255
STEM = "evidence"

_ASK = (
    "Choose all files of one disk image or one extraction, and nothing else. Their names end in "
    ".E01, .E02 and so on, .Ex01, .L01, .Lx01, .s01, .001, .dd, .raw, .img, .bin, .dmg, .iso, "
    ".vmdk, .qcow2, .vhd, .vhdx, .vdi, .zip, .tar, .tar.gz, .ufdr or .ab, or are a .ufd file and "
    "what it names."
)

_NUMBERED = re.compile(r"(E|S|Ex|L|Lx)(\d\d)", re.IGNORECASE | re.ASCII)
_LETTERED = re.compile(r"(E|S|Ex|L|Lx)([A-Z])([A-Z])", re.IGNORECASE | re.ASCII)
_DIGITS = re.compile(r"\d{2,5}", re.ASCII)
_LETTERS = re.compile(r"[a-z]{2,3}", re.ASCII)


def stored_names(names: Sequence[str]) -> tuple[str, ...]:
    """Give a name of ours for each file of one image, in the order given.

    Raises:
        UsageFault: they are not the files of one image from its first to its last, which is then
            said of the first name that does not fit.
    """
    endings = [_ending(name) for name in names]
    if len(names) == 1 and endings[0].casefold() in SINGLE:
        return (f"{STEM}.{endings[0].casefold()}",)
    pointed = _pointed([ending.casefold() for ending in endings])
    if pointed:
        return pointed
    places = _places(endings)
    if not places:
        raise _not_one(names, endings)
    _check_stems(names)
    _check_order(names, [number for number, _ in places])
    return tuple(f"{STEM}.{ending}" for _, ending in places)


def first_of(stored: Sequence[str]) -> str:
    """Give the name of the first segment among names of ours, or of what names the rest."""
    for ending in POINTERS:
        if f"{STEM}.{ending}" in stored:
            return f"{STEM}.{ending}"
    places = _places([_ending(name) for name in stored])
    return min(zip(places, stored, strict=True))[1] if places else stored[0]


def _pointed(endings: Sequence[str]) -> tuple[str, ...]:
    """Give names of ours to an extraction and to what names it; none where it is no such set.

    The names that the sender gave do not matter: whoever follows the pointer finds an extraction
    that is called as the pointer is.
    """
    named = [ending for ending in endings if ending not in POINTERS]
    pointers = [ending for ending in endings if ending in POINTERS]
    whole = len(named) == 1 and named[0] in POINTED_AT
    if not whole or "ufd" not in pointers or len(set(pointers)) < len(pointers):
        return ()
    return tuple(f"{STEM}.{ending}" for ending in endings)


def _ending(name: str) -> str:
    for double, short in PACKED_TARS.items():
        if 0 < len(name) <= NAME_MAX and name.casefold().endswith(double):
            return short
    stem, dot, ending = name.rpartition(".")
    if not 0 < len(name) <= NAME_MAX:
        raise UsageFault("A file has no name, or a very long one.", hint=_ASK)
    if not dot or not stem or len(ending) > 5:
        raise UsageFault(f"'{printable(name)}' is not part of a disk image.", hint=_ASK)
    return ending


_Place = tuple[int, str]


def _places(endings: Sequence[str]) -> list[_Place]:
    """Give the place of each ending in the one series to which all belong; none without one.

    Letters may be any other ending, so they count only where the first of them is there.
    """
    for series in _SERIES:
        found = _all(series, endings)
        if found and (series is not _letters or min(found)[0] == 1):
            return found
    return []


def _all(series: Callable[[str], _Place | None], endings: Sequence[str]) -> list[_Place]:
    """Give the number of each ending in a series, and how it is written; all or none."""
    found = [place for place in map(series, endings) if place is not None]
    same = len({len(ending) for _, ending in found}) <= 1
    return found if len(found) == len(endings) and same else []


def _ewf(letters: str) -> Callable[[str], _Place | None]:
    """Give the segments of EWF: 01 to 99, then AA to ZZ (libewf's description of the format)."""

    def place(ending: str) -> _Place | None:
        number = _NUMBERED.fullmatch(ending)
        if number and number[1].casefold() == letters.casefold():
            return int(number[2]), f"{letters}{number[2]}"
        rolled = _LETTERED.fullmatch(ending)
        if rolled and rolled[1].casefold() == letters.casefold():
            second, third = (ord(one.upper()) - ord("A") for one in rolled.groups()[1:])
            return 100 + 26 * second + third, f"{letters}{(rolled[2] + rolled[3]).upper()}"
        return None

    return place


def _digits(ending: str) -> _Place | None:
    return (int(ending), ending) if _DIGITS.fullmatch(ending) else None


def _letters(ending: str) -> _Place | None:
    """Give the parts that ``split`` makes: aa, ab and so on, the first being number 1."""
    if not _LETTERS.fullmatch(ending):
        return None
    number = 0
    for letter in ending:
        number = number * 26 + ord(letter) - ord("a")
    return number + 1, ending


_SERIES: tuple[Callable[[str], _Place | None], ...] = (
    _ewf("E"),
    _ewf("Ex"),
    _ewf("L"),
    _ewf("Lx"),
    _ewf("s"),
    _digits,
    _letters,
)


def _check_stems(names: Sequence[str]) -> None:
    first = names[0].rpartition(".")[0].casefold()
    other = next((name for name in names if name.rpartition(".")[0].casefold() != first), None)
    if other is not None:
        raise UsageFault(
            f"'{printable(names[0])}' and '{printable(other)}' belong to different disk images.",
            hint="Upload one disk image at a time: its files have the same name before the dot.",
        )


def _check_order(names: Sequence[str], numbers: Sequence[int]) -> None:
    """Refuse an image whose first part, or one in the middle, was not chosen."""
    placed = sorted(zip(numbers, names, strict=True))
    expected = min(placed[0][0], 1)
    if placed[0][0] > 1:
        # Three letters may be anything: only a lower number is sure to be of a later part.
        words = "is not the first part" if placed[0][0] < 100 else "is not part"
        raise UsageFault(f"'{printable(placed[0][1])}' {words} of a disk image.", hint=_ASK)
    for number, name in placed:
        if number != expected:
            words = "was chosen twice" if number < expected else "follows a part that is missing"
            raise UsageFault(f"'{printable(name)}' {words}.", hint=_ASK)
        expected += 1


def _not_one(names: Sequence[str], endings: Sequence[str]) -> UsageFault:
    strange = [
        name
        for name, ending in zip(names, endings, strict=True)
        if ending.casefold() not in {*SINGLE, *POINTERS}
        and not any(series(ending) for series in _SERIES[:-1])
    ]
    if strange:
        return UsageFault(f"'{printable(strange[0])}' is not part of a disk image.", hint=_ASK)
    if any(ending.casefold() in POINTERS for ending in endings):
        return UsageFault(
            "A .ufd file is brought in together with the one file that it names.", hint=_ASK
        )
    return UsageFault("These files are not the parts of one disk image.", hint=_ASK)
