"""An import gives the same pack and the same account, in columns and record by record."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from matching_reader_samples import MD5_A

from triage.matching import mixing
from triage.matching.importing import ImportReport
from triage.matching.library import PackLibrary
from triage.matching.readers.tables import CsvReader
from triage.model.hashset import Polarity

ROWS = 3_000


def table(path: Path) -> tuple[int, int]:
    """Write plain rows and a few odd ones; give how many are to be taken and to be refused."""
    taken = refused = 0
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["md5", "sha1", "size", "category", "series"])
        for nth in range(ROWS):
            content = str(nth % 2_500).encode()
            md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
            sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            if nth % 701 == 3:
                md5 = "0" * 32 if nth % 2 else "g" * 32
            series = "a, series" if nth % 503 == 1 else ""
            sha1 = "" if nth // 400 % 3 == 0 else sha1
            size = "" if nth // 300 % 2 else nth
            writer.writerow([md5, sha1, size, "ABC"[nth % 3] if nth > 900 else "", series])
            bad = md5[0] == "g" or (md5[:2] == "00" and md5 == "0" * 32 and not sha1)
            taken += not bad
            refused += bad
    return taken, refused


def imported(home: Path, source: Path) -> ImportReport:
    return PackLibrary(home).import_set(source, name="set", polarity=Polarity.BY_CATEGORY)


def test_the_pack_does_not_depend_on_the_way_of_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "set.csv"
    taken, refused = table(source)
    columns = imported(tmp_path / "columns", source)
    assert (columns.manifest.taken, columns.refused_total) == (taken, refused)
    with monkeypatch.context() as patch:
        patch.setattr(mixing, "SHORTEST_RUN", 2)
        short = imported(tmp_path / "short", source)
    monkeypatch.setattr(CsvReader, "batches", CsvReader.read)
    single = imported(tmp_path / "single", source)
    for other in (short, single):
        same_time = replace(other.manifest, imported_at=columns.manifest.imported_at)
        assert replace(other, manifest=same_time) == columns


def test_progress_is_told_for_a_list_in_columns(tmp_path: Path) -> None:
    source = tmp_path / "list.txt"
    source.write_text(f"{MD5_A}\n" * 500)
    told: list[tuple[int, int, int]] = []
    report = PackLibrary(tmp_path / "home").import_set(
        source,
        name="set",
        polarity=Polarity.KNOWN_BAD,
        on_progress=lambda done, total, taken: told.append((done, total, taken)),
    )
    assert report.manifest.taken == 500
    assert told
    assert all(done <= total for done, total, _ in told)
