"""Radius search beside faiss, usearch and a scan: speed, size and recall, on lists made from seeds.

Run with a Python that has numpy and, for the peers, faiss and usearch::

    PYTHONPATH=. python tests/bench/bench_visual.py FOLDER pdq 1000000 2000 uniform clustered

Each line of the answer is a JSON object; times are processor seconds of one thread.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.matching import layout
from triage.matching.column import Column, ColumnWriter, column_path
from triage.matching.eligible import RADIUS_BITS
from triage.matching.index import Numbers, Rows, expanded
from triage.matching.indexes.bandplan import plan_of, words_of
from triage.matching.indexes.scanning import scanned
from triage.matching.near import index_near, near_of
from triage.matching.nearchoice import Listed
from triage.model.digest import Algorithm


def peer(module: str) -> Any:
    """Import a peer; ``None`` where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        return None


faiss, usearch = peer("faiss"), peer("usearch.index")

SEED = 7
LARGEST_SHARE = 50
"""The largest family of near copies is this part of a clustered list."""
SCANNED_QUERIES = 20
MULTIHASH_RECORDS = 1_000_000
GRAPH_RECORDS = 100_000
PEER_QUERIES = 500

Pairs = NDArray[np.int64]
"""Query number times 2^32 plus row number, ascending."""


def uniform(rng: np.random.Generator, count: int, width: int) -> Rows:
    """Draw digests of which nothing is known."""
    return rng.integers(0, 256, (count, width), np.uint8)


def noise(rng: np.random.Generator, count: int, width: int) -> Rows:
    """Draw changes of one bit in 16 of half of the rows, and of one in 32 of the others."""
    bits = uniform(rng, count, width)
    for _ in range(3):
        bits &= uniform(rng, count, width)
    bits[::2] &= uniform(rng, len(bits[::2]), width)
    return bits


def clustered(rng: np.random.Generator, count: int, width: int) -> tuple[Rows, Numbers]:
    """Draw families of near copies whose sizes follow a power law; give rows and first rows."""
    sizes = np.minimum(rng.pareto(1.0, count) + 1, max(1, count // LARGEST_SHARE)).astype(np.int64)
    sizes = sizes[: np.searchsorted(np.cumsum(sizes), count) + 1]
    rows = np.repeat(uniform(rng, len(sizes), width), sizes, axis=0)[:count]
    rows ^= noise(rng, count, width)
    firsts = np.cumsum(sizes) - sizes
    return rows, firsts[firsts < count]


def planted(rng: np.random.Generator, rows: Rows, radius: int) -> Rows:
    """Change from none to ``radius`` bits of each row."""
    bits = np.unpackbits(rows, axis=1)
    order = rng.random(bits.shape).argsort(axis=1)
    changed = order < rng.integers(0, radius + 1, len(rows))[:, None]
    return np.packbits(bits ^ changed, axis=1)


def spread(rng: np.random.Generator, rows: Rows, count: int, radius: int) -> Rows:
    """Change exactly ``radius`` bits of each row, as evenly over the bands as it can be."""
    bits = np.unpackbits(rows, axis=1)
    plan = plan_of(count, rows.shape[1] * 8, radius)
    for row in bits:
        spared = rng.integers(len(plan))
        for place, band in enumerate(plan):
            changed = band.radius_bits + (place != spared)
            row[band.first_bit + rng.permutation(band.key_bits)[:changed]] ^= 1
    return np.packbits(bits, axis=1)


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Give what a call gives, and its processor time."""
    start = time.process_time()
    result = call()
    return result, time.process_time() - start


class Ours:
    """The index of a pack, written to a folder and mapped."""

    def __init__(self, folder: Path, algorithm: Algorithm, rows: Rows) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        digests = ColumnWriter(folder, layout.digests_name(algorithm), rows.shape[1])
        digests.append(rows)
        digests.finish()
        flags = ColumnWriter(folder, layout.FLAGS, 4)
        flags.append(np.full(len(rows), layout.QUALITY_UNKNOWN << layout.QUALITY_SHIFT, "<u4"))
        flags.finish()
        _, self.build_s = timed(lambda: index_near(folder, algorithm))
        self.ratio = sum(p.stat().st_size for p in folder.glob("*-near-*")) / rows.nbytes
        self._held = list[Column]()
        start = time.perf_counter()
        mapped = Column(column_path(folder, layout.digests_name(algorithm)))
        listed = Listed(algorithm=algorithm, digests=mapped.array, flags_of=lambda rows: rows)

        def column(name: str, kind: str | None) -> NDArray[Any] | None:
            path = column_path(folder, name)
            if not path.exists():
                return None
            self._held.append(Column(path, kind))
            return self._held[-1].array

        self._near = near_of(listed, column)
        self.open_ms = (time.perf_counter() - start) * 1000

    def search(self, queries: Rows) -> Pairs:
        """Give all pairs."""
        found = [np.empty(0, np.int64)]
        for query, row, _ in self._near.index.parts(queries):
            counts = self._near.ends_of(row) - row  # the first of equal digests stands for all
            found.append(np.repeat(query, counts) << 32 | expanded(row, counts))
        return np.concatenate(found)


def peers(rows: Rows, radius: int) -> Iterator[tuple[str, Callable[[Rows], Pairs], float, int]]:
    """Give name, search, build time, and how many queries are worth waiting for."""
    words = words_of(rows)
    yield "numpy scan", lambda queries: _scan(words, queries, radius), 0.0, SCANNED_QUERIES
    bits = rows.shape[1] * 8
    if faiss is not None:
        faiss.omp_set_num_threads(1)
        flat = faiss.IndexBinaryFlat(bits)
        _, build = timed(lambda: flat.add(rows))
        yield "faiss flat", lambda queries: _faiss(flat, queries, radius), build, 1 << 30
        if len(rows) <= MULTIHASH_RECORDS:
            bands, key = (11, 23) if bits == 256 else (3, 21)
            hashed = faiss.IndexBinaryMultiHash(bits, bands, key)
            hashed.nflip = 2
            _, build = timed(lambda: hashed.add(rows))
            name = f"faiss MultiHash {bands}x{key}"
            yield name, lambda queries: _faiss(hashed, queries, radius), build, PEER_QUERIES
    if usearch is not None and len(rows) <= GRAPH_RECORDS:
        graph = usearch.Index(ndim=bits, metric="hamming", dtype="b1", expansion_search=256)
        _, build = timed(lambda: graph.add(np.arange(len(rows)), rows, threads=1))
        yield (
            "usearch HNSW 256",
            lambda queries: _graph(graph, queries, radius),
            build,
            PEER_QUERIES,
        )


def _scan(words: NDArray[np.uint64], queries: Rows, radius: int) -> Pairs:
    found = scanned(words, words_of(queries), radius)
    return np.concatenate([(number << 32) | row for number, (row, _) in enumerate(found)])


def _faiss(index: Any, queries: Rows, radius: int) -> Pairs:
    limits, _, rows = index.range_search(queries, radius + 1)  # faiss takes what is nearer
    query = np.repeat(np.arange(len(queries)), np.diff(limits.astype(np.int64)))
    return np.unique(query << 32 | rows)


def _graph(index: Any, queries: Rows, radius: int) -> Pairs:
    found = index.search(queries, 100, threads=1)
    query, place = np.nonzero(np.asarray(found.distances) <= radius)
    return np.sort(query << 32 | np.asarray(found.keys)[query, place].astype(np.int64))


def measure(
    folder: Path, algorithm: Algorithm, count: int, kind: str, asked: int
) -> Iterator[dict[str, Any]]:
    """Compare all searches on one list; faiss's flat scan tells what is to be found."""
    rng, radius = np.random.default_rng([SEED, count]), RADIUS_BITS[algorithm]
    width = layout.DIGEST_WIDTHS[algorithm]
    if kind == "uniform":
        rows, firsts = uniform(rng, count, width), np.arange(count)
    else:
        rows, firsts = clustered(rng, count, width)
    chosen = rows[rng.choice(firsts, asked)]
    questions = {
        "random": uniform(rng, asked, width),
        "planted": planted(rng, chosen, radius),
        "spread": spread(rng, chosen, count, radius),
    }
    rows = rows[np.lexsort(rows.view(">u8").astype(np.uint64).T[::-1])]
    ours = Ours(folder / f"{algorithm}-{count}-{kind}", algorithm, rows)
    yield {
        "algorithm": str(algorithm), "records": count, "list": kind, "search": "bands",
        "build_s": ours.build_s, "open_ms": ours.open_ms, "ratio": ours.ratio,
    }  # fmt: skip
    answers = {name: timed(partial(ours.search, queries)) for name, queries in questions.items()}
    for name, (pairs, seconds) in answers.items():
        yield _line("bands", name, asked, pairs, seconds)
    for name, search, build, most in peers(rows, radius):
        yield {"search": name, "build_s": build}
        for question, queries in questions.items():
            some = queries[:most]
            pairs, seconds = timed(partial(search, some))
            expected = answers[question][0]
            expected = expected[expected < len(some) << 32]
            yield _line(name, question, len(some), pairs, seconds) | {
                "same_as_bands": bool(np.array_equal(pairs, expected)),
                "missed_by_bands": len(np.setdiff1d(pairs, expected)),
                "missed": len(np.setdiff1d(expected, pairs)),
            }


def _line(search: str, question: str, asked: int, pairs: Pairs, seconds: float) -> dict[str, Any]:
    return {
        "search": search, "queries": question, "asked": asked, "pairs": len(pairs),
        "per_second": asked / seconds,
    }  # fmt: skip


def main() -> None:
    """Measure what the command line names."""
    folder, algorithm, count, asked, *kinds = sys.argv[1:]
    for kind in kinds:
        for line in measure(Path(folder), Algorithm(algorithm), int(count), kind, int(asked)):
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
