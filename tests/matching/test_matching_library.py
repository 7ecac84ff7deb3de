"""Packs appear whole or not at all, and are never taken for another."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from matching_pack_samples import MANY, asked, hits, packs, take

from triage.errors import HashSetError, UsageFault
from triage.matching import importing
from triage.matching.building import PackBuilder
from triage.matching.column import ColumnWriter
from triage.matching.library import PackLibrary
from triage.matching.lock import only_one
from triage.matching.manifest import read_document
from triage.model.hashset import Polarity, ReferenceRecord


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{digest.hex()}\n" for digest in MANY))
    return path


@pytest.fixture
def library(tmp_path: Path) -> PackLibrary:
    return PackLibrary(tmp_path / "home")


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


@pytest.mark.parametrize("writes", [0, 2])
def test_a_disk_that_is_full_is_said_and_leaves_nothing(
    library: PackLibrary,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    writes: int,
) -> None:
    """As ``write(2)`` fails: some writes before it were taken."""
    left, put, words = [writes], ColumnWriter._put, os.strerror(errno.ENOSPC)

    def full(writer: ColumnWriter, raw: memoryview) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, words)
        put(writer, raw)

    monkeypatch.setattr(ColumnWriter, "_put", full)
    with pytest.raises(HashSetError, match=re.escape(words)) as caught:
        take(library, source)
    assert "TRIAGE_HOME" in caught.value.hint
    assert [path.name for path in packs(tmp_path).iterdir()] == [".lock"]


def test_a_home_that_is_no_folder_is_said(source: Path) -> None:
    with pytest.raises(HashSetError, match=re.escape(os.strerror(errno.ENOTDIR))):
        take(PackLibrary(source), source)


def test_a_lock_that_cannot_be_opened_is_said(
    library: PackLibrary, source: Path, tmp_path: Path
) -> None:
    (packs(tmp_path) / ".lock").mkdir(parents=True)
    with pytest.raises(HashSetError, match="cannot be written"):
        take(library, source)


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
