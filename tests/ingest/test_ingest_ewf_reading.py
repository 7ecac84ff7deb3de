"""EWF images read byte for byte as their source, as another reader and as their digests say."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyewf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.ingest.container import Container, open_container
from triage.ingest.containers import ewf
from triage.model.evidence import ContainerKind

FIXTURES = Path(__file__).parents[2] / "fixtures"
IMAGES = FIXTURES / "images"
TRUTH = FIXTURES / "truth" / "images.json"
FORMATS = ("ewf", "smart", "ftk", "encase1", "encase2", "encase3", "encase4", "encase5")
LATER_FORMATS = ("encase6", "linen5", "linen6", "ewfx")


def whole(container: Container, step: int = 1 << 20) -> bytes:
    size = container.info.size_bytes
    return b"".join(container.read_at(at, step) for at in range(0, size, step))


def by_pyewf(path: Path) -> bytes:
    handle = pyewf.handle()
    handle.open(pyewf.glob(str(path)))
    size = handle.get_media_size()
    step = 1 << 20
    parts = [handle.read_buffer_at_offset(min(step, size - at), at) for at in range(0, size, step)]
    handle.close()
    return b"".join(parts)


def fixture_images() -> list[str]:
    return sorted(path.name for path in IMAGES.glob("*.E01"))


@pytest.mark.parametrize("name", fixture_images())
def test_fixture_images_have_the_digest_of_their_recipe(name: str) -> None:
    truth = json.loads(TRUTH.read_text())
    container = open_container(IMAGES / name)
    expected = truth[name.removesuffix(".E01")]
    sha1 = hashlib.sha1(whole(container), usedforsecurity=False).hexdigest()
    assert sha1 == expected["media_sha1"]
    assert ("md5", expected["media_md5"]) in container.info.stored_digests
    assert container.damage() == ()


@pytest.mark.parametrize("name", fixture_images()[:3])
def test_fixture_images_read_as_libewf_reads_them(name: str) -> None:
    assert whole(open_container(IMAGES / name)) == by_pyewf(IMAGES / name)


def corpus() -> Path:
    folder = os.environ.get("TRIAGE_CORPUS", "")
    if not folder:
        pytest.skip("TRIAGE_CORPUS is not set: no third-party images to compare with")
    return Path(folder)


@pytest.mark.parametrize(
    "name",
    [
        *("ext2.E01", "ext2.split.E01", "image-split.E01", "imageformat_mmls_1.E01"),
        *("plaso-image.E01", "test.ntfs.dd.E01", "tsk-image.E01", "rand/rand.dd.E01"),
    ],
)
def test_third_party_images_read_as_libewf_reads_them(name: str) -> None:
    path = corpus() / "images" / name
    container = open_container(path)
    data = whole(container)
    assert data == by_pyewf(path)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert dict(container.info.stored_digests)["md5"] == md5
    assert container.damage() == ()


def medium() -> bytes:
    """Random, text and zeros, in no multiple of the chunk size."""
    seeded = random.Random(7)  # noqa: S311  (a repeatable medium, no secret)
    parts = [seeded.randbytes(700_000), b"some text, " * 40_000, bytes(500_000)]
    data = b"".join(parts) + seeded.randbytes(300_000)
    return data[: len(data) // 512 * 512]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "source.raw"
    path.write_bytes(medium())
    return path


def acquire(source: Path, folder: Path, *options: str) -> Path:
    if shutil.which("ewfacquire") is None:
        pytest.skip("ewfacquire is not installed: no images in other formats")
    command = ["ewfacquire", "-u", "-q", "-t", str(folder / "made"), *options, str(source)]
    subprocess.run(command, check=True, capture_output=True)
    return next(path for path in sorted(folder.iterdir()) if path.suffix.lower().endswith("01"))


@pytest.mark.parametrize("kind", [*FORMATS, *LATER_FORMATS])
@pytest.mark.parametrize("level", ["none", "fast"])
def test_every_format_of_libewf_reads_as_its_source(
    source: Path, tmp_path: Path, kind: str, level: str
) -> None:
    path = acquire(source, tmp_path, "-f", kind, "-c", level, "-S", "1MiB")
    container = open_container(path)
    assert container.info.kind is ContainerKind.EWF
    assert whole(container) == source.read_bytes()
    assert len(container.info.segments) == len(list(tmp_path.iterdir()))
    md5 = hashlib.md5(source.read_bytes(), usedforsecurity=False).hexdigest()
    assert dict(container.info.stored_digests)["md5"] == md5
    assert container.damage() == ()


@pytest.mark.parametrize(
    "options", [("-c", "empty-block"), ("-c", "best", "-b", "16"), ("-b", "512")]
)
def test_other_chunk_sizes_and_levels_read_as_their_source(
    source: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    assert whole(open_container(acquire(source, tmp_path, *options))) == source.read_bytes()


def test_acquisition_values_are_given_by_readable_names(source: Path, tmp_path: Path) -> None:
    words = ("-C", "case 7", "-E", "ABC/1", "-e", "Ada", "-N", "a note", "-D", "phone")
    header = dict(open_container(acquire(source, tmp_path, *words)).info.header)
    found = [header[name] for name in ("case_number", "evidence_number", "examiner", "notes")]
    assert found == ["case 7", "ABC/1", "Ada", "a note"]
    assert header["description"] == "phone"
    assert header["acquisition_date"].startswith("20")


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[Container, bytes]]:
    container = ewf.open_ewf(IMAGES / "gpt.E01", cache_bytes=300_000)
    yield container, (IMAGES / "gpt.raw").read_bytes()
    container.close()


@settings(max_examples=150, deadline=None)
@given(start=st.integers(-10, 2_700_000), length=st.integers(-10, 400_000))
def test_any_read_is_the_slice_of_the_medium(
    opened: tuple[Container, bytes], start: int, length: int
) -> None:
    container, data = opened
    first = max(0, start)
    assert container.read_at(start, length) == data[first : first + max(0, length)]


def test_any_segment_and_any_folder_give_the_same_evidence(tmp_path: Path) -> None:
    for path in IMAGES.glob("ext4.E0?"):
        shutil.copy(path, tmp_path / path.name)
    given_first = open_container(IMAGES / "ext4.E01").info
    assert open_container(tmp_path / "ext4.E03").info == given_first


def test_lower_case_extensions_and_names_that_are_not_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9 [red].e01")
    try:
        shutil.copy(IMAGES / "ext2.E01", tmp_path / name)
    except OSError:
        pytest.skip("this file system takes no names that are not UTF-8")
    container = open_container(tmp_path / name)
    assert container.info.name == name
    assert whole(container) == (IMAGES / "ext2.raw").read_bytes()


def test_a_compressed_source_is_the_same_medium() -> None:
    raw = gzip.decompress((IMAGES / "fat32.raw.gz").read_bytes())
    assert whole(open_container(IMAGES / "fat32.E01")) == raw
