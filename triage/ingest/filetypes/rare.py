"""Recognises pictures that are hardly met any more and that no library told: none may be missed."""

from __future__ import annotations

import re
import struct

from triage.ingest.filetypes.marks import Marks

_LINE = re.compile(rb"(?:\A|\n)Image (?:type|size \([^)\n]{1,20}\)): ")
_SPIDER_BYTES = 27 * 4


def rare_picture(head: bytes) -> str:
    """Give the type of a rare picture, ``""`` for anything else.

    Args:
        head: the first bytes of a content that is of no other known type; not empty.
    """
    return _TABLE.told(head)


def _sgi(head: bytes) -> str:
    """Hold the fields of the header in their limits (SGI image file format 1.00)."""
    if len(head) < 64:
        return ""
    mark, packed, depth, dimensions = struct.unpack_from(">HBBH", head)
    right = mark == 474 and packed in (0, 1) and depth in (1, 2) and dimensions in (1, 2, 3)
    return "image/x-sgi" if right else ""


def _paint(head: bytes) -> str:
    """Ask that the words of the header cancel each other out (Microsoft Paint 1 and 2)."""
    if len(head) < 32:
        return ""
    check = 0
    for word in struct.unpack_from("<16H", head):
        check ^= word
    return "" if check else "image/x-msp"


def _ifunc(head: bytes) -> str:
    """Ask for the two lines that each header of IFUNC has, before the mark of its end."""
    header = head[:512].partition(b"\x1a")[0]
    return "image/x-ifunc" if len(_LINE.findall(header)) > 1 else ""


def _spider(head: bytes) -> str:
    """Hold the floating point numbers of a header of SPIDER against each other."""
    if len(head) < _SPIDER_BYTES:
        return ""
    for order in "><":
        values = (0.0, *struct.unpack_from(order + "27f", head))
        whole = all(values[at].is_integer() for at in (1, 2, 5, 12, 13, 22, 23))
        if whole and values[5] == 1 and values[2] > 0 and values[12] > 0 and values[22] > 0:
            return "image/x-spider" if values[22] == values[13] * values[23] else ""
    return ""


def _brush(head: bytes) -> str:
    """Give a brush of GIMP: sizes, depth and in version 2 a mark."""
    if len(head) < 28:
        return ""
    length, version, width, height, depth = struct.unpack_from(">5I", head)
    right = version == 2 and head[20:24] == b"GIMP"
    right = right or (version == 1 and 20 < length < 1024)
    return "image/x-gimp-gbr" if right and width and height and depth in (1, 4) else ""


def _area(head: bytes) -> str:
    """Hold size and depth of an area of McIDAS in their limits."""
    if len(head) < 256 or head[:8] != b"\0\0\0\0\0\0\0\4":
        return ""
    lines, elements, depth = struct.unpack_from(">3I", head, 32)
    right = 0 < lines < 1 << 20 and 0 < elements < 1 << 20 and depth in (1, 2, 4)
    return "image/x-mcidas" if right else ""


_TABLE = Marks(
    (
        (0, b"\xb1\x68\xde\x3a", "image/x-dcx"),
        (0, b"FTEX", "image/x-ftex"),
        (0, b"SIMPLE  =", "image/fits"),
        (0, b"\x80\xe8\0\0", "image/x-pixar"),
        (2048, b"PCD_", "image/x-photo-cd"),
    ),
    (
        (b"\1", _sgi),
        (b"DL", lambda head: _paint(head) if head[:4] in (b"DanM", b"LinS") else ""),
        (b"IDFSNLABCEHMOPRTUVWXYZ", _ifunc),
        (b"\0", _brush),
        (b"\0", _area),
        (b"\0\x3f\x40\x41\x42\x43\x44", _spider),
    ),
)
