"""Measures MP4, MOV, 3GP, HEIC and AVIF files by their boxes (ISO/IEC 14496-12; QuickTime)."""

from __future__ import annotations

from triage.ingest.carvers.measured import Measured
from triage.ingest.stretches import Piece

MOST_BYTES = 256 << 30
_BOXES = frozenset(
    (
        *(b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"meta", b"moof", b"mfra", b"sidx"),
        *(b"styp", b"uuid", b"pdin", b"udta", b"prft", b"emsg", b"ssix", b"pnot", b"PICT", b"mpvd"),
        *(b"bloc", b"idat", b"mmpu", b"beam"),
    )
)
FIRST = frozenset((b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"))
"""Boxes that a file may begin with; without ``ftyp`` it is an old MOV."""

_PICTURES = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"), ("heic", "image/heic")),
    **dict.fromkeys((b"mif1", b"msf1"), ("heic", "image/heif")),
    **dict.fromkeys((b"avif", b"avis"), ("avif", "image/avif")),
}
_MOST_BOXES, _MOST_OLD_BOXES = 1 << 20, 64
"""Fragments are many; a file without ``ftyp`` is from before there were any."""


class _Boxes:
    """What stands at the top level of a file."""

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self.at = 0
        self.kinds: set[bytes] = set()
        self.cut = False
        self.movie = (0, 0)

    def run(self) -> None:
        most = _MOST_BOXES if self._piece.read(4, 4) == b"ftyp" else _MOST_OLD_BOXES
        for _ in range(most):
            kind, header, size = box(self._piece, self.at)
            if kind not in _BOXES or (kind == b"ftyp" and self.at) or not size:
                return
            if kind == b"moov" and b"moov" in self.kinds:
                return  # of a file that follows
            self.kinds.add(kind)
            if self.at + size > self._piece.size_bytes:
                self.at, self.cut = self._piece.size_bytes, True
                return
            if kind == b"moov":
                self.movie = self.at + header, self.at + size
            self.at += size


def box(piece: Piece, at: int) -> tuple[bytes, int, int]:
    """Give kind, length of the header and size of a box; size 0 where there is none."""
    head = piece.read(at, 16)
    if len(head) < 8:
        return b"", 0, 0
    size, header = int.from_bytes(head[:4], "big"), 8
    if size == 1 and len(head) == 16:
        size, header = int.from_bytes(head[8:], "big"), 16
    return (head[4:8], header, size) if size >= header else (b"", 0, 0)


def measure(piece: Piece) -> Measured | None:
    """Give the size of a file of boxes; cut where no box follows although the file needs one.

    A video without its table (``moov``) is given up: nothing can play it.
    """
    head = piece.read(0, 12)
    if head[4:8] not in FIRST:
        return None
    boxes = _Boxes(piece)
    boxes.run()
    extension, mime = _told(head)
    if mime.startswith("image/"):
        whole = {b"meta", b"mdat"} <= boxes.kinds or {b"meta", b"idat"} <= boxes.kinds
        if not whole or boxes.cut:
            return None
        return Measured(size_bytes=boxes.at, complete=True, extension=extension, mime=mime)
    if not _playable(piece, boxes):
        return None
    whole = not boxes.cut and bool(boxes.kinds & {b"mdat", b"moof"})
    return Measured(
        size_bytes=boxes.at, complete=whole, extension=extension, mime=mime, family="video"
    )


def _playable(piece: Piece, boxes: _Boxes) -> bool:
    """Tell whether there is a table of tracks, whose own boxes hold."""
    at, end = boxes.movie
    inside: set[bytes] = set()
    while at < end:
        kind, _, size = box(piece, at)
        if not size or at + size > end:
            return False
        inside.add(kind)
        at += size
    return {b"mvhd", b"trak"} <= inside


def _told(head: bytes) -> tuple[str, str]:
    brand = head[8:12] if head[4:8] == b"ftyp" else b"qt  "
    if brand in _PICTURES:
        return _PICTURES[brand]
    if brand == b"qt  ":
        return "mov", "video/quicktime"
    if brand[:2] == b"3g":
        return "3gp", "video/3gpp"
    return "mp4", "video/mp4"
