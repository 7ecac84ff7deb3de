"""EXIF: what Pillow writes is read back, what nobody would write ends in nothing said."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from triage.hashing.exif import MOST_CHARACTERS, MOST_TAGS, facts_of, tags_of
from triage.model.picturefacts import PictureFacts

FULL = PictureFacts(
    make="Drawn Cameras",
    model="DC-1",
    serial="SN 0042",
    software="Firmware 1.2",
    taken="2026-05-04T03:02:01+01:00",
    latitude=51.5007292,
    longitude=-0.1246254,
)
DEGREES = ((51, 1), (30, 1), (2625, 1000)), ((0, 1), (7, 1), (28651, 1000))
"""51 degrees 30 minutes 2.625 seconds north, and so on: 51 + 30 / 60 + 2.625 / 3600 by hand."""


def exif(**changed: Any) -> Image.Exif:
    """Make EXIF as a camera would, by Pillow."""
    values = {
        "make": "Drawn Cameras",
        "model": "DC-1",
        "software": "Firmware 1.2",
        "serial": "SN 0042",
        "taken": "2026:05:04 03:02:01",
        "offset": "+01:00",
        "place": ("N", DEGREES[0], "W", DEGREES[1]),
    } | changed
    made = Image.Exif()
    made[0x010F], made[0x0110], made[0x0131] = values["make"], values["model"], values["software"]
    camera = made.get_ifd(0x8769)
    camera[0x9003], camera[0x9011], camera[0xA431] = (
        values["taken"],
        values["offset"],
        values["serial"],
    )
    if values["place"]:
        north, latitude, east, longitude = values["place"]
        place = made.get_ifd(0x8825)
        place[1], place[3] = north, east
        place[2] = tuple(IFDRational(*part) for part in latitude)
        place[4] = tuple(IFDRational(*part) for part in longitude)
    return made


def saved(kind: str, made: Image.Exif | bytes) -> bytes:
    if kind == "TIFF":  # Pillow leaves camera and place out of those; but EXIF is a TIFF itself
        return (made if isinstance(made, bytes) else made.tobytes()).removeprefix(b"Exif\0\0")
    out = io.BytesIO()
    Image.new("RGB", (24, 16), "teal").save(out, kind, exif=made)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_what_pillow_writes_is_read_from_every_format(kind: str) -> None:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    facts = facts_of(saved(kind, exif()))
    assert facts.latitude == pytest.approx(FULL.latitude, abs=1e-6)
    assert facts.longitude == pytest.approx(FULL.longitude, abs=1e-6)
    assert facts == PictureFacts(
        **{name: getattr(FULL, name) for name in ("make", "model", "serial", "software", "taken")},
        latitude=facts.latitude,
        longitude=facts.longitude,
    )


def test_a_picture_that_breaks_off_still_tells() -> None:
    data = saved("JPEG", exif())
    assert facts_of(data[: len(data) // 2]).serial == "SN 0042"


def test_big_and_little_endian_agree() -> None:
    made = exif()
    made.endian = ">"
    big = made.tobytes()
    made.endian = "<"
    assert big != made.tobytes()
    assert facts_of(saved("JPEG", big)) == facts_of(saved("JPEG", made.tobytes()))


@pytest.mark.parametrize(
    ("taken", "offset", "told"),
    [
        ("0000:00:00 00:00:00", "", ""),
        ("2026:02:30 10:00:00", "", ""),
        ("2026:05:04 24:00:00", "", ""),
        ("    :  :     :  :  ", "", ""),
        ("2026:05:04 03:02:01", "", "2026-05-04T03:02:01"),
        ("2026-05-04 03:02:01", "Z", "2026-05-04T03:02:01"),
        ("2026:05:04 03:02:01", "+99:00", "2026-05-04T03:02:01"),
        ("2026:05:04 03:02:01", "-03:30", "2026-05-04T03:02:01-03:30"),
        ("=cmd()|' /C calc'!A1", "", ""),
    ],
)
def test_only_dates_that_exist_are_told(taken: str, offset: str, told: str) -> None:
    assert facts_of(saved("JPEG", exif(taken=taken, offset=offset))).taken == told


@pytest.mark.parametrize(
    "place",
    [
        ("N", ((0, 0), (0, 0), (0, 0)), "E", DEGREES[1]),
        ("N", ((91, 1), (0, 1), (0, 1)), "E", DEGREES[1]),
        ("N", DEGREES[0], "E", ((181, 1), (0, 1), (0, 1))),
        ("N", ((0, 1), (0, 1), (0, 1)), "E", ((0, 1), (0, 1), (0, 1))),
        ("Q", DEGREES[0], "E", DEGREES[1]),
        ("N", ((51, 1),), "E", DEGREES[1]),
        None,
    ],
)
def test_a_place_that_is_none_is_not_told(place: Any) -> None:
    facts = facts_of(saved("JPEG", exif(place=place)))
    assert (facts.latitude, facts.longitude) == (None, None)
    assert facts.make == FULL.make


def test_south_and_west_are_negative() -> None:
    facts = facts_of(saved("JPEG", exif(place=("S", DEGREES[0], "E", DEGREES[1]))))
    assert facts.latitude is not None
    assert facts.longitude is not None
    assert facts.latitude < 0 < facts.longitude


def field(tag: int, kind: int, count: int, value: bytes) -> bytes:
    return struct.pack("<HHL4s", tag, kind, count, value)


def directory(*fields: bytes, after: bytes = b"", announced: int = -1) -> bytes:
    """Make a bare TIFF with one directory at 8."""
    count = len(fields) if announced < 0 else announced
    head = b"II*\0" + struct.pack("<L", 8) + struct.pack("<H", count)
    return head + b"".join(fields) + b"\0\0\0\0" + after


def test_names_that_are_no_text_are_escaped_and_bounded() -> None:
    hostile = b"A\xff\x1b[31m\n\xe2\x80\xae" + b"x" * 5_000 + b"\0"
    made = directory(field(0x010F, 2, len(hostile), struct.pack("<L", 26)), after=hostile)
    make = facts_of(made).make
    assert make.startswith("A\\xff\\x1b[31m\\x0a\\u202e")
    assert make.isprintable()
    assert len(make) == MOST_CHARACTERS
    told = {tag.name: tag.value for tag in tags_of(made)}
    assert told["Make"] == make


def test_links_that_go_in_circles_end() -> None:
    round_about = directory(field(0x8769, 4, 1, struct.pack("<L", 8)), field(0x8825, 4, 1, b"\x08"))
    assert facts_of(round_about) == PictureFacts()


@pytest.mark.parametrize(
    "hostile",
    [
        directory(announced=65_535),
        directory(field(0x010F, 2, 0xFFFFFFFF, struct.pack("<L", 0xFFFFFFFF))),
        directory(field(0x010F, 99, 4, b"ABCD")),
        directory(field(0x8769, 4, 1, struct.pack("<L", 0xFFFFFFFE))),
        directory(field(0x8769, 4, 0, b"")),
        b"II*\0" + struct.pack("<L", 0xFFFFFFFF),
        b"II*\0\x08",
        b"\xff\xd8" + b"\xff" * 100_000,
        b"\xff\xd8\xff\xe1\x00\x00Exif\0\0",
        b"\xff\xd8" + b"\xff\xe2\x00\x02" * 50_000,
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0abcd\0\0\0\0" * 50_000,
        b"RIFF\0\0\0\0WEBP" + b"EXIF\xff\xff\xff\xff",
        b"\0\0\0\x18ftypheic" + bytes(40),
        b"",
    ],
)
def test_nonsense_says_nothing(hostile: bytes) -> None:
    assert facts_of(hostile) == PictureFacts()
    assert not facts_of(hostile).says_anything


def test_a_directory_of_thousands_of_tags_is_cut() -> None:
    many = directory(*(field(tag, 3, 1, b"\1") for tag in range(1, 60_000, 7)))
    assert len(tags_of(many)) == MOST_TAGS


def test_all_tags_are_told_with_their_groups() -> None:
    told = {(one.group, one.name): one.value for one in tags_of(saved("JPEG", exif()))}
    assert told["picture", "Model"] == "DC-1"
    assert told["camera", "DateTimeOriginal"] == "2026:05:04 03:02:01"
    assert told["place", "GPSLatitude"] == "51, 30, 2.625"
    assert ("picture", "ExifOffset") not in told


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([saved(kind, exif()) for kind in ("JPEG", "PNG", "WEBP", "TIFF")]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    st.floats(0, 1),
)
def test_damage_ends_in_facts_that_are_safe_to_print(
    data: bytes, changes: list[tuple[float, int]], kept: float
) -> None:
    damaged = bytearray(data)
    for where, value in changes:
        damaged[int(where * len(damaged))] = value
    data = bytes(damaged[: int(kept * len(damaged))])
    facts = facts_of(data)
    for words in (facts.make, facts.model, facts.serial, facts.software, facts.taken):
        assert not words or (words.isprintable() and len(words) <= MOST_CHARACTERS)
    assert facts.latitude is None or -90 <= facts.latitude <= 90
    assert facts.longitude is None or -180 <= facts.longitude <= 180
    assert all(one.value.isprintable() for one in tags_of(data))
