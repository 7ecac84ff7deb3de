"""A run keeps what pictures say of themselves, whoever decodes them and wherever it is stopped."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from road import CASE, EXHIBIT, Road
from triage.model.picturefacts import PictureFacts
from triage.scheduler import ProcessPool
from triage.store import picturefacts
from triage.store.database import open_store


def drawn(number: int, *, make: str = "") -> bytes:
    """Draw a harmless picture; with a maker it has EXIF."""
    picture = Image.new("RGB", (64, 48), (number * 40, 90, 160))
    ImageDraw.Draw(picture).ellipse((8 + number, 8, 40, 40), fill="white")
    exif = Image.Exif()
    if make:
        exif[0x010F], exif[0x0110] = make, f"M{number}"
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


PICTURES = {
    "a.jpg": drawn(1, make="Drawn"),
    "b.jpg": drawn(2, make="=cmd()\n"),
    "c.jpg": drawn(3),
    "broken.jpg": drawn(4, make="Drawn")[:400],
}
TOLD = {
    "a.jpg": PictureFacts(make="Drawn", model="M1"),
    "b.jpg": PictureFacts(make="=cmd()", model="M2"),
    "broken.jpg": PictureFacts(make="Drawn", model="M4"),
}


def facts(road: Road) -> dict[bytes, PictureFacts]:
    with open_store(road.database) as store:
        (exhibit_id,) = store.exhibit_ids(CASE, EXHIBIT)
        digests = [hashlib.sha256(data).digest() for data in PICTURES.values()]
        asked = picturefacts.facts_of(store.connection, [exhibit_id], digests)
        (case_id,) = store.connection.exec_driver_sql("SELECT id FROM cases").scalars()
        assert dict(picturefacts.all_facts(store.connection, case_id)) == asked
        return asked


@pytest.mark.parametrize("workers", [0, 2])
def test_facts_are_kept_and_the_same_on_every_pool(tmp_path: Path, workers: int) -> None:
    folder = tmp_path / "phone"
    folder.mkdir()
    for name, data in PICTURES.items():
        (folder / name).write_bytes(data)
    road = Road(tmp_path)
    pool = ProcessPool(workers=workers) if workers else None
    try:
        road.run(folder, pool=pool)
        expected = {hashlib.sha256(PICTURES[name]).digest(): one for name, one in TOLD.items()}
        assert facts(road) == expected
        road.run(folder, pool=pool)
        road.run(folder, pool=pool, turned=True)
        assert facts(road) == expected
    finally:
        if pool is not None:
            pool.close()
