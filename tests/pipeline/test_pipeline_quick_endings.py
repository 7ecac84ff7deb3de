"""A quick pass says how it ended: stopped, with losses, with sets or images that are refused."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from quickly import BAD, BOX, KINDS, bad_device, paths, quick, take_list
from road import IMAGES, SAMPLES, Road, code
from triage.errors import EvidenceError, HashSetError, Interrupted, UsageFault
from triage.matching.checking import check_file
from triage.matching.library import PackLibrary
from triage.matching.manifest import PackFile
from triage.model.event import Event, HitFound
from triage.model.hashset import Polarity
from triage.pipeline.quick.result import Ending
from triage.pipeline.quick.values import EntryItem
from triage.scheduler import Batch, InlinePool, LossKind, Lost, Result


@pytest.fixture
def device(road: Road) -> Path:
    return bad_device(road)


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
