"""Small copies of pictures: in their EXIF block, and in the caches of Windows and Android."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from archive_carrier import carried, content, lawful, zipped
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from thumbnail_recipe import (
    WHEN_TICKS,
    jpeg_with_exif,
    thumbcache,
    thumbdata,
    thumbs_db,
    thumbs_db_of_vista,
)
from triage.ingest.archive import THUMBNAIL_MIMES, ArchiveLimits, list_members
from triage.ingest.archives.exif_thumbnail import open_jpeg
from triage.ingest.filetype import detect
from triage.model.entry import Origin


def picture(size: int, seed: int = 0, form: str = "JPEG") -> bytes:
    out = io.BytesIO()
    noise = random.Random(seed).randbytes(size * size * 3)  # noqa: S311  (repeatable)
    Image.frombytes("RGB", (size, size), noise).save(out, form)
    return out.getvalue()


BIG, SMALL, OTHER, PNG = picture(96), picture(16, 1), picture(12, 2), picture(8, 3, "PNG")


def listed(folder: Path, data: bytes, name: str = "a.bin") -> dict[bytes, bytes]:
    """Give the contents of all small copies by the names of the members; no problem is told."""
    files, entry = carried(folder, data, name)
    listing = lawful(files, entry)
    assert listing.problems == ()
    assert all(one.origin is Origin.THUMBNAIL for one in listing.entries)
    above = len(entry.ref.path) + 1
    return {one.ref.path[above:]: content(files, one) for one in listing.entries}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("before", [b"", b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"])
def test_the_copy_in_the_exif_block(tmp_path: Path, order: str, before: bytes) -> None:
    data = jpeg_with_exif(SMALL, BIG, order=order, before=before)
    with Image.open(io.BytesIO(data)) as seen:
        where = seen.getexif().get_ifd(ExifTags.IFD.IFD1)
        assert where[0x0202] == len(SMALL), "Pillow finds it as well"
    assert listed(tmp_path, data) == {b"EXIF thumbnail.jpg": SMALL}


@pytest.mark.parametrize("data", [BIG, BIG[:3], jpeg_with_exif(b"no picture", BIG)])
def test_a_jpeg_without_one_is_no_problem(tmp_path: Path, data: bytes) -> None:
    assert listed(tmp_path, data) == {}


def test_only_the_head_of_a_jpeg_is_read() -> None:
    class Counting:
        size_bytes = 50_000_000
        last = 0

        def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
            self.last = max(self.last, offset_bytes + length_bytes)
            return jpeg_with_exif(SMALL, BIG).ljust(70_000, b"x")[offset_bytes:][:length_bytes]

    source = Counting()
    assert len(open_jpeg(source, ArchiveLimits(), b"").members) == 1
    assert source.last < 64 * 1024


def test_a_picture_in_an_archive_at_the_deepest_level_has_its_copy_too(tmp_path: Path) -> None:
    data = jpeg_with_exif(SMALL, BIG)
    files, entry = carried(tmp_path, zipped({"p.jpg": data, "t.txt": b"text"}))
    limits = ArchiveLimits(max_depth=1)
    inner, text = list_members(files, entry, limits).entries
    found = list_members(files, inner, limits)
    assert [one.ref.path for one in found.entries] == [b"/a.bin/p.jpg/EXIF thumbnail.jpg"]
    assert found.problems == ()
    assert content(files, found.entries[0]) == SMALL
    assert list_members(files, text, limits).problems, "all else is not opened so deep"


@pytest.mark.parametrize("version", [20, 21, 30, 31, 32])
def test_the_caches_of_windows_since_vista(tmp_path: Path, version: int) -> None:
    entries = [(0x482D656EE647F25E, SMALL), (7, b""), (0x924BC51F9B84EE8, PNG), (9, OTHER)]
    assert listed(tmp_path, thumbcache(version, entries)) == {
        b"482d656ee647f25e.jpg": SMALL,
        b"0924bc51f9b84ee8.png": PNG,
        b"0000000000000009.jpg": OTHER,
    }


def test_a_damaged_entry_costs_itself_and_the_index_holds_nothing(tmp_path: Path) -> None:
    data = bytearray(thumbcache(32, [(1, SMALL), (2, PNG), (3, OTHER)]))
    second = data.index(b"CMMM", data.index(b"CMMM", 24) + 4)
    data[second + 4 : second + 8] = b"\xff\xff\xff\x7f"
    found = listed(tmp_path, bytes(data) + b"CMMM" + bytes(4_000))
    assert {name[:16].lstrip(b"0")[:1] for name in found} >= {b"1", b"3"}
    assert listed(tmp_path, b"IMMM" + bytes(500)) == {}
    files, entry = carried(tmp_path, b"CMMM" + bytes(500))
    assert lawful(files, entry).problems, "a version that is not known is told"


def test_thumbs_db_of_xp_names_the_originals(tmp_path: Path) -> None:
    names = ["DSC0001.JPG", "b\u00e9 [red]=cmd().jpg", *(f"p{number}.jpg" for number in range(10))]
    copies = [(name, picture(8 + at, at)) for at, name in enumerate(names)]
    data = thumbs_db(copies)
    olefile = pytest.importorskip("olefile", reason="olefile, the other reader, is not installed")
    with olefile.OleFileIO(data) as other:
        assert other.exists("Catalog"), "olefile finds the streams as well"
        assert other.openstream("21").read()[12:].startswith(copies[11][1])
    files, entry = carried(tmp_path, data, "Thumbs.db")
    listing = lawful(files, entry)
    found = {one.ref.path.partition(b"/Thumbs.db/")[2]: one for one in listing.entries}
    assert found.keys() == {name.encode() for name in names}
    for name, body in copies:
        one = found[name.encode()]
        assert content(files, one).rstrip(b"\0") == body.rstrip(b"\0")
        assert one.times.modified_ns == (WHEN_TICKS - 116_444_736_000_000_000) * 100
    assert listing.problems == ()


def test_thumbs_db_since_vista_has_numbers_alone(tmp_path: Path) -> None:
    data = thumbs_db_of_vista([("256_af36b2e5e7d5a1c8", SMALL), ("96_0123456789abcdef", PNG)])
    found = listed(tmp_path, data)
    assert found.keys() == {b"256_af36b2e5e7d5a1c8.jpg", b"96_0123456789abcdef.png"}


def test_the_cache_of_android(tmp_path: Path) -> None:
    data = thumbdata({3: SMALL, 40: OTHER, 41: b"no picture"}, 50)
    name = ".thumbdata3--1967290299"
    assert listed(tmp_path, data, name) == {b"3.jpg": SMALL, b"40.jpg": OTHER}
    assert listed(tmp_path, bytes(30_000), name) == {}
    kind = detect(data[:65_536], name.encode(), len(data))
    assert kind.mime in THUMBNAIL_MIMES
    assert detect(data[:65_536], b"x.bin", len(data)).mime not in THUMBNAIL_MIMES


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (jpeg_with_exif(SMALL, BIG), "a.jpg"),
        (thumbcache(21, [(1, SMALL), (2, PNG)]), "thumbcache_256.db"),
        (thumbcache(32, [(1, SMALL)]), "thumbcache_96.db"),
    ],
)
def test_types_lead_to_the_readers(data: bytes, name: str) -> None:
    assert detect(data[:65_536], name.encode(), len(data)).mime in THUMBNAIL_MIMES


MAKERS: tuple[Callable[[], bytes], ...] = (
    lambda: jpeg_with_exif(SMALL, BIG),
    lambda: thumbcache(32, [(1, SMALL), (2, PNG)]),
    lambda: thumbcache(20, [(1, SMALL), (2, PNG)]),
    lambda: thumbs_db([("a.jpg", SMALL), ("b.jpg", OTHER)]),
    lambda: thumbdata({1: SMALL, 2: OTHER}, 4),
)


@given(
    st.integers(0, len(MAKERS) - 1),
    st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), max_size=8),
    st.floats(0.01, 1),
)
def test_flipped_and_cut_caches_keep_the_contract(
    tmp_path_factory: pytest.TempPathFactory,
    which: int,
    flips: list[tuple[float, int]],
    cut: float,
) -> None:
    data = bytearray(MAKERS[which]())
    for place, value in flips:
        at = min(int(place * min(len(data), 4_000)), len(data) - 1)
        data[at] ^= value
    folder = tmp_path_factory.mktemp("hurt")
    files, entry = carried(folder, bytes(data[: max(1, int(cut * len(data)))]))
    lawful(files, entry)
