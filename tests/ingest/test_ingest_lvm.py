"""LVM2 volumes: where lvm2 itself says that they lie, and no others."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_recipe import PLAIN, digests, told, truth
from lvm_recipe import HEAD, SIZE, TOLD, medium

from triage.ingest.container import open_container
from triage.ingest.evidence import open_evidence
from triage.ingest.layers.lvm import Logical, Piece, open_layer
from triage.model.problem import ProblemKind
from triage.model.volume import VolumeState

SNAPSHOT = """
}
snapshot0 {
status = ["READ"]
segment_count = 1
segment1 {
type = "snapshot"
origin = "data"
cow_store = "home"
}
}
}

}
#"""


@pytest.fixture(autouse=True)
def _no_secrets() -> None:
    told()


def text_of(head: bytes) -> tuple[int, str]:
    """Give the newest metadata and where its area begins."""
    area = head.index(b" LVM2 x[5A%r0N*>") - 4
    start, size = struct.unpack_from("<QQ", head, area + 40)
    return area, head[area + start : area + start + size].decode()


def with_text(change: str, to: str) -> bytearray:
    """Write other metadata, with its checksums right."""
    area, text = text_of(HEAD)
    new, count = re.subn(change, to, text, flags=re.DOTALL)
    assert count
    out = medium()
    body = new.encode() + b"\0"
    checksum = zlib.crc32(body, 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
    out[area + 512 : area + 512 + len(body)] = body
    struct.pack_into("<QQI", out, area + 40, 512, len(body), checksum)
    header = zlib.crc32(out[area + 4 : area + 512], 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
    struct.pack_into("<I", out, area, header)
    return out


def test_volumes_lie_where_lvm2_says(tmp_path: Path) -> None:
    image = tmp_path / "pv.raw"
    image.write_bytes(medium())
    evidence = open_evidence(image)
    first, home, data = evidence.survey().volumes
    assert (first.state, "volume group fixture" in first.reason) == (VolumeState.NO_FILES, True)
    assert (home.key, home.layer, home.filesystem) == ("p0.1", "lvm:fixture:home", "ext2")
    assert (data.key, data.layer, data.state) == ("p0.2", "lvm:fixture:data", VolumeState.BLANK)
    assert digests(evidence, "p0.1") == truth()


@pytest.mark.parametrize(
    ("change", "to", "words"),
    [
        (r'type = "striped"', 'type = "raid1"', "volumes of type raid1"),
        (r'type = "striped"', 'type = "thin"', "volumes of type thin"),
        (r'"pv0", 15', '"pv1", 15', "another physical volume, pv1"),
        (r"start_extent = 8", "start_extent = 9", "gaps or overlap"),
        (r"segment_count = 2", "segment_count = 3", "does not read|missing|type "),
        (
            r"\n\}\n\}\n\n\}\n#",
            SNAPSHOT,
            "snapshot of data",
        ),
    ],
)
def test_what_is_not_read_is_named(tmp_path: Path, change: str, to: str, words: str) -> None:
    image = tmp_path / "pv.raw"
    image.write_bytes(with_text(change, to))
    home = open_evidence(image).survey().volumes[1]
    assert home.state is VolumeState.UNSUPPORTED
    assert home.layer == "lvm:fixture:home"
    assert re.search(words, home.reason)


def test_a_file_system_over_the_mark_of_a_former_group_is_read(tmp_path: Path) -> None:
    image = tmp_path / "reused.raw"
    image.write_bytes(PLAIN[:512] + HEAD[512:1024] + PLAIN[1024:])
    evidence = open_evidence(image)
    (volume,) = evidence.survey().volumes
    assert (volume.key, volume.filesystem) == ("p0", "ext2")
    assert digests(evidence, "p0") == truth()


def test_a_group_and_a_file_system_at_one_place_are_both_read(tmp_path: Path) -> None:
    both = medium()
    both[1024:2048] = PLAIN[1024:2048]  # a superblock that pvcreate would have wiped
    image = tmp_path / "both.raw"
    image.write_bytes(both)
    evidence = open_evidence(image)
    survey = evidence.survey()
    keys = [volume.key for volume in survey.volumes]
    assert keys == ["p0", "p0.0.1", "p0.0.2"]
    assert ProblemKind.SEVERAL_FILESYSTEMS in {problem.kind for problem in survey.problems}
    assert digests(evidence, "p0.0.1") == truth()


@pytest.mark.parametrize(
    ("place", "words"),
    [(512 + 20, "label is damaged"), (512 + 40, "label is damaged"), (4096 + 8, "metadata")],
)
def test_damaged_metadata_is_named(tmp_path: Path, place: int, words: str) -> None:
    image = tmp_path / "pv.raw"
    data = medium()
    data[place] ^= 0x10
    image.write_bytes(data)
    volume, found = open_evidence(image).survey().volumes
    assert volume.state is VolumeState.UNSUPPORTED
    assert words in volume.reason
    assert found.description == "in unpartitioned space"
    assert found.offset_bytes == TOLD["extents_start_bytes"]


@settings(max_examples=30, deadline=None)
@given(text=st.binary(max_size=300), at=st.integers(0, 900))
def test_hostile_text_never_raises(
    tmp_path_factory: pytest.TempPathFactory, text: bytes, at: int
) -> None:
    image = tmp_path_factory.mktemp("pv") / "pv.raw"
    area, told_text = text_of(HEAD)
    body = bytearray(told_text.encode())
    body[at : at + len(text)] = text
    out = medium()
    checksum = zlib.crc32(body, 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
    out[area + 512 : area + 512 + len(body)] = body
    struct.pack_into("<QQI", out, area + 40, 512, len(body), checksum)
    header = zlib.crc32(out[area + 4 : area + 512], 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
    struct.pack_into("<I", out, area, header)
    image.write_bytes(out)
    container = open_container(image)
    open_layer(container, 0, SIZE)
    container.close()
    image.unlink()


def linear_scan(stripes: int, size: int, rows: int) -> Iterator[int]:
    """Give the place of each byte of striped volume, one by one; stripes lie 10,000 apart."""
    for row in range(rows):
        for stripe in range(stripes):
            yield from range(stripe * 10_000 + row * size, stripe * 10_000 + (row + 1) * size)


@settings(max_examples=80, deadline=None)
@given(data=st.data(), stripes=st.integers(1, 4), rows=st.integers(1, 5))
def test_stripes_read_and_hurt_as_a_linear_scan_tells(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, stripes: int, rows: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "stripes.raw"
    if not path.exists():
        path.write_bytes(bytes(at * 7919 % 251 for at in range(40_000)))
    container = open_container(path)
    size = 512
    length = stripes * rows * size
    piece = Piece(
        start_bytes=0,
        length_bytes=length,
        places=tuple(10_000 * stripe for stripe in range(stripes)),
        stripe_bytes=size if stripes > 1 else length,
    )
    volume = Logical(container, 40_000, (piece,))
    places = list(linear_scan(stripes, size, rows)) if stripes > 1 else list(range(length))
    raw = path.read_bytes()
    start = data.draw(st.integers(0, length - 1))
    wanted = data.draw(st.integers(1, length - start))
    assert volume.read(start, wanted) == bytes(raw[at] for at in places[start : start + wanted])
    hurt = data.draw(st.integers(0, 39_999))
    lost = data.draw(st.integers(1, 12_000))
    inside = {
        at for first, count in volume.within(hurt, lost) for at in range(first, first + count)
    }
    assert inside == {at for at, place in enumerate(places) if hurt <= place < hurt + lost}
    container.close()
