"""Looks twice at pictures whose formats begin without a mark that could not be met by chance.

A false picture is no small thing: it does not decode, and then stands as a gap in the result. The
headers are therefore held against each other and against the size of the content. A picture that
was cut off keeps passing while half of it is there.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

DIB_BYTES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""Lengths of the headers of device-independent bitmaps, which name their version."""

_ICON, _PCX = "image/vnd.microsoft.icon", "image/x-pcx"
_ICON_ENTRY_BYTES = 16
_TGA_DEPTHS = {1: (8, 16), 2: (15, 16, 24, 32), 3: (1, 8, 16)}
_TGA_MAP_DEPTHS = (15, 16, 24, 32)
_TGA_PACKED = 8
_TGA_RUN = 128
_TGA_AREAS_BYTES = 1024 * 1024
_PCX_RUN = 63
_TIM_FLAGS = frozenset({0, 1, 2, 3, 8, 9})


def weak_picture(head: bytes, size_bytes: int) -> str:
    """Give an icon, a cursor or a PCX, ``""`` for anything else."""
    if _icon(head, size_bytes):
        return _ICON
    return _PCX if _pcx(head, size_bytes) else ""


def believed(mime: str, head: bytes, size_bytes: int) -> bool:
    """Tell whether a type that another library gave survives the second look."""
    check = _CHECKS.get(mime)
    return check is None or check(head, size_bytes)


def _icon(head: bytes, size_bytes: int) -> bool:
    """Follow the directory to the first image: a PNG or a bitmap header has to stand there."""
    if head[:4] not in (b"\0\0\1\0", b"\0\0\2\0") or len(head) < 22:
        return False
    count = int.from_bytes(head[4:6], "little")
    start = 6 + _ICON_ENTRY_BYTES * count
    if not 0 < count <= 1024 or start > min(len(head), size_bytes):
        return False
    offsets = []
    for at in range(6, start, _ICON_ENTRY_BYTES):
        length, offset = struct.unpack_from("<II", head, at + 8)
        if head[at + 3] not in (0, 255) or not length or offset < start:
            return False
        offsets.append(offset)
    first = min(offsets)
    if first + 4 > min(len(head), size_bytes):
        return bool(first + 4 <= size_bytes)
    mark = head[first : first + 4]
    return mark == b"\x89PNG" or int.from_bytes(mark, "little") in DIB_BYTES


def _pcx(head: bytes, size_bytes: int) -> bool:
    """Hold lines, planes and window of a PCX against each other (ZSoft, revision 5)."""
    if len(head) < 128 or head[0] != 10 or head[1] not in (0, 2, 3, 4, 5) or head[2] != 1:
        return False
    bits, planes, line = head[3], head[65], struct.unpack_from("<H", head, 66)[0]
    left, top, right, bottom = struct.unpack_from("<HHHH", head, 4)
    if bits not in (1, 2, 4, 8) or planes not in (1, 2, 3, 4) or head[64]:
        return False
    if right < left or bottom < top:
        return False
    least = ((right - left + 1) * bits + 7) // 8
    packed = (bottom - top + 1) * line * planes // _PCX_RUN
    return bool(least <= line <= least + 64 and size_bytes - 128 >= packed // 2)


def _tga(head: bytes, size_bytes: int) -> bool:
    """Hold kind, depth, colour map and size of a TGA against each other (Truevision, 2.0)."""
    if len(head) < 18:
        return False
    note, mapped, kind = head[0], head[1], head[2] & ~_TGA_PACKED
    colours, map_depth = struct.unpack_from("<HB", head, 5)
    width, height, depth, descriptor = struct.unpack_from("<HHBB", head, 12)
    if mapped > 1 or depth not in _TGA_DEPTHS.get(kind, ()) or (kind == 1 and not mapped):
        return False
    if mapped and not (colours and map_depth in _TGA_MAP_DEPTHS):
        return False
    if not (width and height) or descriptor & 0xC0 or descriptor & 0x0F > 8:
        return False
    left = size_bytes - 18 - note - (colours * ((map_depth + 7) // 8) if mapped else 0)
    if head[2] & _TGA_PACKED:
        least, most = width * height // _TGA_RUN * (1 + (depth + 7) // 8), size_bytes
    else:
        least = height * ((width * depth + 7) // 8)
        most = 2 * least + _TGA_AREAS_BYTES
    return bool(least // 2 <= left <= most)


def _tim(head: bytes, size_bytes: int) -> bool:
    """Ask that the first block of a PlayStation picture, colours or pixels, fits its size."""
    if len(head) < 20:
        return False
    flags, length, _, _, width, height = struct.unpack_from("<IIHHHH", head, 4)
    fits = 12 < length <= size_bytes and length - 12 == 2 * width * height
    return bool(flags in _TIM_FLAGS and fits)


_CHECKS: dict[str, Callable[[bytes, int], bool]] = {
    "image/vnd.microsoft.icon": _icon,
    "image/x-icon": _icon,
    "image/x-win-bitmap": _icon,
    "image/x-pcx": _pcx,
    "image/vnd.zbrush.pcx": _pcx,
    "image/x-tga": _tga,
    "image/x-sony-tim": _tim,
}
"""What libmagic and filetype call them."""
