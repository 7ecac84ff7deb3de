"""The album of drawn pictures: the same each time, and what its maker says is in the files."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from road import drawn_album

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture(scope="module")
def album() -> Any:
    return drawn_album()


def test_an_album_is_the_same_each_time_and_says_what_its_cameras_say(
    album: Any, tmp_path: Path
) -> None:
    leaves = album.write(tmp_path, 22)
    again = album.leaves(22)
    assert [one.data for one in again] == [one.data for one in leaves]
    assert len({one.path for one in leaves}) == 22
    for leaf in leaves:
        data = tmp_path.joinpath(*leaf.path.split("/")).read_bytes()
        assert hashlib.sha256(data).digest() == hashlib.sha256(leaf.data).digest()
        with Image.open(io.BytesIO(data)) as picture:
            exif = picture.getexif()
            assert exif.get(0x010F) == (leaf.camera.make if leaf.camera else None)
            assert bool(exif.get_ifd(0x8825)) == (leaf.place is not None)
    first = [one for one in leaves if one.motif == leaves[0].motif]
    assert sum(one.data == first[0].data for one in first) == 3
