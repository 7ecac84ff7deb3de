"""Any damage to a pack is noticed before anything is looked up in it."""

from __future__ import annotations

import hashlib
import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matching_pack_samples import MANY, hits, packs, take

from triage.errors import HashSetError
from triage.matching import blocks, checking, column
from triage.matching.library import PackLibrary
from triage.matching.manifest import MANIFEST_NAME, PackFile


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{digest.hex()}\n" for digest in MANY))
    return path


@pytest.fixture
def library(tmp_path: Path) -> PackLibrary:
    return PackLibrary(tmp_path / "home")


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


@pytest.mark.parametrize(
    "files", [None, 5, {"md5-rows.col": 5}, {"md5-rows.col": []}, {"md5-rows.col": [1, "x"]}]
)
def test_a_note_of_another_shape_says_nothing_though_its_digest_fits(
    library: PackLibrary, source: Path, tmp_path: Path, at_once: list[str], files: object
) -> None:
    pack_sha256 = take(library, source).manifest.pack_sha256
    library.load(None).close()
    (path,) = (tmp_path / "home" / "checked").iterdir()
    columns = list(at_once)
    stated = json.dumps({"pack_sha256": pack_sha256, "files": files})
    for raw in (stated, stated[:-1], "[" * 100_000):
        path.write_text(f"{hashlib.sha256(raw.encode()).hexdigest()}\n{raw}", "ascii")
        at_once.clear()
        library.load(None).close()
        assert at_once == columns


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
