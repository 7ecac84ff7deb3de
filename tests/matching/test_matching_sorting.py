"""Digests come out sorted, and a pack is the same however its records came."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from matching_pack_samples import MANY

from triage.matching.building import PackBuilder
from triage.matching.sorting import DigestSorter
from triage.model.hashset import ReferenceRecord


def records(count: int) -> Iterator[ReferenceRecord]:
    """Some digests come often, some records lack one, and prefixes collide."""
    choose = random.Random(count)  # noqa: S311  (seeded test data)
    for number in range(count):
        md5 = choose.choice(MANY[:20]) if number % 3 else bytes(8) + choose.randbytes(8)
        yield ReferenceRecord(
            md5=md5 if number % 5 else None,
            sha1=choose.randbytes(20),
            code=choose.choice([None, "", "1"]),
            series=f"series {number % 7}",
        )


def test_a_pack_is_the_same_however_it_is_batched_and_counts_distinct_digests(
    tmp_path: Path,
) -> None:
    everything = list(records(500))
    made = []
    for batch in (500, 1, 33):
        folder = tmp_path / str(batch)
        folder.mkdir()
        builder = PackBuilder(folder, run_rows=10_000)
        for start in range(0, len(everything), batch):
            builder.add(everything[start : start + batch])
        rows = dict(builder.finish())
        builder.close()
        assert rows == {
            "md5": len({record.md5 for record in everything} - {None}),
            "sha1": len({record.sha1 for record in everything}),
        }
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1] == made[2]


@pytest.mark.parametrize("run_rows", [1, 7, 100])
def test_spilled_runs_come_out_as_one_sound_pack(tmp_path: Path, run_rows: int) -> None:
    everything = list(records(300))
    builder = PackBuilder(tmp_path, run_rows=run_rows)
    for start in range(0, 300, 11):
        builder.add(everything[start : start + 11])
    rows = dict(builder.finish())
    builder.close()
    assert rows["md5"] == len({record.md5 for record in everything} - {None})
    assert not list(tmp_path.glob("*.run*"))


def alike(kind: str, width: int) -> bytes:
    """Digests of which all, most or none share their bytes, 3,000 of them."""
    stream = hashlib.shake_256(b"sorted").digest(width * 3_000)
    rows = np.frombuffer(stream, np.uint8).reshape(-1, width).copy()
    if kind == "equal":
        rows[:] = rows[0]
    elif kind == "ends":
        rows[:, :-1] = rows[0, :-1]
    elif kind == "few":
        rows[:, 3:] = rows[0, 3:]
        rows[:, :3] &= 1
    elif kind == "one apart":
        rows[1:] = rows[1]
    return rows.tobytes()


@pytest.mark.parametrize("kind", ["equal", "ends", "few", "one apart", "random"])
@pytest.mark.parametrize("width", [8, 16, 20, 32])
@pytest.mark.parametrize(("run_rows", "part_rows"), [(10_000, 10_000), (500, 10_000), (700, 50)])
def test_digests_come_out_in_order_and_equal_ones_as_they_came(
    tmp_path: Path, kind: str, width: int, run_rows: int, part_rows: int
) -> None:
    raw = alike(kind, width)
    digests = [raw[start : start + width] for start in range(0, len(raw), width)]
    sorter = DigestSorter(tmp_path, "x", width, run_rows=run_rows, part_rows=part_rows)
    whole = np.frombuffer(raw, np.uint8).reshape(-1, width)
    for start in range(0, len(whole), 333):
        part = whole[start : start + 333]
        sorter.add(part, np.arange(start, start + len(part), dtype=np.uint32))
    told: list[int] = []
    found = [
        (row.tobytes(), int(number))
        for rows, numbers in sorter.blocks(told.append)
        for row, number in zip(rows, numbers, strict=True)
    ]
    assert found == sorted(zip(digests, range(3_000), strict=True))
    assert told[-1] == 3_000
    assert not list(tmp_path.iterdir())
