"""What a picture says of itself (EXIF), read from its bytes without decoding it.

By the Exif 2.32 standard (CIPA DC-008) and TIFF 6.0. Nothing is believed: every offset and count
is checked against the bytes there are, only three directories are read, and no link between
directories is followed, so no file can send it round in circles.
"""

from __future__ import annotations

import math
import re
import struct
from datetime import datetime
from typing import NamedTuple

from triage.hashing.exifplace import exif_of
from triage.model.display import printable
from triage.model.picturefacts import PictureFacts, PictureTag

MOST_TAGS = 300
"""Of one directory that are looked at, and of one picture that are told."""
MOST_CHARACTERS = 120
MOST_NUMBERS = 16

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Bytes of one value of each TIFF type."""
_NUMBERS = {3: "H", 4: "L", 6: "b", 8: "h", 9: "l", 11: "f", 12: "d", 13: "L"}
_ASCII, _RATIONALS = 2, {5: "L", 10: "l"}
_MAKE, _MODEL, _SOFTWARE, _CAMERA_SERIAL = 0x010F, 0x0110, 0x0131, 0xC62F
_CAMERA, _PLACE = 0x8769, 0x8825
_TAKEN = ((0x9003, 0x9011), (0x9004, 0x9012))
"""When it was taken and when it was made digital, each with the tag of its offset to UTC."""
_BODY_SERIAL = 0xA431
_WIDE_WORDS = range(0x9C9B, 0x9CA0)
"""Words that Windows writes, in UTF-16."""
_COMMENT = 0x9286

_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_WANTED = frozenset(
    {_MAKE, _MODEL, _SOFTWARE, _CAMERA_SERIAL, _CAMERA, _PLACE, _BODY_SERIAL, 1, 2, 3, 4}
    | {tag for pair in _TAKEN for tag in pair}
)
"""Tags that facts come from, of all three directories."""

_OFFSET = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d", re.ASCII)


class _Field(NamedTuple):
    """A field; ``raw`` is as much of its value as is of use."""

    kind: int
    values: int
    raw: bytes
    whole: bool
    order: str


_Fields = dict[int, _Field]


def facts_of(data: bytes) -> PictureFacts:
    """Give the facts of a picture; nothing where it has none, or what it has makes no sense.

    Args:
        data: the whole content, damaged or not, of whatever kind.
    """
    found = exif_of(data)
    if not found:
        return PictureFacts()
    picture, camera, place = _directories(found, _WANTED)
    latitude, longitude = _place(place)
    return PictureFacts(
        make=_words(picture.get(_MAKE)),
        model=_words(picture.get(_MODEL)),
        serial=_words(camera.get(_BODY_SERIAL)) or _words(picture.get(_CAMERA_SERIAL)),
        software=_words(picture.get(_SOFTWARE)),
        taken=_taken(camera),
        latitude=latitude,
        longitude=longitude,
    )


def tags_of(data: bytes) -> tuple[PictureTag, ...]:
    """Give all that a picture says of itself, in words, in the order of the file."""
    from PIL import ExifTags  # noqa: PLC0415  (only who looks at one picture asks for the names)

    found = exif_of(data)
    if not found:
        return ()
    groups = ("picture", "camera", "place")
    names = (ExifTags.TAGS, ExifTags.TAGS, ExifTags.GPSTAGS)
    told = [
        PictureTag(group=group, name=named.get(tag, f"tag 0x{tag:04x}"), value=_shown(tag, field))
        for group, named, fields in zip(groups, names, _directories(found), strict=True)
        for tag, field in fields.items()
        if tag not in {_CAMERA, _PLACE}
    ]
    return tuple(told[:MOST_TAGS])


def _directories(
    exif: bytes, wanted: frozenset[int] | None = None
) -> tuple[_Fields, _Fields, _Fields]:
    """Read the three directories that tell of picture, camera and place; all tags or some."""
    order = "<" if exif[:2] == b"II" else ">"
    if exif[:2] not in {b"II", b"MM"} or len(exif) < 8:
        return {}, {}, {}
    first = struct.unpack_from(f"{order}L", exif, 4)[0]
    picture = _directory(exif, order, first, wanted)
    camera, place = (
        _directory(exif, order, _link(picture.get(tag)), wanted) for tag in (_CAMERA, _PLACE)
    )
    return picture, camera, place


def _link(field: _Field | None) -> int:
    where = _numbers(field) if field and field.kind in {4, 13} else ()
    return int(where[0]) if where else 0


def _directory(exif: bytes, order: str, offset: int, wanted: frozenset[int] | None) -> _Fields:
    """Read the fields of a directory; of a tag that stands twice the first counts."""
    if not 8 <= offset <= len(exif) - 2:
        return {}
    count = struct.unpack_from(f"{order}H", exif, offset)[0]
    room = (len(exif) - offset - 2) // 12
    count = min(count, room, MOST_TAGS)
    fields: _Fields = {}
    entries = exif[offset + 2 : offset + 2 + 12 * count]
    for tag, kind, number, value in struct.iter_unpack(f"{order}HHL4s", entries):
        if wanted is not None and tag not in wanted:
            continue
        size = _SIZES.get(kind, 0) * number
        if not size or tag in fields:
            continue
        start = 0 if size <= 4 else struct.unpack(f"{order}L", value)[0]
        raw = (value if size <= 4 else exif[start : start + min(size, 8 * MOST_CHARACTERS)])[:size]
        whole = len(raw) == size
        fields[tag] = _Field(kind, number, raw, whole, order)
    return fields


def _numbers(field: _Field) -> tuple[float, ...]:
    letter = _NUMBERS.get(field.kind)
    if letter is None:
        return tuple(field.raw) if field.kind == 1 else ()
    size = _SIZES[field.kind]
    count = min(len(field.raw) // size, MOST_NUMBERS)
    return struct.unpack_from(f"{field.order}{count}{letter}", field.raw)


def _fractions(field: _Field) -> list[tuple[int, int]]:
    letter = _RATIONALS.get(field.kind)
    if letter is None:
        return []
    count = min(len(field.raw) // 8, MOST_NUMBERS)
    flat = struct.unpack_from(f"{field.order}{2 * count}{letter}", field.raw)
    return list(zip(flat[::2], flat[1::2], strict=True))


def _words(field: _Field | None) -> str:
    """Give words as they are safe to print; what follows a NUL is what an earlier value left."""
    if field is None or field.kind not in {_ASCII, 7, 1}:
        return ""
    return _short(field.raw.partition(b"\0")[0].strip())


def _short(raw: bytes | str) -> str:
    text = printable(raw[: 2 * MOST_CHARACTERS]).strip()
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _taken(camera: _Fields) -> str:
    for tag, offset_tag in _TAKEN:
        found = _DATE.fullmatch(_words(camera.get(tag))[:19])
        if found is None:
            continue
        try:
            moment = datetime(*map(int, found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001  (the picture tells no zone)
        except ValueError:
            continue
        offset = _words(camera.get(offset_tag))
        return moment.isoformat() + (offset if _OFFSET.fullmatch(offset) else "")
    return ""


def _place(place: _Fields) -> tuple[float | None, float | None]:
    """Give latitude and longitude in degrees.

    Both 0 count as no place: what a receiver without a fix leaves.
    """
    north = _degrees(place.get(2), place.get(1), "NS", 90.0)
    east = _degrees(place.get(4), place.get(3), "EW", 180.0)
    if north is None or east is None or north == east == 0.0:
        return None, None
    return north, east


def _degrees(
    value: _Field | None, reference: _Field | None, letters: str, most: float
) -> float | None:
    """Give degrees, minutes and seconds as degrees; ``None`` where one of them is no number."""
    side = _words(reference)[:1].upper()
    parts = _fractions(value) if value else []
    if len(parts) not in {2, 3} or side not in set(letters):
        return None
    if any(bottom == 0 for _, bottom in parts):
        return None
    degrees: float = sum(top / bottom / 60**nth for nth, (top, bottom) in enumerate(parts))
    if not math.isfinite(degrees) or not 0.0 <= degrees <= most:
        return None
    return round(-degrees if side == letters[1] else degrees, 7)


def _shown(tag: int, field: _Field) -> str:
    """Give the value of any field in words, bounded."""
    if tag in _WIDE_WORDS:
        return _short(field.raw.decode("utf-16-le", "replace").partition("\0")[0])
    if field.kind == _ASCII:
        return _words(field)
    if field.kind == 7:
        return _undefined(tag, field)
    more = "" if field.whole and field.values <= MOST_NUMBERS else ", …"
    told = _quotients(_fractions(field)) or [f"{one:.10g}" for one in _numbers(field)]
    return ", ".join(told[:MOST_NUMBERS]) + more


def _undefined(tag: int, field: _Field) -> str:
    """Give what the standard leaves to the maker: words where it looks like some."""
    if tag == _COMMENT and field.raw[:8] == b"ASCII\0\0\0":
        return _short(field.raw[8:].rstrip(b"\0 "))
    if field.values > 32 or not field.raw.isascii():
        return f"{field.values:,} bytes"
    return _short(field.raw.rstrip(b"\0"))


def _quotients(fractions: list[tuple[int, int]]) -> list[str]:
    return [f"{top / bottom:.7g}" if bottom else f"{top}/0" for top, bottom in fractions]
