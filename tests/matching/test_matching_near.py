"""The index that a pack stores gives what a scan of all its records gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triage.errors import HashSetError
from triage.matching import layout, packproof, visual
from triage.matching.column import Column, ColumnWriter, column_path
from triage.matching.eligible import PDQ_MIN_QUALITY, RADIUS_BITS
from triage.matching.index import Numbers, Rows
from triage.matching.indexes import SCAN_ROWS, BandRadius, ChosenScan, LinearRadius, bandsearch
from triage.matching.library import PackLibrary
from triage.matching.near import Near, near_of, near_problem
from triage.matching.nearchoice import Listed
from triage.matching.nearcolumns import near_name, write_near
from triage.model.digest import Algorithm, Pdq, PdqRecipe, PictureHashes
from triage.model.hashset import Polarity

ALGORITHMS = (Algorithm.PDQ, Algorithm.PHASH)
by_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)
GOOD = layout.QUALITY_UNKNOWN << layout.QUALITY_SHIFT | 1 << layout.RECIPE_SHIFT
POOR = (PDQ_MIN_QUALITY - 1) << layout.QUALITY_SHIFT | 1 << layout.RECIPE_SHIFT

Opener = Callable[[str, str | None], NDArray[Any] | None]


def sample(algorithm: Algorithm, count: int, *, poor: bool = True) -> tuple[Listed, Numbers]:
    """Give families of near copies with repeated digests, a tenth of the records poor."""
    rng = np.random.default_rng(count)
    width = layout.DIGEST_WIDTHS[algorithm]
    centres = rng.integers(0, 256, (count // 9 + 1, width), np.uint8)
    rows = centres[rng.integers(0, len(centres), count)]
    noise = rng.integers(0, 256, rows.shape, np.uint8)
    for _ in range(3):
        noise &= rng.integers(0, 256, rows.shape, np.uint8)
    rows ^= noise
    rows[::5] = rows[rng.integers(0, count, len(rows[::5]))]
    rows = rows[np.lexsort(rows.T[::-1])]
    flags = np.where(poor & (rng.random(count) < 0.1), POOR, GOOD).astype(np.int64)
    return Listed(algorithm=algorithm, digests=rows, flags_of=lambda some: flags[some]), flags


def opener(folder: Path) -> Opener:
    held: list[Column] = []

    def column(name: str, kind: str | None) -> NDArray[Any] | None:
        path = column_path(folder, name)
        if not path.exists():
            return None
        held.append(Column(path, kind))
        return held[-1].array

    return column


def written(folder: Path, listed: Listed) -> None:
    rows = np.arange(len(listed.digests))
    for name, items in (
        (layout.digests_name(listed.algorithm), listed.digests),
        (layout.FLAGS, listed.flags_of(rows).astype("<u4").view(np.uint8).reshape(-1, 4)),
    ):
        writer = ColumnWriter(folder, name, items.shape[1])
        writer.append(items)
        writer.finish()
    write_near(folder, listed)


def stored(folder: Path, listed: Listed) -> Near:
    written(folder, listed)
    return near_of(listed, opener(folder))


def queries_of(rows: Rows, radius: int) -> Rows:
    rng = np.random.default_rng(3)
    bits = np.unpackbits(rows[:: max(1, len(rows) // 50)], axis=1)
    for number, row in enumerate(bits):
        row[rng.permutation(len(row))[: number % (radius + 3)]] ^= 1
    return np.packbits(bits, axis=1)


def expected(listed: Listed, flags: Numbers, queries: Rows) -> set[tuple[int, bytes, int]]:
    """Scan every row, and keep digests of good records that are neither empty nor full."""
    radius = RADIUS_BITS[listed.algorithm]
    found = LinearRadius(listed.digests, radius).search(queries)
    pairs = set()
    for query, row, distance in zip(*(part.tolist() for part in found), strict=True):
        digest = listed.digests[row].tobytes()
        bits = int.from_bytes(digest, "big").bit_count()
        usable = listed.algorithm == Algorithm.PDQ or 4 <= bits <= 60
        if usable and flags[row] == GOOD:
            pairs.add((query, digest, distance))
    return pairs


@by_algorithm
@pytest.mark.parametrize("crowded", [False, True])
@pytest.mark.parametrize("count", [1, 40, SCAN_ROWS, 3 * SCAN_ROWS])
def test_a_stored_index_finds_what_a_scan_finds(
    tmp_path: Path,
    algorithm: Algorithm,
    count: int,
    crowded: bool,  # noqa: FBT001  (a parameter of the test)
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if crowded:
        monkeypatch.setattr(bandsearch, "_LONG_RUN", 0)
        monkeypatch.setattr(bandsearch, "_SCAN_SHARE", 10**9)
    listed, flags = sample(algorithm, count)
    queries = queries_of(listed.digests, RADIUS_BITS[algorithm])
    wanted = expected(listed, flags, queries)
    for near in (stored(tmp_path, listed), near_of(listed, lambda *_: None)):
        query, row, distance = near.index.search(queries)
        assert len(set(zip(query.tolist(), row.tolist(), strict=True))) == len(query)
        ends = near.ends_of(row)
        found = {
            (number, listed.digests[first].tobytes(), bits)
            for number, first, end, bits in zip(
                query.tolist(), row.tolist(), ends.tolist(), distance.tolist(), strict=True
            )
            if (flags[first:end] == GOOD).any()
        }
        assert found == wanted
        assert all(
            (listed.digests[first:end] == listed.digests[first]).all()
            for first, end in zip(row.tolist(), ends.tolist(), strict=True)
        )


def test_long_lists_are_mapped_and_short_ones_scanned(tmp_path: Path) -> None:
    for count, kind in ((SCAN_ROWS // 2, ChosenScan), (3 * SCAN_ROWS, BandRadius)):
        folder = tmp_path / str(count)
        folder.mkdir()
        assert isinstance(stored(folder, sample(Algorithm.PDQ, count)[0]).index, kind)


def test_a_list_without_an_eligible_record_finds_nothing(tmp_path: Path) -> None:
    listed, _ = sample(Algorithm.PDQ, 40)
    poor = Listed(
        algorithm=Algorithm.PDQ,
        digests=listed.digests,
        flags_of=lambda rows: np.full(len(rows), POOR),
    )
    near = stored(tmp_path, poor)
    assert [len(part) for part in near.index.search(listed.digests)] == [0, 0, 0]
    assert near.recipes == frozenset()
    assert packproof.proof(poor, near) is None


def rewrite(folder: Path, part: str, change: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
    """Replace a column by a sound one with another content."""
    name = near_name(Algorithm.PDQ, part)
    with Column(column_path(folder, name)) as column:
        items, width = np.array(column.array), column.width
    writer = ColumnWriter(folder, name, width)
    writer.append(change(items))
    writer.finish()


@pytest.mark.parametrize("part", ["plan", "lows", "blocks", "tags", "ids"])
def test_columns_that_do_not_belong_together_are_refused(tmp_path: Path, part: str) -> None:
    listed, _ = sample(Algorithm.PDQ, 3 * SCAN_ROWS)
    written(tmp_path, listed)
    rewrite(tmp_path, part, lambda items: items[:-1])
    with pytest.raises(HashSetError, match="does not add up"):
        near_of(listed, opener(tmp_path))
    column_path(tmp_path, near_name(Algorithm.PDQ, part)).unlink()
    with pytest.raises(HashSetError, match="is missing"):
        near_of(listed, opener(tmp_path))


def test_a_plan_that_would_lose_look_alikes_is_refused(tmp_path: Path) -> None:
    listed, _ = sample(Algorithm.PDQ, 3 * SCAN_ROWS)
    written(tmp_path, listed)

    def narrower(plan: NDArray[Any]) -> NDArray[Any]:
        plan[0].view("<u4")[2] = 0  # a band that is looked up with no bit changed
        return plan

    rewrite(tmp_path, "plan", narrower)
    with pytest.raises(HashSetError, match="does not add up"):
        near_of(listed, opener(tmp_path))


@by_algorithm
@pytest.mark.parametrize("count", [1, 40, 3 * SCAN_ROWS])
def test_a_sound_index_is_proved(tmp_path: Path, algorithm: Algorithm, count: int) -> None:
    listed, _ = sample(algorithm, count)
    assert packproof.proof(listed, stored(tmp_path, listed)) is None
    assert not near_problem(tmp_path, algorithm)


@pytest.mark.parametrize("part", ["tags", "ids", "lows", "chosen"])
def test_an_index_that_leads_elsewhere_is_noticed(tmp_path: Path, part: str) -> None:
    count = 3 * SCAN_ROWS if part != "chosen" else 40
    listed, _ = sample(Algorithm.PDQ, count, poor=False)
    written(tmp_path, listed)
    rewrite(tmp_path, part, lambda items: items[1::2] if part == "chosen" else items & 0)
    assert near_problem(tmp_path, Algorithm.PDQ)
    assert "not found" in str(packproof.proof(listed, near_of(listed, opener(tmp_path))))


def test_the_packs_of_an_installation_are_proved(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    source = tmp_path / "list.txt"
    digests = rng.integers(0, 256, (3 * SCAN_ROWS, 32), np.uint8)
    source.write_text("# pdq\n" + "".join(f"{row.tobytes().hex()},90\n" for row in digests))
    assert packproof.pack_answers(tmp_path) == ()
    PackLibrary(tmp_path).import_set(source, name="own", polarity=Polarity.KNOWN_BAD, version="1")
    (answer,) = packproof.pack_answers(tmp_path)
    assert answer.name == "look-alikes in own@1 by pdq"
    assert answer.check() is None
    (tmp_path / "packs" / "own@1" / "pdq-near-tags.col").unlink()
    (answer,) = packproof.pack_answers(tmp_path)
    assert "pdq-near-tags.col" in str(answer.check())


@pytest.mark.parametrize("limit", [1, 7, 10**6])
def test_what_cannot_be_reported_is_dropped_early_and_nothing_else(
    tmp_path: Path, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers with and without the early dropping, over near copies of several categories."""
    rng = np.random.default_rng(6)
    centre = rng.integers(0, 256, 32, np.uint8)
    lines = []
    for number in range(400):
        bits = np.unpackbits(centre)
        bits[rng.permutation(256)[: rng.integers(0, 20)]] ^= 1
        digest = np.packbits(bits).tobytes().hex()
        lines += [f"{digest},{rng.integers(0, 5)}\n"] * (1 + number % 3)
    source = tmp_path / "list.csv"
    source.write_text("pdq,category\n" + "".join(lines))
    library = PackLibrary(tmp_path)
    library.import_set(
        source, name="own", polarity=Polarity.BY_CATEGORY, version="1", format_id="csv"
    )
    pictures = []
    for changed in range(0, 24, 3):
        bits = np.unpackbits(centre)
        bits[:changed] ^= 1
        both = (np.packbits(bits).tobytes(), np.packbits(bits[::-1]).tobytes())
        pdq = [Pdq(bits=one, quality=90, recipe=PdqRecipe.UNKNOWN) for one in (*both, both[0])]
        pictures.append(
            PictureHashes(
                width=1, height=1, format="JPEG", frames=1, pdq=tuple(pdq), phash=bytes(8)
            )
        )
    monkeypatch.setattr(visual, "_MOST_PAIRS", limit)
    sets = library.load(None)
    short = sets.match_pictures(pictures)
    with monkeypatch.context() as patch:
        patch.setattr(visual._Neighbours, "leading", lambda _, found: found)
        assert sets.match_pictures(pictures) == short
    assert sum(map(len, short)) >= len(pictures) * visual.NEAREST
    sets.close()
