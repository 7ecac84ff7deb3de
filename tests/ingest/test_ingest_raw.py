"""Raw and split media: positions, gaps, failing disks, and what is refused by name."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import EvidenceError, EvidenceGone
from triage.ingest.container import CONTAINERS, open_container
from triage.ingest.containers.damage import Ledger, merged
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.raw import open_raw
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind

FIXTURES = Path(__file__).parents[2] / "fixtures"
DATA = bytes(range(256)) * 40


def parts(folder: Path, names: list[str], size: int = 1_024) -> Path:
    for at, name in enumerate(names):
        (folder / name).write_bytes(DATA[at * size : (at + 1) * size])
    return folder


def test_a_raw_image_is_its_own_medium() -> None:
    path = FIXTURES / "images" / "ext2.raw"
    container = open_container(path)
    assert container.info.kind is ContainerKind.RAW
    assert container.read_at(0, 1 << 30) == path.read_bytes()
    assert container.read_at(container.info.size_bytes, 1) == b""
    assert container.damage() == ()


@pytest.mark.parametrize("which", ["001", "002", "003"])
def test_a_split_image_opens_from_any_part(which: str) -> None:
    container = open_container(FIXTURES / "images" / f"gpt-split.{which}")
    assert container.info.kind is ContainerKind.SPLIT_RAW
    whole = b"".join(
        (FIXTURES / "images" / f"gpt-split.{number}").read_bytes()
        for number in ("001", "002", "003")
    )
    assert container.read_at(0, 1 << 30) == whole
    assert container.read_at(1_048_000, 2_000) == whole[1_048_000:1_050_000]


@pytest.mark.parametrize(
    "names",
    [["d.000", "d.001", "d.002"], ["d.aa", "d.ab", "d.ac"], ["xaa", "xab"], ["d.01", "d.02"]],
)
def test_the_usual_names_of_splits(tmp_path: Path, names: list[str]) -> None:
    parts(tmp_path, names)
    container = open_container(tmp_path / names[-1])
    assert container.read_at(0, 99_999) == DATA[: 1_024 * len(names)]
    assert container.info.segments == tuple(names)


def test_a_missing_part_reads_as_zeros_and_is_named(tmp_path: Path) -> None:
    parts(tmp_path, ["d.001", "d.002", "d.003"])
    (tmp_path / "d.002").unlink()
    container = open_container(tmp_path / "d.001")
    assert container.read_at(0, 9_999) == DATA[:1_024] + bytes(1_024) + DATA[2_048:3_072]
    (damage,) = container.damage()
    assert (damage.offset_bytes, damage.length_bytes) == (1_024, 1_024)
    assert damage.kind is DamageKind.MISSING_SEGMENT


def test_a_missing_first_part_keeps_the_others_in_place(tmp_path: Path) -> None:
    parts(tmp_path, ["d.001", "d.002", "d.003"])
    (tmp_path / "d.001").unlink()
    container = open_container(tmp_path / "d.003")
    assert container.read_at(0, 9_999) == bytes(1_024) + DATA[1_024:3_072]
    assert container.damage()[0].offset_bytes == 0


def test_a_cut_part_does_not_shift_what_follows(tmp_path: Path) -> None:
    parts(tmp_path, ["d.001", "d.002", "d.003"])
    (tmp_path / "d.002").write_bytes(DATA[1_024:1_536])
    container = open_container(tmp_path / "d.001")
    assert container.read_at(2_048, 1_024) == DATA[2_048:3_072]
    assert [one.kind for one in container.damage()] == [DamageKind.TRUNCATED]


def test_years_are_no_parts(tmp_path: Path) -> None:
    parts(tmp_path, ["backup.2023", "backup.2024"])
    assert open_container(tmp_path / "backup.2024").info.kind is ContainerKind.RAW


def test_a_lone_numbered_file_is_raw(tmp_path: Path) -> None:
    parts(tmp_path, ["d.001"])
    assert open_container(tmp_path / "d.001").info.kind is ContainerKind.RAW


def test_one_bad_sector_costs_one_sector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parts(tmp_path, ["d.raw"], size=8_192) / "d.raw"
    container = open_raw(path)
    sound = SegmentFiles.pread

    def failing(self: SegmentFiles, index: int, offset: int, length: int) -> bytes:
        if offset < 1_536 and offset + length > 1_024:
            raise OSError(5, "Input/output error")
        return sound(self, index, offset, length)

    monkeypatch.setattr(SegmentFiles, "pread", failing)
    assert container.read_at(0, 8_192) == DATA[:1_024] + bytes(512) + DATA[1_536:8_192]
    (damage,) = container.damage()
    spot = (damage.offset_bytes, damage.length_bytes, damage.kind)
    assert spot == (1_024, 512, DamageKind.READ_ERROR)
    assert str(tmp_path) not in damage.detail


def test_a_file_that_shrinks_is_no_longer_the_evidence(tmp_path: Path) -> None:
    path = parts(tmp_path, ["d.raw"], size=4_096) / "d.raw"
    container = open_container(path)
    path.write_bytes(DATA[:1_000])
    with pytest.raises(EvidenceGone, match=r"d\.raw: has 1000 bytes now, 4096 when it was opened"):
        container.read_at(0, 4_096)
    assert container.damage() == (), "what is taken away in mid-run is no damage of the medium"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"QFI\xfb\0\0\0\3", "QCOW"),
        (b"KDMV\1\0\0\0", "VMDK"),
        (b"conectix", "VHD"),
        (b"vhdxfile", "VHDX"),
        (gzip.compress(b"x", mtime=0), "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"LEF2\x0d\x0a\x81\0", "Lx01"),
    ],
)
def test_other_containers_are_not_taken_for_raw(tmp_path: Path, head: bytes, words: str) -> None:
    path = tmp_path / "evidence.bin"
    path.write_bytes(head + bytes(2_000))
    with pytest.raises(EvidenceError, match=words) as caught:
        open_container(path)
    assert caught.value.hint


def test_what_cannot_be_opened_is_said_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "empty.dd").touch()
    with pytest.raises(EvidenceError, match=r"empty\.dd: the file is empty"):
        open_container(tmp_path / "empty.dd")
    with pytest.raises(EvidenceError, match="there is no such file"):
        open_container(tmp_path / "absent.dd")
    with pytest.raises(EvidenceError, match="is a folder"):
        open_container(tmp_path)


def test_the_key_follows_name_and_content_not_the_folder(tmp_path: Path) -> None:
    keys = []
    for folder, name, data in (
        ("a", "d", DATA),
        ("b", "d", DATA),
        ("b", "e", DATA),
        ("a", "d", b"x"),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_bytes(data)
        keys.append(open_container(tmp_path / folder / name).info.key)
    assert keys[0] == keys[1]
    assert len({keys[0], keys[2], keys[3]}) == 3
    assert all(len(key) == 16 and int(key, 16) >= 0 for key in keys)


def test_few_files_are_open_at_a_time(tmp_path: Path) -> None:
    names = [f"d.{number:03d}" for number in range(1, 121)]
    parts(tmp_path, names, size=64)
    container = open_container(tmp_path / "d.050")
    assert container.read_at(0, 9_999) == DATA[: 120 * 64]
    container.close()
    container.close()


def test_the_last_format_takes_everything() -> None:
    assert CONTAINERS[-1].recognises(Path("anything"), b"\0" * 64)


ranges = st.lists(
    st.builds(
        DamagedRange,
        offset_bytes=st.integers(0, 50),
        length_bytes=st.integers(0, 10),
        kind=st.sampled_from([DamageKind.TRUNCATED, DamageKind.READ_ERROR]),
        detail=st.sampled_from(["a", "b"]),
    )
)


@given(found=ranges)
def test_merging_keeps_every_byte_and_forgets_the_order(found: list[DamagedRange]) -> None:
    def places(of: tuple[DamagedRange, ...]) -> set[tuple[int, str, str]]:
        return {
            (at, one.kind, one.detail)
            for one in of
            for at in range(one.offset_bytes, one.offset_bytes + one.length_bytes)
        }

    joined = merged(found)
    assert places(joined) == places(tuple(found))
    assert merged(sorted(found)) == merged(reversed(found)) == joined
    ledger = Ledger()
    for one in found:
        ledger.add(one.offset_bytes, one.length_bytes, one.kind, one.detail)
    assert ledger.all() == joined
