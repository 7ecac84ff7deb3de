from __future__ import annotations

import gzip
import hashlib
import json
import pickle
import random
from pathlib import Path

import pytest
from layer_recipe import encrypted, formatted, told

from triage.ingest.container import open_container
from triage.ingest.evidence import Evidence, VolumeError, open_evidence
from triage.ingest.filesystem import ContentError, FileSystem
from triage.ingest.layered import LayeredFileSystem, Medium, Opened
from triage.ingest.layers.vss import ShadowCopy, open_layer, recognises
from triage.ingest.layers.vss_differing import DifferingFileSystem
from triage.ingest.layers.vss_map import BLOCK_BYTES, ShadowMap
from triage.model.entry import EntryKind, FileEntry
from triage.model.problem import ProblemKind
from triage.model.volume import VolumeState

FIXTURES = Path(__file__).parents[2] / "fixtures"
TRUTH: dict[str, dict[str, str]] = json.loads((FIXTURES / "shadows" / "truth.json").read_text())
BEFORE = ("p0.s1", "p0.s2")
AREA = "System Volume Information/area"


@pytest.fixture(scope="module")
def raw() -> bytes:
    return gzip.decompress((FIXTURES / "shadows" / "shadows.raw.gz").read_bytes())


@pytest.fixture
def image(raw: bytes, tmp_path: Path) -> Path:
    (tmp_path / "shadows.raw").write_bytes(raw)
    return tmp_path / "shadows.raw"


def entries(files: FileSystem) -> list[FileEntry]:
    todo, known = list(files.roots()), set[int]()
    found: list[FileEntry] = []
    while todo:
        folder = todo.pop(0)
        if folder.address in known:
            continue
        known.add(folder.address)
        listing = files.list_directory(folder)
        todo.extend(listing.directories)
        found.extend(listing.entries)
    return found


def contents(files: FileSystem) -> dict[str, str]:
    """Give the digest of each file that is none of the file system's own."""
    found = {}
    for entry in entries(files):
        name = entry.ref.path.decode()[1:]
        if entry.kind is EntryKind.FILE and not entry.no_content and not name.startswith("$"):
            body = b"".join(files.read(entry))
            assert files.read_range(entry, 5, 20) == body[5:25]
            found[name] = hashlib.sha256(body).hexdigest()
    return found


def test_a_shadow_copy_lists_what_was_other_than_it_is_now_and_no_more(image: Path) -> None:
    evidence = open_evidence(image)
    now = TRUTH["p0"]
    for key in BEFORE:
        expected = {name: one for name, one in TRUTH[key].items() if now.get(name) != one}
        assert set(TRUTH[key]) - set(expected) == {"kept.bin", "Sub/kept too.txt"}
        assert contents(evidence.filesystem(key)) == expected
    live = contents(evidence.filesystem("p0"))
    live.pop(AREA)
    assert {name: one for name, one in live.items() if name in now} == now


def test_names_of_the_file_system_that_are_as_before_are_left_out(image: Path) -> None:
    for key in BEFORE:
        paths = {entry.ref.path for entry in entries(open_evidence(image).filesystem(key))}
        assert b"/old" in paths
        assert not paths & {b"/Sub", b"/$LogFile", b"/$UpCase", b"/$Volume", b"/$OrphanFiles"}


def test_the_whole_volume_of_before_reads_as_it_was_written(image: Path) -> None:
    evidence = open_evidence(image)
    for key in BEFORE:
        files = evidence.filesystem(key)
        assert isinstance(files, DifferingFileSystem)
        assert isinstance(files._before, LayeredFileSystem)
        whole = contents(files._before)
        whole.pop(AREA)
        assert {name: whole.get(name) for name in TRUTH[key]} == TRUTH[key]


def test_volumes_say_what_they_are(image: Path) -> None:
    survey = open_evidence(image).survey()
    assert [(one.key, one.layer, one.state.value) for one in survey.volumes] == [
        ("p0", "", "opened"),
        ("p0.s1", "vss:1", "opened"),
        ("p0.s2", "vss:2", "opened"),
    ]
    notes = [one for one in survey.problems if one.kind is ProblemKind.SNAPSHOT]
    assert survey.problems == tuple(notes)
    assert [(one.volume, one.detail[:36]) for one in notes] == [
        ("p0.s1", "shadow copy of 2026-01-02 00:00:00 U"),
        ("p0.s2", "shadow copy of 2026-01-03 00:00:00 U"),
    ]


def listed(evidence: Evidence, key: str) -> list[FileEntry]:
    return entries(evidence.filesystem(key))


def test_a_worker_lists_and_reads_the_same(image: Path) -> None:
    first = open_evidence(image)
    other = open_evidence(image, pickle.loads(pickle.dumps(first.handover())))  # noqa: S301  (made here)
    for key in BEFORE:
        assert listed(other, key) == listed(first, key)
        assert contents(other.filesystem(key)) == contents(first.filesystem(key))
        for entry in listed(first, key):
            assert entry.extents == ()
            assert entry.first_block_offset_bytes is None
            assert entry.ref.volume == key


def media(image: Path) -> tuple[Medium, ...]:
    container = open_container(image)
    opened = open_layer(container, 0, container.info.size_bytes)
    return opened.media if isinstance(opened, Opened) else ()


def bytes_of(medium: Medium) -> bytes:
    source = medium.source
    assert source is not None
    try:
        return source.read(0, source.size_bytes)
    except OSError:
        return b""


def test_a_byte_that_is_lost_costs_no_more_than_what_was_told(raw: bytes, image: Path) -> None:
    """The law of a source: what changes below changes nothing outside of ``within``."""
    good = media(image)
    wholes = [bytes_of(medium) for medium in good]
    blocks = ShadowMap(open_container(image), 0, len(raw))
    places = [at for at, _ in blocks.held(blocks.stores) if at >= 0]
    rng = random.Random(3)  # noqa: S311  (seeded: the same in every run)
    chosen = [rng.choice(places) + rng.randrange(BLOCK_BYTES) for _ in range(12)]
    chosen += [rng.randrange(len(raw)) for _ in range(8)]
    chosen += [rng.choice(tuple(blocks.bookkeeping())) + rng.randrange(400) for _ in range(12)]
    hurt_image = image.with_name("hurt.raw")
    moved = 0
    for at in chosen:
        hurt_image.write_bytes(raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :])
        for medium, whole, hurt in zip(good, wholes, media(hurt_image), strict=False):
            source = medium.source
            assert source is not None
            lost = tuple(source.within(at, 1))
            left, other = bytearray(whole), bytearray(bytes_of(hurt))
            moved += other != whole
            for start, length in lost:
                left[start : start + length] = bytes(length)
                if other:
                    other[start : start + length] = bytes(length)
            assert not other or other == left or (0, source.size_bytes) in lost
    assert moved > 10


def test_hurt_stores_are_named_and_let_no_exception_out(raw: bytes, image: Path) -> None:
    blocks = ShadowMap(open_container(image), 0, len(raw))
    kept = tuple(blocks.bookkeeping())
    rng = random.Random(11)  # noqa: S311  (seeded: the same in every run)
    for _ in range(12):
        body = bytearray(raw)
        for _ in range(3):
            body[rng.choice(kept) + rng.randrange(600)] ^= 1 << rng.randrange(8)
        image.write_bytes(body)
        evidence = open_evidence(image)
        survey = evidence.survey()
        assert survey.volumes[0].state is VolumeState.OPENED
        for volume in survey.volumes[1:]:
            if volume.state is not VolumeState.OPENED:
                assert volume.reason
                continue
            try:
                found = listed(evidence, volume.key)
            except VolumeError:
                continue
            for entry in found:
                try:
                    size = 0 if entry.no_content else sum(map(len, evidence_read(evidence, entry)))
                except ContentError:
                    continue
                assert entry.no_content or size == entry.size_bytes
        assert len(survey.volumes) == 3 or survey.problems or not recognised(image)


def evidence_read(evidence: Evidence, entry: FileEntry) -> list[bytes]:
    return list(evidence.filesystem(entry.ref.volume).read(entry))


def recognised(image: Path) -> bool:
    container = open_container(image)
    return recognises(container, 0, container.info.size_bytes)


def test_a_chain_that_leads_in_a_circle_ends(raw: bytes, image: Path) -> None:
    blocks = ShadowMap(open_container(image), 0, len(raw))
    for store in blocks.stores.values():
        body = bytearray(raw)
        body[store.lists + 40 : store.lists + 48] = store.lists.to_bytes(8, "little")
        image.write_bytes(body)
        anew = ShadowMap(open_container(image), 0, len(raw))
        assert list(anew.held(anew.stores)) == list(blocks.held(blocks.stores))


def test_a_volume_without_copies_has_no_such_layer(raw: bytes, image: Path) -> None:
    plain = open_container(FIXTURES / "images" / "ntfs.raw")
    assert not recognises(plain, 0, plain.info.size_bytes)
    image.write_bytes(raw[: 0x1E00 + 48] + bytes(8) + raw[0x1E00 + 56 :])
    assert not recognised(image)
    assert [volume.key for volume in open_evidence(image).survey().volumes] == ["p0"]


def test_differences_are_sought_only_where_stores_hold_something(raw: bytes, image: Path) -> None:
    for medium in media(image):
        source = medium.source
        assert isinstance(source, ShadowCopy)
        before = bytes_of(medium)
        for block in range(0, len(raw), BLOCK_BYTES):
            here = slice(block, block + BLOCK_BYTES)
            assert source.differs(((block, BLOCK_BYTES),)) == (before[here] != raw[here])


def test_copies_on_an_encrypted_volume_are_compared_within_it(raw: bytes, tmp_path: Path) -> None:
    locked = tmp_path / "locked.raw"
    form = ("--type", "luks1", "--cipher", "aes-xts-plain64", "--key-size", "512",
            "--pbkdf-force-iterations", "1000")  # fmt: skip
    key = formatted(locked, "word", *form, room_bytes=8 << 20)
    with locked.open("r+b") as out:
        out.seek(104)
        start = int.from_bytes(out.read(4), "big") * 512  # payload offset of the LUKS 1 header
        out.seek(start)
        out.write(encrypted(raw, key, "aes-xts-plain64"))
        out.truncate(start + len(raw))
    told("word")
    try:
        evidence = open_evidence(locked)
        keys = [one.key for one in evidence.survey().volumes if one.filesystem]
        layers = [one.layer for one in evidence.survey().volumes if one.filesystem]
        assert layers == ["luks", "luks/vss:1", "luks/vss:2"]
        for key_here, key_bare in zip(keys[1:], BEFORE, strict=True):
            now = TRUTH["p0"]
            assert contents(evidence.filesystem(key_here)) == {
                name: one for name, one in TRUTH[key_bare].items() if now.get(name) != one
            }
    finally:
        told()
