"""Finds files by their structure in stretches that no file holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from triage.ingest.carvers import gif, isobmff, jpeg, png, riff
from triage.ingest.carvers.measured import Measured
from triage.ingest.stretches import BLOCK_BYTES, Piece, Stretches
from triage.model.carving import Soundness

__all__ = ["CARVERS", "Carver", "Find", "Search", "Stretches"]

SECTOR_BYTES = 512
DECODED_BYTES = 64 << 20
"""A picture larger than this is believed by its structure alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carver:
    """One row of the registry.

    Attributes:
        mark: bytes that each file of the format has, ``back`` bytes from its beginning.
        anywhere: looked for at every byte, as pictures also lie in what held other files once;
            else where sectors begin.
        measure: takes the bytes from a possible beginning on; gives the file, or nothing.
        most_bytes: a file is not followed further.
    """

    name: str
    mark: bytes
    back: int = 0
    anywhere: bool = False
    measure: Callable[[Piece], Measured | None]
    most_bytes: int


def _of_boxes(mark: bytes) -> Carver:
    return Carver(
        name="isobmff",
        mark=mark,
        back=4,
        measure=isobmff.measure,
        most_bytes=isobmff.MOST_BYTES,
    )


CARVERS: tuple[Carver, ...] = (
    Carver(
        name="jpeg",
        mark=b"\xff\xd8\xff",
        anywhere=True,
        measure=jpeg.measure,
        most_bytes=jpeg.MOST_BYTES,
    ),
    Carver(
        name="png", mark=png.MARK, anywhere=True, measure=png.measure, most_bytes=png.MOST_BYTES
    ),
    Carver(name="gif", mark=b"GIF8", anywhere=True, measure=gif.measure, most_bytes=gif.MOST_BYTES),
    Carver(
        name="webp",
        mark=b"WEBPVP8",
        back=8,
        anywhere=True,
        measure=riff.measure_webp,
        most_bytes=riff.MOST_WEBP_BYTES,
    ),
    Carver(
        name="avi",
        mark=b"AVI LIST",
        back=8,
        measure=riff.measure_avi,
        most_bytes=riff.MOST_AVI_BYTES,
    ),
    *map(_of_boxes, sorted(isobmff.FIRST)),
)
"""Formats that are looked for; no two of them begin alike."""

_ANYWHERE = tuple(carver for carver in CARVERS if carver.anywhere)
_BY_LEAD = {
    back: {
        lead: tuple(one for one in CARVERS if one.mark[0] == lead and one.back == back)
        for lead in {one.mark[0] for one in CARVERS if one.back == back and not one.anywhere}
    }
    for back in {one.back for one in CARVERS if not one.anywhere}
}
"""Formats that begin with a sector, by where their mark stands and by its first byte."""

_WIPED = frozenset(bytes([byte]) * BLOCK_BYTES for byte in (0x00, 0xFF))
_REACH = max(carver.back + len(carver.mark) for carver in CARVERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """A file that was found.

    Attributes:
        at: number of its first byte in the stretches.
        partial: its end is cut off or written over.
    """

    at: int
    size_bytes: int
    extension: str
    mime: str
    family: str
    partial: bool

    @property
    def end(self) -> int:
        """Give the number behind its last byte."""
        return self.at + self.size_bytes


class Search:
    """Looks for files in stretches from their beginning to their end.

    What lies inside of a file that was found is part of it, and not found again. A file that is
    cut ends where another one begins at the start of a sector. A file goes on in the next
    stretch, behind what another file holds, only where it is then whole.

    Args:
        check: says of a picture how it decodes; takes its bytes and its type.
        bridged: let files go on in the next stretch at all.
    """

    def __init__(
        self,
        stretches: Stretches,
        check: Callable[[bytes, str], Soundness],
        *,
        bridged: bool = True,
    ) -> None:
        self._stretches = stretches
        self._check = check
        self._bridged = bridged
        self._free_at = 0
        self._held: Find | None = None

    def part(self, first: int, last: int) -> Iterator[Find | int]:
        """Yield the files that begin in a part, and the numbers at which one seemed to.

        Parts may be searched one by one, in any order: where a file of one reaches into the next,
        that one is to be searched from the end of the file on.
        """
        self._free_at, self._held = first, None
        for at, carver in self._hits(first, last):
            held: Find | None = self._held
            if at >= last and (held is None or at >= held.end):
                break
            if at < self._free_at or (
                held and at < held.end and self._stretches.place(at) % SECTOR_BYTES
            ):
                continue
            found = self._file(at, carver)
            if found is None:
                if at < last:
                    yield at
                continue
            if held is not None:
                yield from self._settled(held, at)
            self._held, self._free_at = (found, at + 1) if found.partial else (None, found.end)
            if at >= last:
                self._held = None
                break
            if not found.partial:
                yield found
        if self._held is not None:
            yield self._held

    def _settled(self, held: Find, at: int) -> Iterator[Find | int]:
        """Give a cut file, cut again where another one begins."""
        if at >= held.end:
            yield held
            return
        shorter = replace(held, size_bytes=at - held.at)
        yield shorter if self._decodes(shorter) is not Soundness.NONE else held.at

    def _hits(self, first: int, last: int) -> Iterator[tuple[int, Carver]]:
        """Yield where a file may begin, in order, as far as that matters to this part."""
        number = first // BLOCK_BYTES
        while number * BLOCK_BYTES < min(self._until(last), self._stretches.size_bytes):
            yield from self._hits_of(number, first)
            number += 1

    def _until(self, last: int) -> int:
        """Give how far files are looked for: a cut one may end where another begins."""
        return last if self._held is None else max(last, self._held.end)

    def _hits_of(self, number: int, first: int) -> list[tuple[int, Carver]]:
        start = number * BLOCK_BYTES
        block = self._stretches.block(number)
        if block in _WIPED:
            return []
        held = block + self._stretches.read(start + len(block), _REACH)
        found = [
            (start + at, carver) for carver in _ANYWHERE for at in _marks(held, carver, len(block))
        ]
        at = 0
        for place, length in self._stretches.extents(start, len(block)):
            sector = at + -place % SECTOR_BYTES
            found += [
                (start + one, carver) for one, carver in _on_sectors(held, sector, at + length)
            ]
            at += length
        return sorted((one for one in found if one[0] >= first), key=lambda one: one[0])

    def _file(self, at: int, carver: Carver) -> Find | None:
        """Give the file that begins here: whole if it is, else as far as its stretch holds it."""
        near, far = self._stretches.stretch_end(at), self._stretches.size_bytes
        found = self._measured(at, carver, near)
        if found is not None and not found.partial:
            return found
        if self._bridged and near < far:
            further = self._measured(at, carver, far)
            if further is not None and not further.partial:
                return further
        return found

    def _measured(self, at: int, carver: Carver, end: int) -> Find | None:
        end = min(end, at + carver.most_bytes)
        measured = carver.measure(Piece(self._stretches, at, end))
        if measured is None or not measured.size_bytes:
            return None
        found = Find(
            at=at,
            size_bytes=measured.size_bytes,
            extension=measured.extension,
            mime=measured.mime,
            family=measured.family,
            partial=not measured.complete,
        )
        if found.family != "picture":
            return found
        sound = self._decodes(found)
        if sound is Soundness.NONE:
            return None
        return replace(found, partial=True) if sound is Soundness.PART else found

    def _decodes(self, found: Find) -> Soundness:
        if found.family != "picture" or found.size_bytes > DECODED_BYTES:
            return Soundness.UNTOLD
        return self._check(self._stretches.read(found.at, found.size_bytes), found.mime)


def _on_sectors(held: bytes, first: int, end: int) -> Iterator[tuple[int, Carver]]:
    """Yield where files of formats that begin with a sector may do so."""
    for back, leads in _BY_LEAD.items():
        for number, lead in enumerate(held[first + back : end + back : SECTOR_BYTES]):
            if lead in leads:
                at = first + number * SECTOR_BYTES
                for carver in leads[lead]:
                    if not carver.anywhere and held.startswith(carver.mark, at + back):
                        yield at, carver


def _marks(held: bytes, carver: Carver, length: int) -> Iterator[int]:
    """Yield where files of a format may begin in a block.

    Args:
        held: the block and what follows it.
        length: of the block.
    """
    at = held.find(carver.mark, carver.back)
    while 0 <= at < length + carver.back:
        yield at - carver.back
        at = held.find(carver.mark, at + 1)
