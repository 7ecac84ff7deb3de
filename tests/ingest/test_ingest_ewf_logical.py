"""Logical evidence of EnCase: listed as libewf lists it, read with each chunk checked."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pyewf
import pytest
from ewf_logical_recipe import WHEN, Leaf, Recipe, Tree, l01, lx01
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import EvidenceError
from triage.ingest.container import open_container
from triage.ingest.filesystem import FileSystem
from triage.ingest.logicals.ewf_logical import (
    EwfLogicalFiles,
    EwfLogicalSource,
    open_logical_evidence,
    recognises,
)
from triage.ingest.logicals.ewf_tree_text import TreeText
from triage.ingest.reading import ContentError
from triage.model.entry import Allocation, EntryKind, FileEntry
from triage.model.evidence import ContainerKind, DamageKind
from triage.model.outcome import FailReason

NOISE = random.Random(5).randbytes(150_000)  # noqa: S311  (repeatable)
NO_DIGEST: dict[str, object] = {"ha": "", "sha": ""}
PLAIN: Tree = {
    "C": {
        "Users": {"a.txt": b"hello" * 20_000, "empty.txt": b"", "b\u00e9 \ud800.jpg": b"xyz"},
        "x": {},
        "[red]=cmd()\x1b.bin": NOISE,
    },
    "last.bin": b"tail",
}


def opened(folder: Path, body: bytes, name: str = "made.L01") -> EwfLogicalSource:
    path = folder / name
    path.write_bytes(body)
    assert recognises(path, body[:64])
    return open_logical_evidence(path, None)


def walked(files: FileSystem) -> Iterator[FileEntry]:
    todo = list(files.roots())
    while todo:
        listing = files.list_directory(todo.pop(0))
        assert listing.problems == ()
        todo += listing.directories
        yield from listing.entries


def by_path(source: EwfLogicalSource) -> dict[bytes, FileEntry]:
    return {entry.ref.path + entry.ref.stream: entry for entry in walked(source.filesystem("p0"))}


def flat(tree: Tree, above: bytes = b"") -> Iterator[tuple[bytes, bytes | None]]:
    for name, what in tree.items():
        path = above + b"/" + name.encode("utf-8", "surrogatepass")
        if isinstance(what, bytes):
            yield path, what
        elif not isinstance(what, Leaf):
            yield path, None
            yield from flat(what, path)


@pytest.mark.parametrize(("make", "name"), [(l01, "made.L01"), (lx01, "made.Lx01")])
def test_every_entry_of_the_recipe_is_there(
    tmp_path: Path, make: Callable[[Tree], bytes], name: str
) -> None:
    source = opened(tmp_path, make(PLAIN), name)
    assert source.info.kind is ContainerKind.EWF_LOGICAL
    survey = source.survey()
    assert survey.problems == ()
    found = by_path(source)
    files = source.filesystem(survey.volumes[0].key)
    truth = dict(flat(PLAIN))
    assert found.keys() == truth.keys()
    for path, content in truth.items():
        entry = found[path]
        if content is None:
            assert (entry.kind, entry.no_content) == (EntryKind.DIRECTORY, "directory")
        elif content:
            assert b"".join(files.read(entry)) == content
            assert files.read_range(entry, 1, 2) == content[1:3]
            assert files.touches_damage(entry) == ()
            assert entry.times.modified_ns == (WHEN + 1) * 10**9
        else:
            assert entry.no_content == "empty"
    assert source.damage() == ()
    assert source.gone() == ""
    source.close()


@pytest.mark.parametrize(("make", "name"), [(l01, "made.L01"), (lx01, "made.Lx01")])
def test_libewf_lists_and_reads_the_same(
    tmp_path: Path, make: Callable[[Tree], bytes], name: str
) -> None:
    tree: Tree = {"C": {"a.txt": b"hello" * 20_000, "x": {"deep": NOISE}}, "last.bin": b"tail"}
    source = opened(tmp_path, make(tree), name)
    handle = pyewf.handle()
    handle.open([str(tmp_path / name)])
    found: dict[bytes, bytes] = {}

    def gone_through(entry: pyewf.file_entry, above: bytes) -> None:
        for number in range(entry.get_number_of_sub_file_entries()):
            one = entry.get_sub_file_entry(number)
            path = above + b"/" + (one.get_name() or "").encode()
            size = one.get_size()
            if size:
                found[path] = one.read_buffer_at_offset(size, 0)
            gone_through(one, path)

    gone_through(handle.get_root_file_entry(), b"")
    files = source.filesystem("p0")
    ours = {
        path: b"".join(files.read(entry))
        for path, entry in by_path(source).items()
        if not entry.no_content
    }
    assert ours == found
    assert len(found) == 3


def test_a_damaged_chunk_costs_the_files_on_it_alone(tmp_path: Path) -> None:
    tree: Tree = {"first": NOISE, "second": b"z" * 100_000, "third": b"end"}
    body = bytearray(l01(tree))
    body[400 + 40_000] ^= 1
    source = opened(tmp_path, bytes(body))
    files, found = source.filesystem("p0"), by_path(source)
    assert b"".join(files.read(found[b"/second"])) == b"z" * 100_000
    assert files.touches_damage(found[b"/second"]) == ()
    list(files.read(found[b"/first"]))
    kinds = {hurt.kind for hurt in files.touches_damage(found[b"/first"])}
    assert kinds & {DamageKind.CHUNK_CHECKSUM, DamageKind.CHUNK_UNREADABLE}
    assert source.damage()


def test_a_content_that_differs_from_its_stored_digest_is_marked(tmp_path: Path) -> None:
    said = {"ha": "0" * 31 + "1", "sha": "0" * 40}
    source = opened(tmp_path, l01({"a": Leaf(stored=b"abc", says=said), "b": b"def"}))
    files, found = source.filesystem("p0"), by_path(source)
    assert b"".join(files.read(found[b"/a"])) == b"abc"
    assert b"".join(files.read(found[b"/b"])) == b"def"
    (hurt,) = files.touches_damage(found[b"/a"])
    assert hurt.kind is DamageKind.ACQUISITION_ERROR
    assert files.touches_damage(found[b"/b"]) == ()


def test_what_an_entry_says_of_itself(tmp_path: Path) -> None:
    tree: Tree = {
        "gone": Leaf(stored=b"abc", says={"opr": 0x88}),
        "file\u00b7zone": Leaf(stored=b"abc", says={"opr": 0x2000}),
        "a\u00b7b": b"abc",
        "holes": Leaf(
            stored=b"\x07", says={"opr": 0x04000000, "ls": 1_000_000, "ha": "", "sha": ""}
        ),
        "listed": Leaf(stored=b"abc", says={"be": "1"}),
        "short": Leaf(stored=b"abc", says=NO_DIGEST | {"ls": 10}),
        "vast": Leaf(stored=b"\x07", says={"opr": 0x04000000, "ls": 1 << 50}),
        "dated": Leaf(stored=b"abc", says={"wr": "", "cr": "nonsense"}),
    }
    source = opened(tmp_path, l01(tree))
    files, found = source.filesystem("p0"), by_path(source)
    assert found[b"/gone"].allocation is Allocation.DELETED
    assert found[b"/filezone"].ref.stream == b"zone"
    assert found["/a\u00b7b".encode()].ref.stream == b""
    assert b"".join(files.read(found[b"/holes"])) == b"\x07" * 1_000_000
    assert found[b"/listed"].no_content == "out-of-scope"
    assert found[b"/vast"].no_content == "implausible-size"
    assert found[b"/dated"].times.modified_ns is None
    assert found[b"/dated"].times.created_ns is None
    with pytest.raises(ContentError) as caught:
        list(files.read(found[b"/short"]))
    assert caught.value.reason is FailReason.SHORT_READ


def test_a_list_that_is_hurt_is_told_and_read_as_far_as_it_goes(tmp_path: Path) -> None:
    body = bytearray(l01(PLAIN))
    name = "last.bin".encode("utf-16-le")
    at = body.index(name)
    body[at : at + 2] = "L".encode("utf-16-le")
    source = opened(tmp_path, bytes(body))
    assert [problem.detail for problem in source.survey().problems] == [
        "the list of files fails its checksum"
    ]
    assert b"/Last.bin" in by_path(source)


def test_a_set_without_its_last_segment_is_refused_in_words(tmp_path: Path) -> None:
    body = l01(PLAIN)
    for part in (1, 2, 3):
        path = tmp_path / "cut.L01"
        path.write_bytes(body[: len(body) * part // 4])
        try:
            source = open_logical_evidence(path, None)
        except EvidenceError as error:
            caught = error
        else:
            assert source.survey().problems or source.damage()
            continue
        assert "cut.L01" in str(caught)
    (tmp_path / "head.L01").write_bytes(body[:300])
    with pytest.raises(EvidenceError, match="the list of its files is missing"):
        open_logical_evidence(tmp_path / "head.L01", None)


def test_as_a_medium_it_is_refused_by_name(tmp_path: Path) -> None:
    opened(tmp_path, l01(PLAIN))
    with pytest.raises(EvidenceError, match="logical evidence") as caught:
        open_container(tmp_path / "made.L01")
    assert caught.value.hint


@given(st.integers(0, 2_000), st.text(alphabet="\t\n019a\x00-", max_size=12))
def test_no_list_brings_it_down(at: int, put: str) -> None:
    text = Recipe({"C": {"a": b"abc", "b": {"c": b"d"}}, "e": b""}).text.decode("utf-16-le")
    hurt = text[:at] + put + text[at + len(put) :]
    tree = TreeText(hurt.encode("utf-16-le"))
    seen: list[int] = []
    todo = [0]
    while todo:
        for number in tree.below(todo.pop()):
            row = tree.row(number)
            assert row.size_bytes >= 0
            assert row.extent is None or row.extent[1] >= 0
            seen.append(number)
            todo.append(number)
    assert sorted(seen) == list(range(1, len(tree) + 1)), "each entry is listed once"


def test_the_readers_of_two_processes_agree(tmp_path: Path) -> None:
    first = opened(tmp_path, l01(PLAIN))
    other = open_logical_evidence(tmp_path / "made.L01", first.facts())
    assert list(walked(first.filesystem("p0"))) == list(walked(other.filesystem("p0")))
    assert isinstance(other.filesystem("p0"), EwfLogicalFiles)
