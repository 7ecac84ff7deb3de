"""Layers under file systems: keys, nesting, damage from below, what other processes are told."""

from __future__ import annotations

import hashlib
import pickle
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_recipe import PLAIN, digests, encrypted, formatted, told, truth, walked
from lvm_recipe import medium as physical

from triage.ingest import layer, unlocking
from triage.ingest.container import Container, open_container
from triage.ingest.evidence import Handover, ImageEvidence, open_evidence
from triage.ingest.layer import DEPTH_LIMIT, LAYERS, LayerFormat, Opened
from triage.ingest.layered import InnerMedium, Medium
from triage.ingest.layers.luks_header import read_header
from triage.ingest.reading import ContentError, VolumeError
from triage.model.evidence import DamageKind
from triage.model.problem import ProblemKind
from triage.model.volume import VolumeState

FORM = ("--type", "luks1", "--pbkdf-force-iterations", "1000", "--align-payload", "8",
        "--cipher", "aes-xts-plain64", "--key-size", "256")  # fmt: skip


@pytest.fixture(autouse=True)
def _no_secrets() -> Iterator[None]:
    told()
    yield
    told()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give an ext2 of a recipe within LUKS; its password is ``horse``."""
    image = tmp_path_factory.mktemp("layer") / "l.raw"
    key = formatted(image, "horse", *FORM, room_bytes=3 * 1024**2)
    container = open_container(image)
    payload = read_header(container, 0, 3 * 1024**2).payload_bytes
    container.close()
    return image.read_bytes()[:payload] + encrypted(PLAIN, key, "aes-xts-plain64")


class Shift:
    """Bytes that begin a while into the medium, for tests: every byte is changed by a mark."""

    def __init__(self, container: Container, start: int, mark: int = 0) -> None:
        self._container, self._start, self._mark = container, start, mark
        self.size_bytes = container.info.size_bytes - start

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        if self._mark and offset_bytes <= self._mark < offset_bytes + length_bytes:
            raise OSError("it does not want to")
        return self._container.read_at(self._start + offset_bytes, length_bytes)

    def within(self, offset_bytes: int, length_bytes: int) -> Iterator[tuple[int, int]]:
        first = max(0, offset_bytes - self._start)
        last = min(self.size_bytes, offset_bytes + length_bytes - self._start)
        if first < last:
            yield first, last - first


def test_the_registry_names_each_layer_once() -> None:
    names = [row.name for row in LAYERS]
    assert len(names) == len(set(names))
    assert {"luks", "bitlocker", "corestorage", "lvm"} <= set(names)


def test_entries_under_a_layer_have_no_place_on_the_medium(tmp_path: Path, locked: bytes) -> None:
    image = tmp_path / "l.raw"
    image.write_bytes(locked)
    told("horse")
    evidence = open_evidence(image)
    entries = list(walked(evidence.filesystem("p0.1")))
    assert entries
    assert {entry.extents for entry in entries} == {()}
    assert {entry.first_block_offset_bytes for entry in entries} == {None}
    assert {entry.ref.volume for entry in entries} == {"p0.1"}
    assert {entry.ref.evidence for entry in entries} == {evidence.info.key}
    assert evidence.filesystem("p0.1").volume in evidence.survey().volumes


def test_a_part_of_a_content_is_the_slice_of_it(tmp_path: Path, locked: bytes) -> None:
    image = tmp_path / "l.raw"
    image.write_bytes(locked)
    told("horse")
    filesystem = open_evidence(image).filesystem("p0.1")
    largest = max(walked(filesystem), key=lambda entry: entry.size_bytes)
    whole = b"".join(filesystem.read(largest))
    for start, length in ((0, 10), (511, 2), (4095, 4097), (len(whole) - 3, 3)):
        assert filesystem.read_range(largest, start, length) == whole[start : start + length]


def test_the_medium_of_a_volume_is_the_plain_one(tmp_path: Path, locked: bytes) -> None:
    image = tmp_path / "l.raw"
    image.write_bytes(locked)
    told("horse")
    evidence = open_evidence(image)
    assert isinstance(evidence, ImageEvidence)
    medium, volume = evidence.medium("p0.1")
    assert (volume.offset_bytes, volume.length_bytes) == (0, len(PLAIN))
    assert medium.read_at(0, len(PLAIN) + 5) == PLAIN
    assert medium.read_at(700_001, 1000) == PLAIN[700_001:701_001]
    assert medium.read_at(len(PLAIN), 10) == b""


def test_another_process_is_told_a_number_and_never_the_secret(
    tmp_path: Path, locked: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "l.raw"
    image.write_bytes(locked)
    told("wrong", "also wrong", "horse")
    handover = open_evidence(image).handover()
    packed = pickle.dumps(handover)
    assert b"horse" not in packed
    assert [number for _, number in handover.unlocked if number == 2]
    monkeypatch.setattr(unlocking, "_opened_by", {})
    known: Handover = pickle.loads(packed)  # noqa: S301  (made a few lines before)
    evidence = open_evidence(image, known)
    lock = next(name for name, number in handover.unlocked if number == 2)
    assert next(unlocking.candidates(lock)) == (2, "horse")
    assert digests(evidence, "p0.1") == truth()


def test_a_process_without_secrets_says_that_it_has_none(tmp_path: Path, locked: bytes) -> None:
    image = tmp_path / "l.raw"
    image.write_bytes(locked)
    told("horse")
    handover = open_evidence(image).handover()
    told()
    with pytest.raises(VolumeError, match="a password of one of its 1 key slot"):
        open_evidence(image, handover).filesystem("p0.1")


def test_what_lies_on_damage_below_is_told_and_the_rest_is_true(
    tmp_path: Path, locked: bytes
) -> None:
    piece = 64 * 1024
    middle = (len(locked) - len(PLAIN) + 200_000) // piece  # where the recipe's files lie
    for number, at in enumerate(range(0, len(locked), piece), 1):
        if number != middle + 1:
            (tmp_path / f"l.{number:03d}").write_bytes(locked[at : at + piece])
    told("horse")
    evidence = open_evidence(tmp_path / "l.001")
    filesystem = evidence.filesystem("p0.1")
    expected, right, hurt = truth(), 0, 0
    for entry in walked(filesystem):
        if entry.no_content or entry.ref.path not in expected or entry.ref.stream:
            continue
        try:
            data = b"".join(filesystem.read(entry))
        except ContentError:
            hurt += 1
            continue
        lost = filesystem.touches_damage(entry)
        if hashlib.sha256(data).hexdigest() == expected[entry.ref.path]:
            right += 1
            assert not lost
        else:
            hurt += 1
            assert {one.kind for one in lost} == {DamageKind.MISSING_SEGMENT}
            assert all(one.offset_bytes // piece == middle for one in lost)
    assert right
    assert hurt


@settings(max_examples=60, deadline=None)
@given(
    start=st.integers(0, 2000),
    reads=st.lists(st.tuples(st.integers(-5, 5000), st.integers(0, 5000)), max_size=6),
)
def test_an_inner_medium_keeps_the_promises_of_a_container(
    tmp_path_factory: pytest.TempPathFactory, start: int, reads: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "shift.raw"
    if not path.exists():
        path.write_bytes(bytes(at * 31 % 256 for at in range(4096)))
    container = open_container(path)
    medium = InnerMedium(container, "test", Shift(container, start))
    plain = path.read_bytes()[start:]
    for offset, length in reads:
        first = max(0, offset)
        assert medium.read_at(offset, length) == plain[first : first + length]
    assert medium.damage() == ()
    container.close()


def test_what_a_source_cannot_make_reads_as_zeros_and_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "m.raw"
    path.write_bytes(b"\xff" * 4096)
    container = open_container(path)
    medium = InnerMedium(container, "test", Shift(container, 96, mark=1000))
    assert medium.read_at(900, 200) == bytes(200)
    assert medium.read_at(0, 100) == b"\xff" * 100
    (lost,) = medium.damage()
    assert (lost.offset_bytes, lost.length_bytes, lost.kind) == (900, 200, DamageKind.READ_ERROR)
    assert "does not want to" in lost.detail


def endless(container: Container, offset_bytes: int, length_bytes: int) -> Opened:
    """Open as a layer that holds itself."""
    assert length_bytes
    return Opened(
        words="a layer", media=(Medium(name="self", source=Shift(container, offset_bytes)),)
    )


def test_layers_within_layers_are_followed_to_a_depth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = LayerFormat(
        name="self",
        recognises=lambda container, offset, _: container.read_at(offset, 4) == b"SELF",
        open=endless,
    )
    monkeypatch.setattr(layer, "LAYERS", (row,))
    image = tmp_path / "s.raw"
    image.write_bytes(b"SELF" + bytes(5000))
    survey = open_evidence(image).survey()
    keys = [volume.key for volume in survey.volumes]
    assert keys == ["p0" + ".1" * depth for depth in range(DEPTH_LIMIT + 1)]
    assert survey.volumes[-1].state is VolumeState.UNSUPPORTED
    assert survey.volumes[-1].layer == "/".join(["self"] * DEPTH_LIMIT)
    assert [problem.kind for problem in survey.problems] == [ProblemKind.VOLUME_UNSUPPORTED]


def test_a_layer_that_fans_out_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def many(container: Container, offset: int, _: int) -> Opened:
        media = tuple(Medium(name=f"m{n}", source=Shift(container, offset)) for n in range(12))
        return Opened(words="a layer", media=media)

    row = LayerFormat(
        name="many",
        recognises=lambda container, offset, _: container.read_at(offset, 4) == b"MANY",
        open=many,
    )
    monkeypatch.setattr(layer, "LAYERS", (row,))
    image = tmp_path / "m.raw"
    image.write_bytes(b"MANY" + bytes(2000))
    survey = open_evidence(image).survey()
    assert len(survey.volumes) < 12 * layer.MEDIA_LIMIT
    assert any("media within layers" in problem.detail for problem in survey.problems)


def test_volumes_of_a_table_within_a_layer_get_parts_of_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixtures = Path(__file__).parents[2] / "fixtures" / "images"
    row = LayerFormat(
        name="shift",
        recognises=lambda container, offset, _: container.read_at(offset, 5) == b"SHIFT",
        open=lambda container, _offset, _length: Opened(
            words="a layer", media=(Medium(name="shift", source=Shift(container, 8192)),)
        ),
    )
    monkeypatch.setattr(layer, "LAYERS", (row,))
    image = tmp_path / "g.raw"
    image.write_bytes(b"SHIFT".ljust(8192, b"\0") + (fixtures / "gpt.raw").read_bytes())
    evidence = open_evidence(image)
    found = {volume.key: volume.filesystem for volume in evidence.survey().volumes}
    plain = open_evidence(fixtures / "gpt.raw")
    expected = {f"p0.1.{one.key[1:]}": one.filesystem for one in plain.survey().volumes}
    assert found == {"p0": ""} | expected
    assert digests(evidence, "p0.1.2") == digests(plain, "p2")


def test_lvm_within_luks_on_a_partition_is_reached_through_both(tmp_path: Path) -> None:
    plain = bytes(physical())
    image = tmp_path / "n.raw"
    key = formatted(image, "horse", *FORM, room_bytes=6 * 1024**2)
    container = open_container(image)
    payload = read_header(container, 0, 6 * 1024**2).payload_bytes
    container.close()
    volume = image.read_bytes()[:payload] + encrypted(plain, key, "aes-xts-plain64")
    table = bytearray(1024**2)
    struct.pack_into("<B3xB3xII", table, 446, 0, 0x83, 2048, len(volume) // 512)
    table[510:512] = b"\x55\xaa"
    image.write_bytes(table + volume)
    told("horse")
    evidence = open_evidence(image)
    assert [(one.key, one.layer, one.unlocked) for one in evidence.survey().volumes] == [
        ("p1", "", "password"),
        ("p1.1", "luks", "password"),
        ("p1.1.1", "luks/lvm:fixture:home", "password"),
        ("p1.1.2", "luks/lvm:fixture:data", "password"),
    ]
    handover: Handover = pickle.loads(pickle.dumps(evidence.handover()))  # noqa: S301  (ours)
    assert digests(open_evidence(image, handover), "p1.1.1") == truth()
