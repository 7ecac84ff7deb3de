"""Exact columns on the disk: the same however records come, and found as by a linear scan."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triage.errors import HashSetError
from triage.matching import columns, layout
from triage.matching.batch import DigestBatch
from triage.matching.building import PackBuilder
from triage.matching.column import Column, column_path
from triage.matching.index import Rows, prefixes_of
from triage.matching.indexes import ExactIndex, LinearEqual, exact
from triage.matching.indexes.blockfilter import filter_blocks, marks_of, places_of, upper_of
from triage.matching.indexes.keys import Keys, SortedKeys
from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm
from triage.model.hashset import ReferenceRecord

MD5, SHA1, SHA256 = Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256


def digests(count: int, width: int, seed: str = "") -> Rows:
    stream = hashlib.shake_256(f"{seed} {width}".encode()).digest(count * width)
    return np.frombuffer(stream, np.uint8).reshape(count, width)


def records_of(batch: DigestBatch) -> list[ReferenceRecord]:
    """Spell a batch out, one value a record."""
    given = []
    for number in range(batch.count):
        size = -1 if batch.sizes is None else int(batch.sizes[number])
        code = -1 if batch.codes is None else int(batch.codes[number])
        held = {str(name): rows[number].tobytes() for name, rows in batch.digests.items()}
        given.append(
            ReferenceRecord(
                md5=held.get("md5"),
                sha1=held.get("sha1"),
                sha256=held.get("sha256"),
                size_bytes=None if size < 0 else size,
                code=None if code < 0 else batch.code_words[code],
            )
        )
    return given


def some_batches(seed: int) -> list[DigestBatch]:
    """Batches of other kinds of digest each, with and without sizes and codes."""
    choose = random.Random(seed)  # noqa: S311  (seeded test data)
    made = []
    for number in range(choose.randrange(1, 8)):
        count = choose.randrange(0, 40)
        kinds = choose.sample([MD5, SHA1, SHA256], choose.randrange(1, 4))
        sizes = np.array([choose.choice([-1, 0, 7, 2**40]) for _ in range(count)], np.int64)
        words = ("b", "", "a")
        codes = np.array([choose.randrange(-1, 3) for _ in range(count)], np.int32)
        made.append(
            DigestBatch(
                count=count,
                digests={
                    kind: digests(count, DIGEST_SIZE_BYTES[kind], f"{seed} {number}")
                    for kind in kinds
                },
                sizes=choose.choice([None, sizes]),
                codes=choose.choice([None, codes]),
                code_words=words,
            )
        )
    return made


def built(folder: Path, fill: Callable[[PackBuilder], None]) -> dict[str, bytes]:
    folder.mkdir()
    builder = PackBuilder(folder, run_rows=50)
    fill(builder)
    rows = builder.finish()
    builder.close()
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert [file.name for file in builder.files] == sorted(files)
    for file in builder.files:
        raw = files[file.name]
        assert (file.size_bytes, file.sha256) == (len(raw), hashlib.sha256(raw).hexdigest())
        assert file.tail_sha256 == raw[-32:].hex()
    return {**files, "rows": repr((rows, builder.count, builder.with_size)).encode()}


@pytest.mark.parametrize("seed", range(12))
def test_batches_give_the_same_bytes_as_their_records(tmp_path: Path, seed: int) -> None:
    batches = some_batches(seed)

    def by_batch(builder: PackBuilder) -> None:
        for batch in batches:
            builder.add_batch(batch)

    def by_record(builder: PackBuilder) -> None:
        for batch in batches:
            builder.add(records_of(batch))

    def mixed(builder: PackBuilder) -> None:
        for number, batch in enumerate(batches):
            if number % 2:
                builder.add_batch(batch)
            else:
                builder.add(records_of(batch))

    made = [
        built(tmp_path / name, fill)
        for name, fill in (("batches", by_batch), ("records", by_record), ("mixed", mixed))
    ]
    assert made[0] == made[1] == made[2]


def test_long_columns_are_written_as_short_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is owed, and all gaps, go through blocks of columns: their size does not matter."""

    def fill(builder: PackBuilder) -> None:
        builder.add_batch(DigestBatch(count=200, digests={SHA1: digests(200, 20)}))
        builder.add([ReferenceRecord(md5=bytes(15) + b"\1", code="x", size_bytes=1)])
        builder.add_batch(DigestBatch(count=99, digests={MD5: digests(99, 16)}))

    made = [built(tmp_path / "whole", fill)]
    for block in (1, 7):
        monkeypatch.setattr(columns, "_BLOCK", block)
        made.append(built(tmp_path / str(block), fill))
    assert made[0] == made[1] == made[2]


def test_a_batch_of_another_shape_is_refused(tmp_path: Path) -> None:
    builder = PackBuilder(tmp_path)
    for rows in (digests(3, 16), digests(2, 20)):
        with pytest.raises(HashSetError, match="a batch of 3 records has other sha1 digests"):
            builder.add_batch(DigestBatch(count=3, digests={SHA1: rows}))
    builder.close()


def uneven(width: int) -> Rows:
    """Digests that crowd in few buckets, some at both ends, some often."""
    rows = digests(400, width).copy()
    rows[:150, :6] = 0
    rows[150:200, :8] = 255
    rows[200:230] = rows[200]
    rows[230:260, :8] = rows[230, :8]
    rows[260] = 0
    rows[261] = 255
    return rows


@pytest.mark.parametrize("width", [16, 20, 32])
@pytest.mark.parametrize("steps", [(0, 0), (2, 1), (1, 12)])
def test_crowded_buckets_give_what_a_linear_scan_gives(
    width: int, steps: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in zip(("_STEPS", "_MORE_STEPS"), steps, strict=True):
        monkeypatch.setattr(exact, name, value)
    known = uneven(width)
    near = known.copy()
    near[:, -1] ^= 1
    asked = np.concatenate([known, near, digests(50, width, "other")])
    expected = LinearEqual(known).find(asked)
    index = ExactIndex.of(known)
    assert [part.tolist() for part in index.find(asked)] == [part.tolist() for part in expected]
    met = np.zeros(len(asked), bool)
    met[expected[0]] = True
    assert index.met(Keys(asked)).tolist() == met.tolist()


@pytest.mark.parametrize("width", [16, 20, 32])
def test_columns_on_the_disk_are_those_of_a_table_in_memory(tmp_path: Path, width: int) -> None:
    kind = next(name for name in (MD5, SHA1, SHA256) if DIGEST_SIZE_BYTES[name] == width)
    known = uneven(width)
    builder = PackBuilder(tmp_path, run_rows=64)
    for start in range(0, 400, 90):
        part = known[start : start + 90]
        builder.add_batch(DigestBatch(count=len(part), digests={kind: part}))
    builder.finish()
    builder.close()
    expected = SortedKeys.of(known)
    names: dict[str, NDArray[Any]] = {
        layout.prefixes_name(kind): expected.prefixes,
        layout.rows_name(kind): expected.rows,
        layout.buckets_name(kind): expected.buckets,
        layout.filter_name(kind): expected.blocks,
    }
    repeats = prefixes_of(known)
    again = np.array([len(repeats) - len(np.unique(repeats))], "<u8")
    assert expected.repeats
    names[layout.repeats_name(kind)] = again
    assert {path.stem for path in tmp_path.iterdir()} == set(names)
    for name, array in names.items():
        with Column(column_path(tmp_path, name)) as column:
            assert column.array.tobytes() == array.tobytes(), name


def test_as_many_pairs_as_queries_are_not_one_for_each() -> None:
    known = np.repeat(digests(2, 16), 2, axis=0)
    asked = np.stack([known[0], *digests(2, 16, "other"), known[2]])
    query, record = ExactIndex.of(known).find(asked)
    assert (query.tolist(), record.tolist()) == ([0, 0, 3, 3], [0, 1, 2, 3])


def test_prefixes_that_repeat_are_counted_and_none_that_do_not(tmp_path: Path) -> None:
    builder = PackBuilder(tmp_path, run_rows=64)
    builder.add_batch(DigestBatch(count=300, digests={SHA1: digests(300, 20)}))
    builder.finish()
    builder.close()
    assert not column_path(tmp_path, layout.repeats_name(SHA1)).exists()
    assert not SortedKeys.of(digests(300, 20)).repeats


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_filter_is_skipped_only_where_it_would_say_nothing(share: float) -> None:
    known, others = digests(3_000, 16), digests(3_000, 16, "other")
    choose = np.random.default_rng(1)
    wanted = choose.random(3_000) < share
    asked = np.where(wanted[:, None], known, others)
    query, record = ExactIndex.of(known).find(asked)
    assert query.tolist() == record.tolist() == np.flatnonzero(wanted).tolist()


def test_the_filter_is_as_documented_and_denies_most_others() -> None:
    known = digests(5_000, 20)
    table = SortedKeys.of(known)
    blocks = [0] * filter_blocks(len(known))
    for row in known:
        prefix = int.from_bytes(row[:8].tobytes(), "big")
        first, step = prefix & 63, prefix >> 6 & 63 | 1
        place = (prefix >> 32) * len(blocks) >> 32
        for number in range(3):
            blocks[place] |= 1 << (first + number * step) % 64
    assert table.blocks.tolist() == blocks
    others = prefixes_of(digests(20_000, 20, "other"))
    marks = marks_of(others)
    passing = table.blocks[places_of(upper_of(others), len(blocks))] & marks == marks
    assert np.count_nonzero(passing) < 0.06 * len(others)
