"""What every container promises, held against every row of the registry."""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from ewf2_recipe import segments
from ewf2_recipe import write as write2
from ewf_law import assert_nothing_invented, covered, whole
from hypothesis import given
from hypothesis import strategies as st
from virtual_disks import FIXTURES, FORMS, copied, medium, stored, unpacked

from triage.errors import EvidenceError
from triage.ingest.container import CONTAINERS, Container, open_container
from triage.model.evidence import ContainerKind

PATTERN = bytes(range(256)) * 300
IMAGES = FIXTURES / "images"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One image of a kind, made anew in a folder, and the bytes that it must show."""

    kind: ContainerKind
    make: Callable[[Path], Path]
    good: Callable[[], bytes]
    unsummed: bool = True
    """Nothing in it is protected by a checksum that its content has to pass."""


def _form(name: str) -> Sample:
    return Sample(
        kind=ContainerKind(FORMS[name]["kind"]),
        make=partial(unpacked, name),
        good=medium,
    )


def _split(folder: Path) -> Path:
    for number in (3, 2, 1):
        path = copied(f"gpt-split.00{number}", folder)
    return path


SAMPLES = {
    **{name: _form(name) for name in sorted(FORMS)},
    "ext2.E01": Sample(
        kind=ContainerKind.EWF,
        make=partial(copied, "ext2.E01"),
        good=(IMAGES / "ext2.raw").read_bytes,
        unsummed=False,
    ),
    "pattern.Ex01": Sample(
        kind=ContainerKind.EWF2,
        make=lambda folder: write2(folder, segments(PATTERN)),
        good=partial(bytes, PATTERN),
        unsummed=False,
    ),
    "gpt-split.001": Sample(
        kind=ContainerKind.SPLIT_RAW,
        make=_split,
        good=(IMAGES / "gpt.raw").read_bytes,
    ),
    "ext2.raw": Sample(
        kind=ContainerKind.RAW,
        make=partial(copied, "ext2.raw"),
        good=(IMAGES / "ext2.raw").read_bytes,
    ),
}
EVERY = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


def test_every_kind_of_the_registry_has_a_sample() -> None:
    kinds = {kind for row in CONTAINERS for kind in row.kinds}
    assert {sample.kind for sample in SAMPLES.values()} == kinds
    names = [row.name for row in CONTAINERS]
    assert len(set(names)) == len(names)
    assert names[-1] == "raw", "what takes everything is asked last"


@EVERY
def test_it_shows_the_medium(sample: Sample, tmp_path: Path) -> None:
    good = sample.good()
    container = open_container(sample.make(tmp_path))
    assert container.info.kind is sample.kind
    assert container.info.size_bytes == len(good)
    assert hashlib.sha256(whole(container)).digest() == hashlib.sha256(good).digest()
    assert container.damage() == container.info.damage == ()
    assert container.gone() == ""


@EVERY
def test_the_order_of_reading_does_not_matter(sample: Sample, tmp_path: Path) -> None:
    good, rng = sample.good(), random.Random(7)  # noqa: S311  (repeatable)
    container = open_container(sample.make(tmp_path))
    for _ in range(150):
        offset = rng.randrange(len(good))
        length = rng.choice((0, 1, 511, 512, 4_096, 70_001, 400_000))
        read = rng.choice((container.read_at, container.read_content))
        assert read(offset, length) == good[offset : offset + length]


@EVERY
def test_beyond_the_end_there_is_nothing(sample: Sample, tmp_path: Path) -> None:
    good = sample.good()
    container = open_container(sample.make(tmp_path))
    for read in (container.read_at, container.read_content):
        assert read(len(good), 1) == b""
        assert read(len(good) + 10_000_000_000, 512) == b""
        assert read(len(good) - 3, 4_096) == good[-3:]
        assert read(0, 0) == read(0, -5) == b""


def _told(path: Path, known: bytes, out: multiprocessing.Queue[tuple[str, str, str]]) -> None:
    """Open by the handover in a process that knows nothing else."""
    container = open_container(path, pickle.loads(known))  # noqa: S301  (made by the test)
    digest = hashlib.sha256(whole(container)).hexdigest()
    out.put((path.name, container.info.key, digest))


def test_another_process_goes_on_by_the_handover(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    out: multiprocessing.Queue[tuple[str, str, str]] = context.Queue()
    wanted: dict[str, tuple[str, str]] = {}
    for name, sample in SAMPLES.items():
        folder = tmp_path / name
        folder.mkdir()
        path = sample.make(folder)
        first = open_container(path)
        known = first.handover()
        assert known is not None
        assert known.fits(path)
        wanted[path.name] = (first.info.key, hashlib.sha256(sample.good()).hexdigest())
        child = context.Process(target=_told, args=(path, pickle.dumps(known), out))
        child.start()
        told, key, digest = out.get(timeout=60)
        child.join()
        assert (key, digest) == wanted[told]


@EVERY
def test_what_is_cut_off_is_zero_and_named(sample: Sample, tmp_path: Path) -> None:
    path, good = sample.make(tmp_path), sample.good()
    body = path.read_bytes()
    for part in (1, 2, 3):
        path.write_bytes(body[: len(body) * part // 4])
        container = opened_or_refused(path)
        if container is None:
            continue
        if container.info.kind is ContainerKind.RAW or container.info.size_bytes != len(good):
            continue  # what says how large the disk was lay in the part that is gone
        data = whole(container)
        _each_byte_is_right_or_named(data, good, covered(container.damage(), len(good)))


def _each_byte_is_right_or_named(data: bytes, good: bytes, mask: bytes) -> None:
    for at in range(0, len(good), 512):
        part = slice(at, at + 512)
        if data[part] != good[part]:
            rows = zip(data[part], good[part], mask[part], strict=True)
            assert all(byte == right or (lost and not byte) for byte, right, lost in rows)


@EVERY
def test_a_flipped_bit_ends_in_a_medium_or_in_words(sample: Sample, tmp_path: Path) -> None:
    path, rng = sample.make(tmp_path), random.Random(11)  # noqa: S311  (repeatable)
    body, good = bytearray(path.read_bytes()), sample.good()
    places = [rng.randrange(min(len(body), 1_500)) for _ in range(5)]
    places += [rng.randrange(len(body)) for _ in range(5)]
    for place in places:
        body[place] ^= 1 << rng.randrange(8)
        path.write_bytes(body)
        _law_of_hurt(path, good, sample)


def _law_of_hurt(path: Path, good: bytes, sample: Sample) -> None:
    try:
        container = open_container(path)
    except EvidenceError:
        return
    reach = min(container.info.size_bytes, 4 * len(good))
    once = container.read_at(0, reach)
    other = open_container(path)
    pieces = [other.read_content(at, 50_001) for at in range(0, reach, 50_001)]
    assert b"".join(pieces)[:reach] == once
    assert len(once) == reach
    if not sample.unsummed and reach == len(good):
        assert_nothing_invented(container, good)


@EVERY
def test_an_empty_file_and_a_bare_head_are_told(sample: Sample, tmp_path: Path) -> None:
    path = sample.make(tmp_path)
    head = path.read_bytes()[:64]
    for sibling in tmp_path.iterdir():
        sibling.unlink()
    path.write_bytes(b"")
    with pytest.raises(EvidenceError):
        open_container(path)
    path.write_bytes(head)
    container = opened_or_refused(path)
    if container is not None:
        whole_or_named(container)


def opened_or_refused(path: Path) -> Container | None:
    """Open what may be too much hurt for it; what is said then names the file."""
    caught: list[EvidenceError] = []
    try:
        return open_container(path)
    except EvidenceError as error:
        caught.append(error)
    assert path.name in str(caught[0])
    return None


def whole_or_named(container: Container) -> None:
    data = container.read_at(0, 1 << 20)
    mask = covered(container.damage(), max(len(data), 1))
    assert container.info.kind is ContainerKind.RAW or 1 in mask


@EVERY
def test_closing_twice_is_no_fault(sample: Sample, tmp_path: Path) -> None:
    container = open_container(sample.make(tmp_path))
    container.close()
    container.close()


@given(st.binary(max_size=3_000), st.sampled_from(sorted(FORMS)))
def test_no_bytes_behind_a_mark_bring_it_down(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("made") / name
    path.write_bytes(stored(name)[:76] + body)
    try:
        container = open_container(path)
    except EvidenceError:
        return
    container.read_at(0, 1 << 20)
    container.read_at(max(0, container.info.size_bytes - 512), 512)
    container.close()
