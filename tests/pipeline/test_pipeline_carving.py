"""What no file holds is looked through once: the same entries however the work is parted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from planted import Planted, has_ffmpeg, picture, planted, seeded, video
from road import CASE, EXHIBIT, FIXTURES, IMAGES, Road, code
from triage.errors import Interrupted
from triage.ingest.evidence import open_evidence
from triage.ingest.spaces import space_of
from triage.model.carving import CarvedSpace, CarveMode, Space
from triage.model.event import Progress, Stage
from triage.pipeline import carvetasks, carving
from triage.pipeline.carveitems import PartItem
from triage.pipeline.freespace import slack, without
from triage.scheduler import InlinePool, ProcessPool
from triage.store.carvings import carved_spaces
from triage.store.database import open_store
from triage.store.lookedtables import videos
from triage.store.tables import problems

UNALLOCATED = CarveMode.UNALLOCATED


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def carved(road: Road) -> list[dict[str, Any]]:
    return [one for one in road.files() if one["origin"] == "carved"]


def spaces(road: Road, evidence_id: int = 1) -> dict[tuple[str, Space], CarvedSpace]:
    with open_store(road.database) as store:
        return carved_spaces(store.connection, evidence_id)


@pytest.fixture(scope="module")
def medium(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Planted]]:
    """Give a medium without partitions on which pictures lie, and those pictures."""
    rng = seeded(42)
    contents = [(kind, picture(rng, kind)) for kind in ("jpg", "png", "gif", "webp") * 3]
    body, files = planted(rng, 2 << 20, contents, start=8192, damaged=0.3)
    image = tmp_path_factory.mktemp("medium") / "bare.raw"
    image.write_bytes(body)
    return image, files


def test_a_medium_without_a_file_system_is_looked_through(
    road: Road, medium: tuple[Path, list[Planted]]
) -> None:
    image, files = medium
    road.run(image, carve=UNALLOCATED)
    found = {int(one["path"][9:25]): one for one in carved(road)}
    for one in files:
        if not one.damage:
            assert found[one.at]["sha256"] == sha(one.data)
            assert not found[one.at]["partial"]
    assert not set(found) - {one.at for one in files}
    told = spaces(road)["p0", Space.UNALLOCATED]
    assert (told.total_bytes, told.done_bytes) == (image.stat().st_size,) * 2
    assert told.found == len(found)
    inside = [one for one in road.files() if one["origin"] != "carved"]
    thumbnails = sum(b"Exif" in one.data[:64] for one in files if not one.damage)
    assert len(inside) >= thumbnails > 0
    assert {one["origin"] for one in inside} == {"thumbnail"}
    tally = road.summary().tally
    assert tally.listed == tally.digested == len(found) + len(inside)


@pytest.mark.parametrize("part_bytes", [1 << 14, 100_003])
def test_how_the_space_is_parted_changes_nothing(
    road: Road,
    medium: tuple[Path, list[Planted]],
    part_bytes: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    road.run(medium[0], carve=UNALLOCATED)
    other = Road(tmp_path / "other")
    other.folder.mkdir()
    monkeypatch.setattr(carving, "PART_BYTES", part_bytes)
    other.run(medium[0], carve=UNALLOCATED)
    assert other.files() == road.files()
    assert spaces(other) == spaces(road)


def test_what_is_too_large_for_a_visit_is_read_like_any_other_entry(
    road: Road,
    medium: tuple[Path, list[Planted]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    road.run(medium[0], carve=UNALLOCATED)
    other = Road(tmp_path / "other")
    other.folder.mkdir()
    monkeypatch.setattr(carvetasks, "VISIT_BYTES", 0)
    other.run(medium[0], carve=UNALLOCATED)
    assert other.files() == road.files()


def test_workers_in_any_order_find_the_same(
    road: Road,
    medium: tuple[Path, list[Planted]],
    two_workers: ProcessPool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    road.run(medium[0], carve=UNALLOCATED)
    other = Road(tmp_path / "other")
    other.folder.mkdir()
    monkeypatch.setattr(carving, "PART_BYTES", 1 << 16)
    other.run(medium[0], carve=UNALLOCATED, pool=two_workers, workers=2)
    assert other.files() == road.files()
    assert spaces(other) == spaces(road)


class Stopping(InlinePool):
    """Is stopped, as by Ctrl-C, after so many parts of a space."""

    def __init__(self, parts: int) -> None:
        super().__init__()
        self._left = parts

    def run(self, batches: Any) -> Iterator[Any]:
        for result in super().run(batches):
            if isinstance(result.item, PartItem):
                self._left -= 1
                if self._left < 0:
                    raise KeyboardInterrupt
            yield result


@pytest.mark.parametrize("parts", [1, 12])
def test_a_run_that_was_stopped_goes_on_where_it_was(
    road: Road,
    medium: tuple[Path, list[Planted]],
    parts: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = Road(tmp_path / "other")
    other.folder.mkdir()
    other.run(medium[0], carve=UNALLOCATED)
    monkeypatch.setattr(carving, "PART_BYTES", 1 << 16)
    monkeypatch.setattr(carving, "SETTLE_INTERVAL_S", -1.0)
    with pytest.raises(Interrupted):
        road.run(medium[0], carve=UNALLOCATED, pool=Stopping(parts))
    before = spaces(road)["p0", Space.UNALLOCATED]
    assert not before.complete
    assert before.done_bytes >= parts << 16
    road.run(medium[0], carve=UNALLOCATED)
    told = [one for one in road.events if isinstance(one, Progress) and one.stage is Stage.CARVING]
    assert told[-1].total_bytes == before.total_bytes - before.done_bytes
    assert sorted(road.files(), key=str) == sorted(other.files(), key=str)
    assert spaces(road) == spaces(other)


def test_a_space_that_was_looked_through_is_not_again(
    road: Road, medium: tuple[Path, list[Planted]]
) -> None:
    road.run(medium[0], carve=UNALLOCATED)
    before = road.files()
    road.run(medium[0], carve=UNALLOCATED)
    assert road.files() == before
    assert not [
        one
        for one in road.events
        if isinstance(one, Progress) and one.stage is Stage.CARVING and one.done_bytes
    ]


def with_picture(
    name: str, folder: Path, volume: str, shown: str = "canyon.jpg"
) -> tuple[Path, int, bytes]:
    """Give an image of the fixtures with a picture in the last wiped space of a volume."""
    data = (FIXTURES / "pictures" / shown).read_bytes()
    evidence = open_evidence(IMAGES / name)
    stretches = space_of(evidence, volume).stretches
    evidence.close()
    body = bytearray((IMAGES / name).read_bytes())
    place = max(
        at
        for start, length in stretches
        for at in range(-(-start // 4096) * 4096, start + length - len(data), 4096)
        if not any(body[at : at + len(data)])
    )
    body[place : place + len(data)] = data
    image = folder / name
    image.write_bytes(body)
    return image, place, data


@pytest.mark.parametrize(
    ("name", "volume"),
    [
        *((f"{name}.raw", "p0") for name in ("fat16", "exfat", "ntfs", "ext2", "ext4", "ufs1")),
        *(("gpt.raw", "p1"), ("gpt.raw", "p2")),
    ],
)
def test_free_space_of_a_file_system_is_looked_through(
    road: Road, tmp_path: Path, name: str, volume: str
) -> None:
    image, place, data = with_picture(name, tmp_path, volume)
    road.run(image)
    assert carved(road) == []
    plain = {one["path_hex"]: one for one in road.files()}
    road.run(image, carve=UNALLOCATED)
    found = {int(one["path"][9:25]): one for one in carved(road)}
    assert found[place]["sha256"] == sha(data)
    assert found[place]["volume"] == volume
    assert found[place]["allocation"] == "deleted"
    assert found[place]["physical_offset_bytes"] == place
    others = {one["path_hex"]: one for one in road.files() if one["origin"] != "carved"}
    assert others == plain


def test_deleted_pictures_whose_places_ext_forgot_are_found(road: Road) -> None:
    """lantern.jpg and market.jpg were deleted: their records are empty, their blocks are free."""
    road.run(IMAGES / "ext2.raw", carve=UNALLOCATED)
    pictures = FIXTURES / "pictures"
    wanted = {sha((pictures / name).read_bytes()) for name in ("lantern.jpg", "market.jpg")}
    assert {one["sha256"] for one in carved(road)} == wanted


def test_what_lies_between_partitions_is_looked_through(road: Road, tmp_path: Path) -> None:
    data = (FIXTURES / "pictures" / "flat.png").read_bytes()
    body = bytearray((IMAGES / "gpt.raw").read_bytes())
    place = 40 * 512  # behind the table, before the first partition
    assert not any(body[place : place + len(data)])
    body[place : place + len(data)] = data
    image = tmp_path / "gap.raw"
    image.write_bytes(body)
    road.run(image, carve=UNALLOCATED)
    (found,) = carved(road)
    assert (found["volume"], found["sha256"]) == ("unpartitioned", sha(data))
    assert spaces(road)["", Space.UNPARTITIONED].found == 1
    road.run(image, carve=UNALLOCATED)
    assert len(carved(road)) == 1


def test_slack_is_looked_through_where_it_is_asked_for(road: Road, tmp_path: Path) -> None:
    data = (FIXTURES / "pictures" / "flat.png").read_bytes()
    body = bytearray((IMAGES / "exfat.raw").read_bytes())
    road.run(IMAGES / "exfat.raw", exhibit="PLAIN")
    with open_store(road.database) as store:
        rows = store.connection.execute(
            text(
                "select first_block_offset_bytes + size_bytes, size_bytes from entries "
                "where state = 'digested' and extents = x'01' and allocation = 'live'"
            )
        ).all()
    ends = [end for end, size in rows if 0 < size % 4096 < 4096 - 1024 and size > 512]
    place = next(end for end in ends if not any(body[end : end + 900]))
    body[place : place + len(data)] = data
    image = tmp_path / "slack.raw"
    image.write_bytes(body)
    road.run(image, carve=UNALLOCATED)
    assert carved(road) == []
    road.run(image, carve=CarveMode.SLACK)
    (found,) = carved(road)
    assert found["sha256"] == sha(data)
    assert int(found["path"][9:25]) == place
    assert spaces(road, 2)["p0", Space.SLACK].complete


def test_a_carved_content_that_is_known_counts_by_its_place_alone(
    road: Road, tmp_path: Path
) -> None:
    image, _, data = with_picture("fat16.raw", tmp_path, "p0", "harbour.jpg")
    road.run(image, carve=UNALLOCATED)
    same = [one for one in road.files() if one["sha256"] == sha(data)]
    assert {one["origin"] for one in same} == {"file", "carved"}
    with open_store(road.database) as store:
        count = store.connection.execute(
            text("select count(*) from contents where hex(sha256) = :sha"),
            {"sha": sha(data).upper()},
        ).scalar_one()
    assert count == 1


def test_a_part_that_costs_its_worker_is_named(
    road: Road, medium: tuple[Path, list[Planted]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_item: PartItem) -> None:
        raise RuntimeError("poison")

    monkeypatch.setattr(carving, "search_part", broken)
    verdict = road.run(medium[0], carve=UNALLOCATED)
    assert verdict.gaps
    with open_store(road.database) as store:
        kinds = store.connection.execute(select(problems.c.kind, problems.c.detail)).all()
    assert [kind for kind, _ in kinds if kind == "worker-crash"]
    assert any("could not be looked through" in detail for _, detail in kinds)


def test_folders_have_no_space_to_look_through(road: Road, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.jpg").write_bytes((FIXTURES / "pictures" / "canyon.jpg").read_bytes())
    road.run(folder, carve=UNALLOCATED)
    assert spaces(road) == {}


def test_the_command_carves_unless_it_is_told_not_to(road: Road, tmp_path: Path) -> None:
    image, place, _ = with_picture("fat16.raw", tmp_path, "p0")
    words = ("--exhibit", EXHIBIT, "--workers", "1", "--skip-pictures")
    assert code(road.on_case("run", image, *words, "--carve", "none")) == 3
    assert carved(road) == []
    assert code(road.on_case("run", image, *words)) == 3
    assert [int(one["path"][9:25]) for one in carved(road)] == [place]
    assert CASE


Places = st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 700)), max_size=8)


@given(Places, Places)
def test_what_files_hold_is_taken_out_as_by_a_linear_count(
    free: list[tuple[int, int]], held: list[tuple[int, int]]
) -> None:
    ordered, end = [], 0
    for start, length in sorted(free):
        if start > end:
            ordered.append((start, length))
            end = start + length
    left = without(tuple(ordered), held)
    taken = {at for start, length in held for at in range(start, start + length)}
    free_bytes = {at for start, length in ordered for at in range(start, start + length)} - taken
    told = [at for start, length in left for at in range(start, start + length)]
    assert told == sorted(set(told))
    assert set(told) <= free_bytes
    short = free_bytes - set(told)
    runs = sum(at - 1 not in short for at in short)
    assert len(short) <= runs * 127


@given(st.lists(st.integers(0, 10_000), max_size=9), st.integers(0, 600), st.integers(0, 2048))
def test_slack_ends_with_its_block(ends: list[int], heap: int, block: int) -> None:
    for start, length in slack([heap + end for end in ends], heap, block):
        assert (start + length - heap) % block == 0
        assert 128 <= length < block


@pytest.mark.skipif(not has_ffmpeg(), reason="ffmpeg is not installed")
def test_a_carved_video_is_looked_into(road: Road, tmp_path: Path) -> None:
    data = video(seeded(3), "mp4", tmp_path)
    image = tmp_path / "video.raw"
    image.write_bytes(b"nothing here is a file system ".ljust(8192, b".") + data + bytes(8192))
    road.run(image, carve=UNALLOCATED)
    (found,) = carved(road)
    assert found["sha256"] == sha(data)
    with open_store(road.database) as store:
        states = store.connection.execute(select(videos.c.state)).scalars().all()
    assert states == ["hashed"]


def test_a_server_keeps_the_same(road: Road, postgresql_url: str, tmp_path: Path) -> None:
    road.run(IMAGES / "ext2.raw", carve=UNALLOCATED)
    other = Road(tmp_path / "other", url=postgresql_url)
    other.folder.mkdir()
    other.run(IMAGES / "ext2.raw", carve=UNALLOCATED)
    assert other.files() == road.files()
    assert spaces(other) == spaces(road)
