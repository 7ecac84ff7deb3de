"""The quick pass names just the known-bad files that a whole run names."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import random
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from road import HOSTILE, IMAGES, SAMPLES, Road, code
from triage.errors import EvidenceError, HashSetError, Interrupted, UsageFault
from triage.grading.scheme import SchemeBook
from triage.matching.checking import check_file
from triage.matching.library import PackLibrary
from triage.matching.manifest import PackFile
from triage.model.event import Event, HitFound
from triage.model.hashset import Polarity
from triage.pipeline.quick.result import Ending, QuickHit, QuickResult
from triage.pipeline.quick.run import QuickPass, QuickRequest
from triage.pipeline.quick.tasks import close_evidence
from triage.pipeline.quick.values import EntryItem
from triage.pipeline.tasks import close_evidence as close_run
from triage.scheduler import Batch, InlinePool, LossKind, Lost, Pool, Result

KINDS = ("md5", "sha1", "sha256")


def quick(
    road: Road,
    *images: Path,
    sets: tuple[str, ...] | None = None,
    first_hit: bool = False,
    pool: Pool | None = None,
    told: list[Event] | None = None,
) -> QuickResult:
    told = [] if told is None else told
    request = QuickRequest(images=images, sets=sets, first_hit=first_hit)
    try:
        return QuickPass(
            request=request,
            pool=pool or InlinePool(),
            home=road.home,
            book=SchemeBook(road.home),
            tell=told.append,
        ).run()
    finally:
        close_evidence()


def place_of(hit: QuickHit) -> tuple[Any, ...]:
    entry = hit.entry
    return (
        entry.ref.volume,
        entry.ref.path.hex(),
        entry.ref.stream.decode("utf-8", "replace"),
        str(entry.allocation),
        str(hit.proposal.standing),
        str(hit.proposal.category),
        hit.proposal.reason,
        hit.proposal.conflict,
    )


def found_by_quick(result: QuickResult) -> Counter[tuple[Any, ...]]:
    return Counter(place_of(hit) for hit in result.hits if not hit.beyond)


def found_by_run(road: Road) -> Counter[tuple[Any, ...]]:
    """Give every exact hit of the whole run as its own listing tells it."""
    rows = road.files("--state", "digested")
    return Counter(
        (
            row["volume"],
            row["path_hex"] or row["path"].encode().hex(),
            row["stream"],
            row["allocation"],
            row["standing"],
            str(row["grade"]),
            row["grade_reason"],
            row["conflict"],
        )
        for row in rows
        if row["standing"] in {"known-bad", "notable", "unmapped"}
    )


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 5, 1, 10, 2, 4)), body)
    return out.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:") as archive:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


UNOPENED = b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(64)


class Device:
    """Files of all kinds in a folder, and every content that a whole run comes to."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._chance = chance
        self.contents: list[bytes] = []
        for number in range(chance.randint(3, 9)):
            body = self._content(2)
            if self.contents and chance.random() < 0.2:
                body = chance.choice(self.contents)
            self.contents.append(body)
            where = folder / f"d{chance.randint(0, 2)}"
            where.mkdir(exist_ok=True, parents=True)
            (where / f"f{number}").write_bytes(body)

    def _content(self, depth: int) -> bytes:
        chance = self._chance
        kind = chance.choice(("plain", "plain", "text", "zip", "tar", "gz", "bz2", "xz", "7z", ""))
        if kind in {"plain", "7z", ""} or not depth:
            start = UNOPENED if kind == "7z" else b""
            return start + chance.randbytes(chance.choice((0, 1, 40, 700, 5000)))
        if kind == "text":
            return b"".join(b"line %d\n" % n for n in range(chance.randint(1, 900)))
        members = {f"m{n}": self._content(depth - 1) for n in range(chance.randint(1, 3))}
        self.contents += members.values()
        if kind in {"zip", "tar"}:
            return (zipped if kind == "zip" else tarred)(members)
        inner = chance.choice((tarred(members), next(iter(members.values()))))
        pack = {"gz": lambda data: gzip.compress(data, mtime=0), "bz2": bz2.compress}
        return pack.get(kind, lzma.compress)(inner)


def take_list(
    road: Road,
    name: str,
    rows: Iterable[tuple[bytes, Iterable[str], int | None, str]],
    polarity: Polarity,
) -> None:
    """Import a list: content, the digests that are given of it, stated size, code."""
    lines = ["md5,sha1,sha256,size" + (",category" if polarity == Polarity.BY_CATEGORY else "")]
    for content, held, size, group in rows:
        cells = [hashlib.new(kind, content).hexdigest() if kind in held else "" for kind in KINDS]
        cells.append("" if size is None else str(size))
        lines.append(",".join([*cells, *([group] if polarity == Polarity.BY_CATEGORY else [])]))
    path = road.folder / f"{name}.csv"
    path.write_text("\n".join(lines) + "\n")
    scheme = "uk" if polarity == Polarity.BY_CATEGORY else ""
    road.take(path, name, polarity, scheme=scheme)


def take_some(road: Road, device: Device, chance: random.Random) -> None:
    """Import one to three lists of some of the contents, with and without sizes."""
    polarities = [Polarity.KNOWN_BAD, Polarity.BY_CATEGORY, Polarity.KNOWN_GOOD]
    for number, polarity in enumerate(polarities[: chance.randint(1, 3)]):
        sizes = chance.choice(("all", "all", "none", "some"))
        kinds = chance.choice((("md5",), ("sha256",), ("sha1", "md5"), KINDS, ()))
        rows = []
        for content in {*device.contents, b"never met"}:
            if chance.random() < 0.5:
                continue
            held = kinds or chance.sample(KINDS, chance.randint(1, 3))
            sized = sizes == "all" or (sizes == "some" and chance.random() < 0.5)
            size = len(content) if sized else None
            rows.append((content, held, size, chance.choice(("1", "3", "9", "77"))))
        rows = rows or [(b"never met", ("md5", "sha1"), 9, "1")]
        take_list(road, f"set{number}", rows, polarity)
    if chance.random() < 0.5:
        road.confirm("uk")


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_hits_are_those_of_a_whole_run(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  (a seed, no secret)
    road = Road(tmp_path_factory.mktemp("road"))
    evidence = road.folder / "device"
    device = Device(evidence, chance)
    take_some(road, device, chance)
    road.run(evidence)
    result = quick(road, evidence)
    assert found_by_quick(result) == found_by_run(road)
    assert result.tally.holds()
    summary = road.summary()
    beyond = {hit.entry.ref.path for hit in result.hits if hit.beyond}
    if not result.asked and not any(one.scheme for one in summary.packs):
        assert not beyond
        assert result.tally.listed == summary.tally.listed


def take_from_run(road: Road, image: Path, *, sized: bool, seed: int = 1) -> list[dict[str, Any]]:
    """Run once with a list that nothing is on, then list half of all that was digested."""
    take_list(road, "nothing", [(b"never met", KINDS, 5, "")], Polarity.KNOWN_BAD)
    road.run(image)
    rows = road.files("--state", "digested")
    chance = random.Random(seed)  # noqa: S311  (a seed, no secret)
    chosen = {row["sha256"]: row for row in rows if row["digested_bytes"] and chance.random() < 0.5}
    lines = [
        f"{row['md5']},{row['sha1']},{row['digested_bytes'] if sized else ''}"
        for row in chosen.values()
    ]
    path = road.folder / "half.csv"
    path.write_text("\n".join(["md5,sha1,size", *lines]) + "\n")
    road.take(path, "half", Polarity.KNOWN_BAD)
    road.db.unlink()
    close_run()
    return rows


@pytest.mark.parametrize(
    "image",
    [
        IMAGES / "ntfs.E01",
        IMAGES / "mbr.E01",
        IMAGES / "sample.E01",
        HOSTILE / "flip-compressed.E01",
        HOSTILE / "missing-segment.E01",
    ],
    ids=lambda path: path.name,
)
@pytest.mark.parametrize("sized", [True, False], ids=["sizes", "no sizes"])
def test_images_with_streams_deleted_files_and_damage(
    road: Road, image: Path, *, sized: bool
) -> None:
    rows = take_from_run(road, image, sized=sized)
    verdict = road.run(image)
    result = quick(road, image)
    assert found_by_run(road)
    assert found_by_quick(result) == found_by_run(road)
    assert not any(hit.beyond for hit in result.hits)
    assert result.tally.listed == road.summary().tally.listed
    assert set(result.gaps) == {gap for gap in verdict.gaps if "appearance" not in gap}
    if sized:
        listed = {
            int(line.rsplit(",", 1)[1])
            for line in (road.folder / "half.csv").read_text().splitlines()[1:]
        } | {5}
        assert result.effort.read_whole == sum(row["digested_bytes"] in listed for row in rows)


def test_workers_change_nothing(road: Road, two_workers: Pool) -> None:
    take_from_run(road, IMAGES / "sample.E01", sized=True)
    alone = quick(road, IMAGES / "sample.E01", IMAGES / "ntfs.raw")
    together = quick(road, IMAGES / "sample.E01", IMAGES / "ntfs.raw", pool=two_workers)
    for name in ("hits", "gaps", "problems", "unexamined", "tally", "evidence", "volumes"):
        assert getattr(alone, name) == getattr(together, name), name


@pytest.fixture
def device(road: Road) -> Path:
    """Give a folder with some files; ``bad.bin`` and what lies in ``box.zip`` are to be listed."""
    folder = road.folder / "device"
    folder.mkdir()
    (folder / "bad.bin").write_bytes(BAD)
    (folder / "good.bin").write_bytes(b"of no interest" * 9)
    (folder / "same-size.bin").write_bytes(BAD[::-1])
    (folder / "box.zip").write_bytes(BOX)
    return folder


BAD = b"to be found" * 300
BOX = zipped({"inner.bin": BAD, "other.bin": b"other" * 70})


def paths(result: QuickResult) -> list[bytes]:
    return [hit.entry.ref.path for hit in result.hits]


def test_a_wrong_size_is_found_by_a_whole_run_only(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, KINDS, len(BAD) + 1, "")], Polarity.KNOWN_BAD)
    road.run(device)
    assert sum(found_by_run(road).values()) == 2
    rows = [row for row in road.files("--state", "digested") if row["matches"]]
    assert all("the record states" in row["matches"][0]["detail"] for row in rows)
    assert paths(quick(road, device)) == []
    page = road.call("quick", "--workers", "1", device).stdout
    assert "NOTHING FOUND" in page
    assert "wrong size" in page


def test_a_set_without_sizes_is_said_and_everything_is_read(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, ("md5",), None, "")], Polarity.KNOWN_BAD)
    result = quick(road, device)
    assert paths(result) == [b"/bad.bin", b"/box.zip/inner.bin"]
    assert result.effort.ruled_out == 0
    assert result.effort.read_whole == result.tally.digested == 6
    page = road.call("quick", "--workers", "1", device).stdout
    assert "1 record WITHOUT SIZES" in page
    assert "every file was read in full" in page


def test_a_size_that_is_listed_is_no_hit(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, KINDS, len(BAD), "")], Polarity.KNOWN_BAD)
    result = quick(road, device)
    assert paths(result) == [b"/bad.bin", b"/box.zip/inner.bin"]
    assert (result.effort.read_whole, result.effort.ruled_out) == (3, 3)
    assert result.conflicts == ()


def test_digests_that_disagree_are_told_and_no_hit(road: Road, device: Path) -> None:
    path = road.folder / "odd.csv"
    md5, sha1 = (hashlib.new(kind, BAD).hexdigest() for kind in ("md5", "sha1"))
    path.write_text(f"md5,sha1,size\n{'3' * 32},{sha1},{len(BAD)}\n{md5},{'1' * 40},7\n")
    road.take(path, "odd", Polarity.KNOWN_BAD)
    result = quick(road, device)
    assert result.hits == ()
    assert [hit.entry.ref.path for hit in result.conflicts] == [b"/bad.bin", b"/box.zip/inner.bin"]


def test_what_lies_in_a_known_good_archive_is_shown_and_marked(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, ("sha1",), len(BAD), "")], Polarity.KNOWN_BAD)
    take_list(road, "good", [(BOX, ("md5", "sha1"), len(BOX), "")], Polarity.KNOWN_GOOD)
    road.run(device)
    result = quick(road, device)
    assert found_by_quick(result) == found_by_run(road)
    assert [hit.beyond != "" for hit in result.hits] == [False, True]
    assert [pack.name for pack in result.asked] == ["good"]
    page = road.call("quick", "--workers", "1", device).stdout
    assert "listed as known-good: 'triage run' does not report this file" in page


def test_the_first_hit_is_enough_when_asked(road: Road, device: Path) -> None:
    for number in range(300):
        (device / f"more{number:03}").write_bytes(BAD)
    take_list(road, "bad", [(BAD, KINDS, len(BAD), "")], Polarity.KNOWN_BAD)
    told: list[Event] = []
    result = quick(road, device, first_hit=True, told=told)
    assert result.ending is Ending.FIRST_HIT
    assert len(result.hits) == 1
    assert result.hits[0].bad
    assert result.tally.pending > 0
    assert result.tally.holds()
    assert [event.path for event in told if isinstance(event, HitFound)] == [
        result.hits[0].entry.ref.path
    ]
    done = road.call("quick", "--workers", "1", "--first-hit", device)
    assert code(done) == 3
    assert "Stopped at the first known-bad file, as asked" in done.stdout
    assert "There may be more" in done.stdout


class Broken(InlinePool):
    """Gives so many results and is then stopped, or loses what it is told to lose."""

    def __init__(self, *, stop_after: int = 10**9, lose: bytes = b"") -> None:
        self._left = stop_after
        self._lose = lose

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        for result in super().run(batches):
            if self._left <= 0:
                raise KeyboardInterrupt
            self._left -= 1
            lost = (
                self._lose and isinstance(result.item, EntryItem) and self._lose in result.item.row
            )
            yield Lost(item=result.item, kind=LossKind.CRASH, detail="gone") if lost else result


def test_an_interruption_keeps_what_was_found(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, KINDS, None, "")], Polarity.KNOWN_BAD)
    everything = set(paths(quick(road, device)))
    seen = set()
    for stop_after in range(40):
        try:
            result = quick(road, device, pool=Broken(stop_after=stop_after))
        except Interrupted:
            continue
        assert set(paths(result)) <= everything
        assert result.tally.holds()
        assert (result.ending is Ending.COMPLETE) or result.gaps
        seen.add((result.ending, len(result.hits)))
    assert {(Ending.INTERRUPTED, 0), (Ending.INTERRUPTED, 1), (Ending.COMPLETE, 2)} <= seen


def test_a_lost_entry_is_named(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, KINDS, len(BAD), "")], Polarity.KNOWN_BAD)
    result = quick(road, device, pool=Broken(lose=b"/good.bin"))
    assert [(one.path, one.reason) for one in result.unexamined] == [(b"/good.bin", "parser-crash")]
    assert result.gaps == ("1 file not examined: content crashed its reader",)
    assert len(result.hits) == 2
    assert result.tally.holds()


def test_a_damaged_set_ends_it_before_anything_is_told(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, KINDS, len(BAD), "")], Polarity.KNOWN_BAD)
    (pack,) = (road.home / "packs").glob("bad@*")
    column = pack / "md5-rows.col"
    raw = bytearray(column.read_bytes())
    raw[0] ^= 1
    column.write_bytes(raw)
    told: list[Event] = []
    with pytest.raises(HashSetError, match="content was changed"):
        quick(road, device, told=told)
    assert not any(isinstance(event, HitFound) for event in told)
    assert code(road.call("quick", "--workers", "1", device)) == 5


def test_a_set_that_was_checked_is_not_read_again_unless_it_changed(
    road: Road, device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_list(road, "bad", [(BAD, KINDS, len(BAD), "")], Polarity.KNOWN_BAD)
    read: list[str] = []

    def watched(folder: Path, file: PackFile) -> None:
        read.append(file.name)
        check_file(folder, file)

    monkeypatch.setattr("triage.matching.checking.SETTLED_S", 0)
    monkeypatch.setattr("triage.pipeline.quick.packs.check_file", watched)
    assert len(quick(road, device).hits) == 2
    first = list(read)
    assert "sha1-rows.col" in first
    assert len(quick(road, device).hits) == 2
    assert read == first
    (column,) = (road.home / "packs").glob("bad@*/sha1-rows.col")
    raw = bytearray(column.read_bytes())
    raw[0] ^= 1
    column.write_bytes(raw)
    with pytest.raises(HashSetError, match="content was changed in block 0"):
        quick(road, device)


def test_a_damaged_known_good_set_costs_no_hit(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, KINDS, len(BAD), "")], Polarity.KNOWN_BAD)
    take_list(road, "good", [(BOX, KINDS, len(BOX), "")], Polarity.KNOWN_GOOD)
    (pack,) = (road.home / "packs").glob("good@*")
    column = pack / "sizes.col"
    raw = bytearray(column.read_bytes())
    raw[0] ^= 1
    column.write_bytes(raw)
    result = quick(road, device)
    assert len(result.hits) == 2
    assert [pack.name for pack in result.unasked] == ["good"]
    assert len(result.gaps) == 1
    assert "not held against the known-good sets" in result.gaps[0]


def test_nothing_to_look_for_is_never_nothing_found(road: Road, device: Path) -> None:
    with pytest.raises(UsageFault, match="no reference set is imported"):
        quick(road, device)
    take_list(road, "good", [(BAD, KINDS, None, "")], Polarity.KNOWN_GOOD)
    with pytest.raises(UsageFault, match="only known-good sets"):
        quick(road, device)
    road.take(SAMPLES / "sample-pdq.txt", "pdq", Polarity.KNOWN_BAD)
    with pytest.raises(UsageFault, match="by appearance only"):
        quick(road, device)
    assert code(road.call("quick", "--workers", "1", device)) == 2
    take_list(road, "bad", [(BAD, KINDS, None, "")], Polarity.KNOWN_BAD)
    assert [pack.name for pack in quick(road, device).appearance_only] == ["pdq"]


def test_what_does_not_open_is_a_gap_and_alone_an_error(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, KINDS, None, "")], Polarity.KNOWN_BAD)
    absent = road.folder / "absent.E01"
    result = quick(road, device, absent)
    assert len(result.hits) == 2
    assert any("absent.E01" in gap for gap in result.gaps)
    with pytest.raises(EvidenceError):
        quick(road, absent)


def test_one_image_under_two_paths_is_refused(road: Road) -> None:
    take_list(road, "bad", [(BAD, KINDS, None, "")], Polarity.KNOWN_BAD)
    other = road.folder / "other"
    other.mkdir()
    (other / "ext2.raw").write_bytes((IMAGES / "ext2.raw").read_bytes())
    with pytest.raises(UsageFault, match="same evidence"):
        quick(road, IMAGES / "ext2.raw", other / "ext2.raw")


def test_the_report_explains_the_decision(road: Road, device: Path) -> None:
    (device / "good.bin").rename(os.fsdecode(os.fsencode(device) + b"/\x1b[31m\xff[red]=1"))
    take_list(road, "bad", [(BAD, KINDS, len(BAD), "")], Polarity.KNOWN_BAD)
    report = road.folder / "door.json"
    done = road.call("quick", "--workers", "1", device, "--report", report, "--json")
    assert code(done) == 0
    told = json.loads(done.stdout)
    kept = report.read_bytes()
    digest = hashlib.sha256(kept).hexdigest()
    assert (road.folder / "door.json.sha256").read_text() == f"{digest}  door.json\n"
    assert json.loads(kept) == told
    assert {hit["sha256"] for hit in told["hits"]} == {hashlib.sha256(BAD).hexdigest()}
    assert [bytes.fromhex(hit["path_hex"]) for hit in told["hits"]] == [
        b"/bad.bin",
        b"/box.zip/inner.bin",
    ]
    (pack,) = told["looked_for"]
    manifest = PackLibrary(road.home).manifest("bad")
    assert (pack["pack_sha256"], pack["records"]) == (manifest.pack_sha256, 1)
    assert told["evidence"][0]["name"] == "device"
    assert told["tally"]["holds"]
    assert not road.db.exists()
    assert sorted(path.name for path in road.home.iterdir()) == ["packs"]
    page = road.call("quick", "--workers", "1", device).stdout
    assert "2 KNOWN-BAD FILES (1 content)" in page
    assert "\x1b" not in page
    assert "\udcff" not in page


def test_a_report_goes_neither_into_evidence_nor_over_other_files(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, KINDS, len(BAD), "")], Polarity.KNOWN_BAD)
    assert code(road.call("quick", "--workers", "1", device, "--report", device / "door.json")) == 7
    assert (
        code(road.call("quick", "--workers", "1", device / "..", "--report", device / "bad.bin"))
        == 7
    )
    assert (device / "bad.bin").read_bytes() == BAD
    assert sorted(path.name for path in device.iterdir()) == [
        "bad.bin",
        "box.zip",
        "good.bin",
        "same-size.bin",
    ]
