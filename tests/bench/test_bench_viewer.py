"""The viewer: any place of a content will do, what is away or changed is said, nothing is kept."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from breaking_decoder import crash
from PIL import Image, ImageDraw

from road import IMAGES, Road, truth
from triage.bench import pictures
from triage.bench.pictures import Size, Viewer
from triage.model.picturefacts import PictureTag
from triage.model.rendition import NotShown, NotShownReason, Rendition
from triage.pipeline import calls
from triage.pipeline.items import ViewItem
from triage.pipeline.tasks import close_evidence
from triage.store.database import Stores


def drawn(number: int, kind: str = "JPEG", *, make: str = "") -> bytes:
    """Draw a harmless picture."""
    picture = Image.new("RGB", (320, 240), (number * 30 % 256, 90, 160))
    ImageDraw.Draw(picture).rectangle((10 * number, 20, 10 * number + 80, 120), fill="white")
    exif = Image.Exif()
    if make:
        exif[0x010F] = make
    out = io.BytesIO()
    picture.save(out, kind, exif=exif)
    return out.getvalue()


FILES = {
    "a.jpg": drawn(1, make="Drawn"),
    "copies/a.jpg": drawn(1, make="Drawn"),
    "b.png": drawn(2, "PNG"),
    "notes.txt": b"no picture at all, and long enough to be one",
    "film.mp4": b"\0\0\0\x18ftypisom\0\0\0\0isomiso2" + bytes(400),
}


def digest(name: str) -> bytes:
    return hashlib.sha256(FILES[name]).digest()


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    """Give a folder as evidence, already run."""
    folder = tmp_path / "phone"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    Road(tmp_path).run(folder)
    return folder


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(Road(tmp_path).database, create=True)
    yield made
    made.close()


@pytest.fixture
def viewer(phone: Path, stores: Stores) -> Iterator[Viewer]:
    """Give a viewer over the folder, in this process."""
    del phone
    made = Viewer(stores, workers=0)
    yield made
    made.close()
    close_evidence()


def show(viewer: Viewer, sha256: bytes, case_id: int = 1) -> Rendition | NotShown:
    return viewer.rendition(case_id, sha256, size=Size.SMALL, grey=True, blur=False)


def reason(viewer: Viewer, sha256: bytes, case_id: int = 1) -> NotShownReason:
    told = show(viewer, sha256, case_id)
    assert isinstance(told, NotShown), told
    return told.reason


def test_a_picture_is_shown_and_is_not_the_file(viewer: Viewer) -> None:
    for name in ("a.jpg", "b.png"):
        made = show(viewer, digest(name))
        assert isinstance(made, Rendition)
        assert (made.width, made.height, made.mime) == (256, 192, "image/jpeg")
        assert made.data not in FILES.values()
        assert b"Drawn" not in made.data


def test_tags_are_told(viewer: Viewer) -> None:
    told = viewer.tags(1, digest("a.jpg"))
    assert told == (PictureTag(group="picture", name="Make", value="Drawn"),)
    assert viewer.tags(1, digest("b.png")) == ()
    assert isinstance(viewer.tags(1, bytes(32)), NotShown)


def test_what_is_no_picture_has_a_reason(viewer: Viewer) -> None:
    assert reason(viewer, digest("film.mp4")) is NotShownReason.VIDEO
    assert reason(viewer, digest("notes.txt")) in {
        NotShownReason.UNSUPPORTED,
        NotShownReason.UNDECODABLE,
    }


def test_only_contents_of_the_case_are_known(viewer: Viewer, tmp_path: Path) -> None:
    assert reason(viewer, bytes(32)) is NotShownReason.UNKNOWN
    assert reason(viewer, digest("a.jpg"), case_id=2) is NotShownReason.UNKNOWN
    del tmp_path


def test_another_place_does_where_the_first_is_changed(viewer: Viewer, phone: Path) -> None:
    (phone / "a.jpg").write_bytes(drawn(7))
    assert isinstance(show(viewer, digest("a.jpg")), Rendition)
    (phone / "copies/a.jpg").unlink()
    assert reason(viewer, digest("a.jpg")) in {NotShownReason.CHANGED, NotShownReason.UNREADABLE}


def test_a_changed_content_is_never_shown(viewer: Viewer, phone: Path) -> None:
    (phone / "b.png").write_bytes(FILES["b.png"][:-1] + b"\0")
    assert reason(viewer, digest("b.png")) is NotShownReason.CHANGED


def test_evidence_that_is_away_is_said_and_shown_again_when_it_is_back(
    viewer: Viewer, phone: Path
) -> None:
    assert isinstance(show(viewer, digest("b.png")), Rendition)
    away = phone.rename(phone.with_name("unplugged"))
    told = show(viewer, digest("b.png"))
    assert isinstance(told, NotShown)
    assert told.reason is NotShownReason.AWAY
    assert told.detail.isprintable()
    away.rename(phone)
    assert isinstance(show(viewer, digest("b.png")), Rendition)


def test_other_evidence_at_the_same_place_is_not_taken_for_it(
    viewer: Viewer, phone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del phone
    monkeypatch.setattr("triage.pipeline.viewing.read_again", pytest.fail)

    def other(item: ViewItem) -> object:
        object.__setattr__(item.entry.ref, "evidence", "0123456789abcdef")
        return calls.show_picture(item)

    monkeypatch.setattr(pictures, "show_picture", other)
    assert reason(viewer, digest("b.png")) is NotShownReason.CHANGED


def test_every_reason_has_its_words() -> None:
    assert set(pictures.WORDS) == set(NotShownReason)


def test_pictures_of_an_image_are_those_of_the_recipe(tmp_path: Path) -> None:
    """All pictures that the run decoded are shown, archives and deleted ones included."""
    road = Road(tmp_path)
    road.run(IMAGES / "sample.E01")
    decoded = {
        bytes.fromhex(row["sha256"])
        for row in road.files()
        if (row.get("picture") or {}).get("pdq") or row.get("pdq")
    }
    assert decoded, [sorted(row) for row in road.files()[:1]]
    known = {row["sha256"] for row in truth("sample") if row.get("sha256")}
    assert len({one.hex() for one in decoded} & known) > 0
    stores = Stores(road.database)
    viewer = Viewer(stores, workers=2)
    try:
        with ThreadPoolExecutor(8) as threads:
            made = list(threads.map(lambda one: show(viewer, one), decoded))
        assert [one for one in made if not isinstance(one, Rendition)] == []
    finally:
        viewer.close()
        stores.close()


def test_a_decoder_that_breaks_costs_one_picture(
    phone: Path, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(phone)
    monkeypatch.setattr(pictures, "show_picture", crash)
    viewer = Viewer(stores, workers=2)
    try:
        names = ("a.jpg", "b.png") * 2
        with ThreadPoolExecutor(8) as threads:
            made = list(threads.map(lambda name: show(viewer, digest(name)), names))
        for name, one in zip(names, made, strict=True):
            if name == "a.jpg":
                assert isinstance(one, NotShown)
                assert one.reason is NotShownReason.CRASH
            else:
                assert isinstance(one, Rendition)
    finally:
        viewer.close()
    assert everything(phone) == before


def everything(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        os.path.relpath(path, folder): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


def test_close_is_said_to_who_asks_later(phone: Path, stores: Stores) -> None:
    del phone
    viewer = Viewer(stores, workers=1)
    viewer.close()
    assert reason(viewer, digest("a.jpg")) is NotShownReason.BUSY
