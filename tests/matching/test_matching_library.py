"""Packs appear whole or not at all, are never taken for another, and tell of any damage."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from triage.errors import HashSetError, UsageFault
from triage.matching import blocks, checking, column, importing
from triage.matching.building import PackBuilder
from triage.matching.importing import ImportReport
from triage.matching.library import PackLibrary
from triage.matching.lock import only_one
from triage.matching.manifest import MANIFEST_NAME, PackFile, read_document
from triage.matching.sorting import DigestSorter
from triage.model.digest import Digests
from triage.model.hashset import Polarity, ReferenceRecord

MANY = [hashlib.md5(bytes([number]), usedforsecurity=False).digest() for number in range(200)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{digest.hex()}\n" for digest in MANY))
    return path


@pytest.fixture
def library(tmp_path: Path) -> PackLibrary:
    return PackLibrary(tmp_path / "home")


def packs(tmp_path: Path) -> Path:
    return tmp_path / "home" / "packs"


def take(
    library: PackLibrary,
    source: Path,
    name: str = "set",
    polarity: Polarity = Polarity.KNOWN_BAD,
    version: str | None = None,
) -> ImportReport:
    return library.import_set(source, name=name, polarity=polarity, version=version)


def asked(md5: bytes) -> Digests:
    return Digests(md5=md5, sha1=b"\1" * 20, sha256=b"\2" * 32, size_bytes=1)


def hits(library: PackLibrary, digest: bytes, names: list[str] | None = None) -> list[str]:
    sets = library.load(names)
    try:
        return [
            f"{match.pack}@{match.pack_version}" for match in sets.match_exact([asked(digest)])[0]
        ]
    finally:
        sets.close()


def test_every_imported_digest_is_found_and_no_other(library: PackLibrary, source: Path) -> None:
    report = take(library, source)
    assert (report.manifest.taken, report.refused_total, report.already) == (200, 0, False)
    assert report.manifest.rows == (("md5", 200),)
    sets = library.load(["set"])
    assert all(sets.match_exact([asked(digest) for digest in MANY]))
    assert not any(sets.match_exact([asked(bytes(15) + bytes([n])) for n in range(99)]))
    sets.close()


def test_the_version_is_the_start_of_the_digest_of_the_source(
    library: PackLibrary, source: Path
) -> None:
    printed = subprocess.run(["sha256sum", source], capture_output=True, check=True).stdout
    assert take(library, source).manifest.version == printed[:12].decode()


def test_the_same_import_twice_is_recognised(library: PackLibrary, source: Path) -> None:
    first = take(library, source)
    again = take(library, source)
    assert (again.manifest, again.already) == (first.manifest, True)
    assert take(library, source, version="v2").already is False
    assert len(library.list()) == 2


def test_a_name_and_version_are_never_given_to_another_content(
    library: PackLibrary, source: Path
) -> None:
    take(library, source, version="1")
    with pytest.raises(HashSetError, match="another content or other settings"):
        take(library, source, version="1", polarity=Polarity.KNOWN_GOOD)
    source.write_text(f"{MANY[0].hex()}\n")
    with pytest.raises(HashSetError, match="another content or other settings"):
        take(library, source, version="1")
    with pytest.raises(HashSetError, match="capitals"):
        take(library, source, name="SET")
    assert [manifest.taken for manifest in library.list()] == [200]


def test_two_machines_make_the_same_pack(tmp_path: Path, source: Path) -> None:
    digests = set()
    for home in ("one", "two"):
        digests.add(take(PackLibrary(tmp_path / home), source).manifest.pack_sha256)
    assert len(digests) == 1
    other = take(PackLibrary(tmp_path / "three"), source, polarity=Polarity.KNOWN_GOOD)
    assert other.manifest.pack_sha256 not in digests


def test_refused_records_are_named_and_the_rest_is_taken(
    library: PackLibrary, source: Path
) -> None:
    source.write_text(source.read_text() + "nonsense\n" * 1500)
    report = take(library, source)
    assert (report.manifest.taken, report.manifest.refused, report.refused_total) == (
        200,
        1500,
        1500,
    )
    assert [item.place for item in report.refused] == [f"line {n}" for n in range(201, 1201)]


def test_a_list_without_one_usable_record_is_no_pack(
    library: PackLibrary, source: Path, tmp_path: Path
) -> None:
    source.write_text(f"{'0' * 32}\n")
    with pytest.raises(HashSetError, match=r"list\.txt: no usable record as hash-list, 1 refused"):
        take(library, source)
    assert library.list() == ()
    assert [path.name for path in packs(tmp_path).iterdir()] == [".lock"]


@pytest.mark.parametrize(
    "name", ["", "../up", "a/b", "a\\b", "con", "NUL.txt", "a.", ".a", "a b", "a@1", "ä", "x" * 65]
)
def test_names_that_are_no_safe_folder_names_are_refused(
    library: PackLibrary, source: Path, name: str
) -> None:
    with pytest.raises(UsageFault, match="cannot be the"):
        take(library, source, name=name)
    with pytest.raises(UsageFault, match="cannot be the"):
        take(library, source, version=name)


def test_any_flipped_byte_is_noticed_by_verify_and_by_the_next_load(
    library: PackLibrary, source: Path, tmp_path: Path
) -> None:
    source.write_text(f"{MANY[0].hex()}\n{MANY[1].hex()}\n")
    folder = packs(tmp_path) / ("set@" + take(library, source).manifest.version)
    assert library.verify("set").problems == ()
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for place in range(0, len(whole), 1 if path.suffix == ".col" else 7):
            changed = bytearray(whole)
            changed[place] ^= 0x01
            path.write_bytes(changed)
            assert library.verify("set").problems, f"{path.name} byte {place}"
            with pytest.raises(HashSetError, match="set@"):
                library.load(["set"])
        path.write_bytes(whole)
    assert library.verify("set").problems == ()
    library.load(["set"]).close()


@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_verify_names_the_block_that_was_hurt(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    choose = random.Random(seed)  # noqa: S311  (seeded test data)
    home = tmp_path_factory.mktemp("home")
    source = home / "list.txt"
    source.write_text("".join(f"{choose.randbytes(20).hex()}\n" for _ in range(300)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_SIZE_BYTES", 64)
        patch.setattr(column, "BLOCK_SIZE_BYTES", 64)
        patch.setattr(checking, "BLOCK_SIZE_BYTES", 64)
        library = PackLibrary(home)
        report = take(library, source)
        path = choose.choice(
            sorted((home / "packs" / f"set@{report.manifest.version}").glob("*.col"))
        )
        raw = bytearray(path.read_bytes())
        place = choose.randrange(len(raw))
        raw[place] ^= 1 << choose.randrange(8)
        path.write_bytes(raw)
        (problem,) = library.verify("set").problems
        assert problem.startswith(path.name)
        if "block" in problem:
            assert f"in block {place // 64}, " in problem
        else:
            assert "header" in problem
        with pytest.raises(HashSetError, match="set@"):
            library.load(None)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let files be noted that were only just written; gives the files that are read."""
    read: list[str] = []
    real = checking.check_file

    def watched(folder: Path, file: PackFile) -> None:
        read.append(file.name)
        real(folder, file)

    monkeypatch.setattr(checking, "SETTLED_S", 0)
    monkeypatch.setattr(checking, "check_file", watched)
    return read


def test_what_was_read_is_not_read_again_until_it_changes(
    library: PackLibrary, source: Path, tmp_path: Path, at_once: list[str]
) -> None:
    folder = packs(tmp_path) / ("set@" + take(library, source).manifest.version)
    columns = sorted(path.name for path in folder.glob("*.col"))
    library.load(None).close()
    assert at_once == columns
    library.load(None).close()
    assert at_once == columns
    (folder / columns[1]).touch()
    library.load(None).close()
    assert at_once == [*columns, columns[1]]
    assert library.verify("set").problems == ()
    library.load(None).close()
    assert at_once == [*columns, columns[1]]
    library.remove("set")
    assert not list((tmp_path / "home" / "checked").iterdir())


def test_what_rests_is_read_again_after_a_day_and_so_is_what_comes_from_the_future(
    library: PackLibrary, source: Path, at_once: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    take(library, source)
    library.load(None).close()
    count, now = len(at_once), time.time_ns()
    for seconds, more in ((86_399 - 60, 0), (86_401, count), (-60, count)):
        monkeypatch.setattr(time, "time_ns", lambda seconds=seconds: now + seconds * 10**9)
        before = len(at_once)
        library.load(None).close()
        assert len(at_once) - before == more, seconds


@pytest.mark.parametrize("note", ["", "x", "{}", "[1]", "é"])
def test_a_damaged_note_says_nothing(
    library: PackLibrary, source: Path, tmp_path: Path, at_once: list[str], note: str
) -> None:
    take(library, source)
    library.load(None).close()
    (path,) = (tmp_path / "home" / "checked").iterdir()
    text, columns = path.read_text(), list(at_once)
    for changed in (note, text.replace("1", "2", 1), text[:-2], text + " "):
        path.write_text(changed, "utf-8")
        at_once.clear()
        library.load(None).close()
        assert at_once == columns


def test_a_column_of_another_set_is_not_taken_for_its_own(
    library: PackLibrary, source: Path, tmp_path: Path
) -> None:
    one = packs(tmp_path) / ("set@" + take(library, source).manifest.version)
    other = tmp_path / "other.txt"
    other.write_text("".join(f"{digest[::-1].hex()}\n" for digest in MANY))
    two = packs(tmp_path) / ("two@" + take(library, other, "two").manifest.version)
    (one / "md5-prefixes.col").write_bytes((two / "md5-prefixes.col").read_bytes())
    with pytest.raises(HashSetError, match=r"md5-prefixes\.col: its content was changed"):
        library.load(["set"])
    assert library.verify("set").problems


def test_a_pack_of_the_first_format_is_refused_with_a_way_out(
    library: PackLibrary, source: Path, tmp_path: Path
) -> None:
    folder = packs(tmp_path) / ("set@" + take(library, source, version="1").manifest.version)
    path = folder / MANIFEST_NAME
    document = json.loads(path.read_text())
    del document["pack_format"]
    path.write_text(json.dumps(document))
    with pytest.raises(HashSetError, match="pack format of another version") as caught:
        library.load(None)
    assert "triage hashset remove set --version 1" in caught.value.hint
    library.remove("set", "1")
    assert take(library, source).already is False


def test_a_changed_digest_stops_the_run_before_it_starts(
    library: PackLibrary, source: Path, tmp_path: Path
) -> None:
    folder = packs(tmp_path) / ("set@" + take(library, source).manifest.version)
    path = folder / "md5-rows.col"
    whole = path.read_bytes()
    place = whole.index(MANY[7][8:]) + 7
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    for names in (None, ["set"]):
        with pytest.raises(HashSetError, match=r"set@.*md5-rows\.col: its content was changed"):
            library.load(names)
    path.write_bytes(whole)
    assert hits(library, MANY[7])


def test_cut_missing_and_strange_files_are_noticed(
    library: PackLibrary, source: Path, tmp_path: Path
) -> None:
    folder = packs(tmp_path) / ("set@" + take(library, source).manifest.version)
    (folder / "extra.txt").write_text("?")
    assert library.verify("set").problems == ("extra.txt: does not belong to the pack",)
    for change in ("cut", "header", "missing"):
        path = folder / "md5-prefixes.col"
        whole = path.read_bytes()
        if change == "missing":
            path.unlink()
        else:
            path.write_bytes(whole[:-1] if change == "cut" else b"X" + whole[1:])
        with pytest.raises(HashSetError, match=r"md5-prefixes\.col") as caught:
            library.load(["set"])
        assert "set@" in caught.value.message
        assert library.verify("set").problems
        path.write_bytes(whole)


def test_a_manifest_that_was_edited_stops_the_run(
    library: PackLibrary, source: Path, tmp_path: Path
) -> None:
    folder = packs(tmp_path) / ("set@" + take(library, source).manifest.version)
    path = folder / MANIFEST_NAME
    whole = path.read_text()
    path.write_text(whole.replace("known-bad", "known-good"))
    for names in (None, ["set"]):
        with pytest.raises(HashSetError, match="changed after the import"):
            library.load(names)
    path.write_text(whole)
    renamed = folder.rename(folder.with_name("set@other"))
    with pytest.raises(HashSetError, match="the manifest is that of set@"):
        library.load(None)
    (renamed / MANIFEST_NAME).unlink()
    with pytest.raises(HashSetError, match="no readable manifest"):
        library.load(None)


def test_a_set_that_is_not_there_is_fatal(library: PackLibrary, source: Path) -> None:
    with pytest.raises(HashSetError, match="no reference set 'set'"):
        library.load(["set"])
    take(library, source)
    with pytest.raises(HashSetError, match="no reference set 'set@9'"):
        library.load(["set", "set@9"])
    assert library.load([]).manifests == ()


def test_the_newest_version_is_loaded_unless_one_is_named(
    library: PackLibrary, source: Path
) -> None:
    take(library, source, version="b")
    source.write_text(f"{MANY[0].hex()}\n")
    take(library, source, version="a")
    assert [library.manifest("set").version, library.list()[-1].version] == ["a", "a"]
    assert hits(library, MANY[0]) == ["set@a"]
    assert hits(library, MANY[1]) == []
    assert hits(library, MANY[1], ["set@b"]) == ["set@b"]
    assert hits(library, MANY[0], ["set@b", "set", "set@a"]) == ["set@a", "set@b"]


def test_removing_takes_one_version_and_only_when_it_is_clear_which(
    library: PackLibrary, source: Path, tmp_path: Path
) -> None:
    take(library, source, version="1")
    take(library, source, version="2")
    with pytest.raises(HashSetError, match="there are 2 versions"):
        library.remove("set")
    sets = library.load(["set@1"])
    assert library.remove("set", "1") == "set@1"
    sets.close()
    assert library.remove("set") == "set@2"
    assert [path.name for path in packs(tmp_path).iterdir()] == [".lock"]


class Interrupting(PackBuilder):
    def finish(
        self,
        on_sorted: Callable[[int, int], None] | None = None,  # noqa: ARG002  (as of the parent)
    ) -> tuple[tuple[str, int], ...]:
        raise KeyboardInterrupt


def test_an_interrupted_import_leaves_nothing(
    library: PackLibrary, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PackBuilder", Interrupting)
    with pytest.raises(KeyboardInterrupt):
        take(library, source)
    assert [path.name for path in packs(tmp_path).iterdir()] == [".lock"]


KILLED = """
import os, pathlib, sys
from triage.matching import blocks, checking, column, importing
from triage.matching.library import PackLibrary
from triage.model.hashset import Polarity
importing.sealed = lambda document: os._exit(9)
PackLibrary(pathlib.Path(sys.argv[1])).import_set(
    pathlib.Path(sys.argv[2]), name="set", polarity=Polarity.KNOWN_BAD)
"""


def test_what_a_killed_import_left_is_no_pack_and_the_next_one_cleans_it(
    library: PackLibrary, source: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    done = subprocess.run([sys.executable, "-c", KILLED, home, source], check=False)
    assert done.returncode == 9
    assert any(path.name.startswith(".building-") for path in packs(tmp_path).iterdir())
    assert library.list() == ()
    take(library, source)
    assert sorted(path.name[:4] for path in packs(tmp_path).iterdir()) == [".loc", "set@"]


def test_two_imports_at_once_do_not_clean_each_other_away(
    library: PackLibrary, source: Path, tmp_path: Path
) -> None:
    packs(tmp_path).mkdir(parents=True)
    with (
        only_one(packs(tmp_path) / ".lock"),
        pytest.raises(HashSetError, match="another import"),
    ):
        take(library, source)
    assert take(library, source).already is False


def test_a_source_that_grows_while_it_is_read_is_refused(
    library: PackLibrary, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def growing(builder: PackBuilder, records: list[ReferenceRecord]) -> None:
        with source.open("a") as file:
            file.write("0\n")
        builder.count += len(records)

    monkeypatch.setattr(PackBuilder, "add", growing)
    with pytest.raises(HashSetError, match="changed while it was read"):
        take(library, source)


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


def test_times_of_import_order_versions(library: PackLibrary, source: Path, tmp_path: Path) -> None:
    for version in ("3", "1", "2"):
        take(library, source, version=version)
        time.sleep(0.001)
    assert [manifest.version for manifest in library.list()] == ["3", "1", "2"]
    assert read_document(packs(tmp_path) / "set@1").manifest.imported_at.endswith("+00:00")


VICS = """{"odata.metadata":"http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media","value":[
{"MediaID":1,"Category":%s,"MD5":"9e107d9d372bb6826bd81d3542a419d6","MediaSize":"43"}]}"""


def test_a_set_shaped_like_nists_known_good_one_is_not_taken_as_bad(
    library: PackLibrary, source: Path
) -> None:
    source = source.with_suffix(".json")
    source.write_text(VICS % "null")
    for polarity in (Polarity.KNOWN_BAD, Polarity.BY_CATEGORY):
        with pytest.raises(HashSetError, match="NIST") as caught:
            take(library, source, polarity=polarity)
        assert "--confirm-not-nist" in caught.value.hint
    confirmed = library.import_set(
        source, name="sure", polarity=Polarity.KNOWN_BAD, despite_nist=True
    )
    assert "NIST" in confirmed.manifest.notes
    assert take(library, source, polarity=Polarity.KNOWN_GOOD).manifest.taken == 1
    source.write_text(VICS % "1")
    assert take(library, source, name="coded").warnings == ()
