"""Known answers out of a user's own packs: the index of look-alikes against a linear scan."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triage.errors import HashSetError
from triage.matching import layout
from triage.matching.eligible import RADIUS_BITS, eligible
from triage.matching.index import Numbers, Rows, expanded
from triage.matching.indexes.bandplan import words_of
from triage.matching.indexes.scanning import scanned
from triage.matching.near import Near, near_of
from triage.matching.nearchoice import Listed, wanted_of
from triage.matching.pack import OpenPack
from triage.matching.shelf import chosen_packs, folder_of_packs
from triage.model.digest import Algorithm
from triage.model.knownanswer import KnownAnswer

ASKED = 64
SCANNED_ROWS = 200_000
_SEED = 11


def pack_answers(home: Path) -> tuple[KnownAnswer, ...]:
    """Give a check for each kind of picture digest in the newest version of each pack.

    Each looks up 64 of the pack's own digests, changed in none to ``radius`` bits, and compares
    the answers with a scan of up to 200,000 rows. Sealed packs are left out: their index exists
    only in the memory of who holds the key.
    """
    try:
        folders = chosen_packs(folder_of_packs(home), None)
        held = [
            (folder, name) for folder in folders for name in layout.VISUAL if _has(folder, name)
        ]
    except HashSetError as error:
        return (_answer("look-alikes in the reference sets", partial(str, error.message)),)
    return tuple(
        _answer(f"look-alikes in {folder.name} by {name}", partial(_checked, folder, name))
        for folder, name in held
    )


def _answer(name: str, check: Callable[[], str | None]) -> KnownAnswer:
    expected = "the record itself at its distance, and every pair of a linear scan"
    return KnownAnswer(name=name, expected=expected, check=check)


def _has(folder: Path, algorithm: Algorithm) -> bool:
    pack = OpenPack(folder)
    try:
        return not pack.manifest.is_sealed and pack.table(algorithm) is not None
    finally:
        pack.close()


def _checked(folder: Path, algorithm: Algorithm) -> str | None:
    pack = OpenPack(folder)
    try:
        table = pack.table(algorithm)
        if table is None:
            raise HashSetError(f"{folder.name}: the digests of {algorithm} are gone")

        def flags_of(rows: Numbers) -> Numbers:
            return pack.values(layout.FLAGS, table.records_of(rows))

        listed = Listed(algorithm=algorithm, digests=table.digests, flags_of=flags_of)
        return proof(listed, near_of(listed, pack.column))
    finally:
        pack.close()


def proof(listed: Listed, near: Near) -> str | None:
    """Say what the index of a list does not find or finds wrongly; ``None`` where all is well."""
    radius = RADIUS_BITS[listed.algorithm]
    spaced = np.unique(np.linspace(0, len(listed.digests) - 1, ASKED).astype(np.int64))
    rows = spaced[_indexed(listed, near, spaced)]
    if not len(rows):
        return None
    queries, changed = _changed(listed.digests[rows], radius)
    query, row, distance = near.index.search(queries)
    pairs = zip(query.tolist(), row.tolist(), strict=True)
    found = dict(zip(pairs, distance.tolist(), strict=True))
    for number, own in enumerate(rows.tolist()):
        if found.get((number, own)) != int(changed[number]):
            return f"the digest in row {own}, {changed[number]} bits changed, is not found"
    part = min(SCANNED_ROWS, len(listed.digests))
    start = (len(listed.digests) - part) // 2
    scans = scanned(words_of(listed.digests[start : start + part]), words_of(queries), radius)
    expected: dict[tuple[int, int], int] = {}
    for number, (places, bits) in enumerate(scans):
        kept = _indexed(listed, near, places + start)
        for place, apart in zip(places[kept].tolist(), bits[kept].tolist(), strict=True):
            expected[number, place + start] = apart
    inside = {pair: bits for pair, bits in found.items() if start <= pair[1] < start + part}
    if inside == expected:
        return None
    return f"{len(inside)} pairs found that differ from the {len(expected)} of a linear scan"


def _indexed(listed: Listed, near: Near, rows: Numbers) -> NDArray[np.bool_]:
    """Tell which rows the index answers with: first of their digest, with an eligible record."""
    kept = wanted_of(listed, near.ends)(rows)
    counts = near.ends_of(rows) - rows
    records = expanded(rows, counts)
    usable = eligible(listed.algorithm, listed.flags_of(records))
    owners = np.repeat(np.arange(len(rows)), counts)
    kept &= np.bincount(owners[usable], minlength=len(rows)) > 0
    return kept


def _changed(rows: Rows, radius: int) -> tuple[Rows, Numbers]:
    """Change 0, 1, … ``radius`` bits in turn, the same on every machine."""
    rng = np.random.default_rng(_SEED)
    bits = np.unpackbits(rows, axis=1)
    counts = np.arange(len(rows), dtype=np.int64)[::-1] % (radius + 1)
    for row, count in zip(bits, counts.tolist(), strict=True):
        row[rng.permutation(len(row))[:count]] ^= 1
    return np.packbits(bits, axis=1), counts
