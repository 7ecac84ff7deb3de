"""Thumbnails and their originals: by where they lie, by name, by looks, or absent."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from road import Road
from thumbnail_recipe import jpeg_with_exif, thumbcache, thumbs_db
from triage.model.thumbnail import LinkHow


def painted(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Give a picture with features of its own: blotches from a small field of seeded numbers."""
    state, cells = seed, []
    for _ in range(12 * 9 * 3):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        cells.append(state >> 16 & 255)
    field = Image.frombytes("RGB", (12, 9), bytes(cells))
    return field.resize(size, Image.Resampling.BICUBIC)


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def small(seed: int) -> bytes:
    return jpeg(painted(seed).resize((160, 120), Image.Resampling.LANCZOS), 75)


@pytest.fixture
def device(tmp_path: Path) -> Path:
    folder = tmp_path / "device"
    (folder / "Pictures").mkdir(parents=True)
    (folder / "Explorer").mkdir()
    (folder / "Pictures/there.jpg").write_bytes(jpeg(painted(1)))
    (folder / "Pictures/own.jpg").write_bytes(jpeg_with_exif(small(2), jpeg(painted(2))))
    copies = [("there.jpg", small(1)), ("gone.jpg", small(3))]
    (folder / "Pictures/Thumbs.db").write_bytes(thumbs_db(copies))
    cache = thumbcache(32, [(0x11, small(2)), (0x22, small(4))])
    (folder / "Explorer/thumbcache_256.db").write_bytes(cache)
    return folder


def links(road: Road) -> dict[str, tuple[str, str | None]]:
    return {
        one["path"]: (one["original"]["how"], one["original"]["path"])
        for one in road.files("--origin", "thumbnail")
    }


def test_each_thumbnail_is_linked_by_the_strongest_way(road: Road, device: Path) -> None:
    road.run(device)
    found = links(road)
    cached = {path: link for path, link in found.items() if "thumbcache" in path}
    assert found["/Pictures/Thumbs.db/there.jpg"] == ("name", "/Pictures/there.jpg")
    assert found["/Pictures/Thumbs.db/gone.jpg"] == ("absent", None)
    embedded = [link for path, link in found.items() if path.startswith("/Pictures/own.jpg/")]
    assert embedded == [("embedded", "/Pictures/own.jpg")]
    assert sorted(cached.values(), key=str) == [("absent", None), ("looks", "/Pictures/own.jpg")]
    assert len(found) == 5


def test_they_are_counted_apart(road: Road, device: Path) -> None:
    road.run(device)
    summary = road.summary()
    places = dict(summary.coverage.places)
    assert places["thumbnail"] == 5
    assert places["live"] == 4, "two pictures and the two caches"
    counted = {LinkHow.EMBEDDED: 1, LinkHow.NAME: 1, LinkHow.LOOKS: 1, LinkHow.ABSENT: 2}
    assert dict(summary.coverage.thumbnails) == counted
    assert sum(places.values()) == summary.tally.digested
    page = road.on_case("report").stdout
    assert "thumbnails 5" in page
    assert "original absent 2" in page


def test_the_links_of_a_later_run_take_the_place_of_those_before(road: Road, device: Path) -> None:
    road.run(device)
    before = links(road)
    road.run(device)
    assert links(road) == before
    assert sum(count for _, count in road.summary().coverage.thumbnails) == 5


def test_a_thumbnail_of_a_picture_that_is_itself_a_thumbnail_alone_is_absent(
    road: Road, tmp_path: Path
) -> None:
    folder = tmp_path / "two"
    folder.mkdir()
    for name in ("a", "b"):
        data = thumbcache(32, [(0x33, small(5) + name.encode())])
        (folder / f"thumbcache_{name}.db").write_bytes(data)
    road.run(folder)
    assert {how for how, _ in links(road).values()} == {"absent"}
