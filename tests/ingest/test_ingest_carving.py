"""Files are found by their structure: exactly, once, and none that is not there."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from planted import background, has_ffmpeg, picture, planted, scene, seeded, video
from triage.hashing.limits import PictureLimits
from triage.hashing.soundness import soundness
from triage.ingest.carving import Find, Search
from triage.ingest.stretches import BLOCK_BYTES, Piece, Stretches
from triage.model.carving import Soundness

PICTURES = ("jpg", "png", "gif", "webp", "heic")
VIDEOS = ("mp4", "mov", "3gp", "avi")
FIXTURES = Path(__file__).parents[2] / "fixtures" / "pictures"


def over(body: bytes, stretches: tuple[tuple[int, int], ...] | None = None) -> Stretches:
    places = stretches or ((0, len(body)),)
    return Stretches(lambda at, length: body[at : at + length], places)


def believed(_data: bytes, _mime: str) -> Soundness:
    return Soundness.UNTOLD


def decoded(data: bytes, _mime: str) -> Soundness:
    return soundness(data, PictureLimits())


def found_in(stretches: Stretches, *, bridged: bool = True) -> list[Find]:
    search = Search(stretches, decoded, bridged=bridged)
    return [one for one in search.part(0, stretches.size_bytes) if isinstance(one, Find)]


def content(stretches: Stretches, one: Find) -> bytes:
    return stretches.read(one.at, one.size_bytes)


@pytest.mark.parametrize("kind", PICTURES)
def test_planted_pictures_come_out_as_they_are_and_nothing_else(kind: str) -> None:
    rng = seeded(kind)
    contents = [(kind, picture(rng, kind)) for _ in range(2 if kind == "heic" else 4)]
    body, files = planted(rng, 3 << 20, contents, start=0, damaged=0)
    stretches = over(body)
    found = found_in(stretches)
    assert [(one.at, content(stretches, one)) for one in found] == [
        (one.at, one.data) for one in files
    ]
    assert {(one.extension, one.partial) for one in found} == {(kind, False)}


@pytest.mark.skipif(not has_ffmpeg(), reason="ffmpeg is not installed")
@pytest.mark.parametrize("kind", VIDEOS)
def test_planted_videos_come_out_as_they_are(kind: str) -> None:
    rng = seeded(kind)
    with tempfile.TemporaryDirectory() as folder:
        contents = [(kind, video(rng, kind, Path(folder))) for _ in range(2)]
    body, files = planted(rng, 2 << 20, contents, start=0, damaged=0)
    stretches = over(body)
    found = found_in(stretches)
    assert [(one.at, content(stretches, one)) for one in found] == [
        (one.at, one.data) for one in files
    ]
    assert {(one.extension, one.family) for one in found} == {(kind, "video")}


def test_pictures_that_lie_at_any_byte_are_found() -> None:
    rng = seeded(5)
    jpeg, webp = picture(rng, "jpg"), picture(rng, "webp")
    body = b"key: value\n" * 101 + jpeg + b"\0cache\0" + webp + b"end" * 999
    stretches = over(body)
    assert [content(stretches, one) for one in found_in(stretches)] == [jpeg, webp]


def test_a_file_of_several_pictures_is_one_file() -> None:
    rng = seeded(6)
    out = io.BytesIO()
    first, second = scene(rng, 400, 300), scene(rng, 400, 300)
    first.save(out, "MPO", save_all=True, append_images=[second])
    body = bytes(4096) + out.getvalue() + bytes(4096)
    (one,) = found_in(over(body))
    assert body[one.at : one.at + one.size_bytes] == out.getvalue()


def test_a_file_goes_on_behind_a_hole_where_it_is_then_whole() -> None:
    rng = seeded(7)
    jpeg = picture(rng, "jpg")
    half = len(jpeg) // 2 // 512 * 512
    hole = b"held by a file that is listed".ljust(8192, b".")
    body = bytes(512) + jpeg[:half] + hole + jpeg[half:] + bytes(512)
    places = ((0, 512 + half), (512 + half + 8192, len(jpeg) - half + 512))
    stretches = over(body, places)
    (one,) = found_in(stretches)
    assert content(stretches, one) == jpeg
    assert stretches.extents(one.at, one.size_bytes) == (
        (512, half),
        (512 + half + 8192, len(jpeg) - half),
    )
    (cut,) = found_in(stretches, bridged=False)
    assert cut.partial
    assert jpeg.startswith(content(stretches, cut))


@pytest.mark.parametrize("kind", ["jpg", "png", "gif"])
@pytest.mark.parametrize("filler", [b"\0", b"text and more of it. ", b"\xff"])
def test_a_cut_picture_is_kept_and_told_to_be_cut(kind: str, filler: bytes) -> None:
    rng = seeded(f"{kind}{filler!r}")
    data = picture(rng, kind)
    cut = len(data) * 2 // 3 // 512 * 512
    body = data[:cut] + (filler * 65536)[:65536]
    (one,) = found_in(over(body))
    assert one.at == 0
    assert one.partial
    assert body[: one.size_bytes].startswith(data[: cut - 512].rstrip(b"\0"))


def test_a_cut_picture_ends_where_another_file_begins() -> None:
    rng = seeded(9)
    first, second = picture(rng, "jpg"), picture(rng, "png")
    cut = len(first) // 2 // 512 * 512
    body = first[:cut] + second + bytes(8192)
    one, other = found_in(over(body))
    assert (one.at, one.size_bytes, one.partial) == (0, cut, True)
    assert (other.at, other.size_bytes, other.partial) == (cut, len(second), False)


def test_a_broken_picture_that_has_nothing_to_show_is_rejected() -> None:
    stretches = over(b"\xff\xd8\xff\xe0" + seeded(1).randbytes(4092))
    told = list(Search(stretches, decoded).part(0, stretches.size_bytes))
    assert told == [0]


def test_a_jpeg_that_decodes_around_foreign_bytes_is_told_to_be_cut() -> None:
    whole = bytearray((FIXTURES / "harbour.jpg").read_bytes())
    whole[6144:8192] = b"the budget of the garden club ".ljust(2048, b"x")
    with Image.open(io.BytesIO(whole)) as shown:
        shown.load()  # libjpeg says nothing
    (one,) = found_in(over(bytes(whole)))
    assert (one.size_bytes, one.partial) == (len(whole), True)


@pytest.mark.parametrize("name", ["canyon.jpg", "glacier-large.jpg", "harbour-exif6.jpg"])
def test_whole_fixtures_are_told_to_be_whole(name: str) -> None:
    data = (FIXTURES / name).read_bytes()
    assert soundness(data, PictureLimits()) is Soundness.WHOLE
    assert soundness(data[: len(data) // 2], PictureLimits()) is Soundness.PART


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xd8\xff" * 5000,
        b"\x89PNG\r\n\x1a\n" * 5000,
        b"GIF89a" * 5000,
        b"RIFF\xff\xff\xff\xffWEBPVP8 " * 2000,
        (b"RIFF\xff\xff\xff\xffAVI LIST\x10\0\0\0hdrl").ljust(512, b"\0") * 50,
        (b"\0\0\0\0ftypisom").ljust(512, b"\0") * 50,
        (b"\0\0\0\x01ftypisom" + bytes(8)).ljust(512, b"\0") * 50,
        (b"\0\0\0\x10ftypisom" + b"\0\0\0\x01moov" + b"\xff" * 8).ljust(512, b"\0") * 50,
        b"\0\0\0\x08ftyp" + b"\0\0\0\x08free" * 20000,
    ],
)
def test_hostile_beginnings_give_nothing_and_end(body: bytes) -> None:
    assert found_in(over(body)) == []


SAMPLES = [picture(seeded(kind), kind)[:20000] for kind in PICTURES]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 19999), st.binary(max_size=9))))
def test_no_bytes_upset_the_search(sample: bytes, edits: list[tuple[int, bytes]]) -> None:
    body = bytearray(sample + bytes(1024))
    for at, data in edits:
        body[at % len(sample) : at % len(sample) + len(data)] = data
    search = Search(over(bytes(body)), believed)
    for one in search.part(0, len(body)):
        if isinstance(one, Find):
            assert 0 <= one.at < one.end <= len(body)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 3 * BLOCK_BYTES), min_size=1, max_size=4), st.data())
def test_stretches_read_as_if_they_followed_one_another(
    lengths: list[int], data: st.DataObject
) -> None:
    body = seeded(3).randbytes(1 << 16) * (14 * BLOCK_BYTES >> 16)
    places, at = [], 0
    for length in lengths:
        places.append((at, length))
        at += length + 77
    stretches = over(body, tuple(places))
    joined = b"".join(body[start : start + length] for start, length in places)
    start = data.draw(st.integers(0, len(joined) - 1))
    length = data.draw(st.integers(0, len(joined)))
    wanted = joined[start : start + length]
    assert stretches.read(start, length) == wanted
    assert b"".join(body[a : a + n] for a, n in stretches.extents(start, len(wanted))) == wanted
    assert Piece(stretches, start, len(joined)).read(0, length) == wanted
    assert body[stretches.place(start)] == joined[start]


def test_background_alone_gives_nothing() -> None:
    body = bytes(background(seeded(11), 4 << 20))
    assert found_in(over(body)) == []


def test_a_part_reads_no_further_than_its_files_go() -> None:
    jpeg = picture(seeded(21), "jpg")
    cut = len(jpeg) // 2 // 512 * 512
    body = bytes(3 << 20) + jpeg[:cut] + bytes(30 << 20) + jpeg
    read: list[int] = []

    def reading(at: int, length: int) -> bytes:
        read.append(at + length)
        return body[at : at + length]

    search = Search(Stretches(reading, ((0, len(body)),)), decoded)
    assert list(search.part(0, 2 << 20)) == []
    assert max(read) <= (3 << 20)
    (one,) = search.part(2 << 20, 4 << 20)
    assert isinstance(one, Find)
    assert (one.at, one.size_bytes, one.partial) == (3 << 20, len(jpeg[:cut].rstrip(b"\0")), True)
