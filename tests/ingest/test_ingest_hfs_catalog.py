from __future__ import annotations

from pathlib import Path

import pytest
import pytsk3
from hypothesis import given
from hypothesis import strategies as st

from triage.ingest.filesystems.hfs_catalog import Catalog, CatalogError

IMAGE = Path(__file__).parents[2] / "fixtures" / "images" / "hfsplus.raw"


def test_folders_that_the_peer_lists_are_listed_alike() -> None:
    opened = pytsk3.FS_Info(pytsk3.Img_Info(str(IMAGE)))
    catalog = Catalog(opened.open_meta(4).read_random)
    todo, compared = [2], 0
    while todo:
        folder = todo.pop()
        own = [(child.raw, child.identifier) for child in catalog.children(folder)]
        todo.extend(child.identifier for child in catalog.children(folder) if child.folder)
        try:
            peer = [
                (file.info.name.name, file.info.name.meta_addr)
                for file in opened.open_dir(inode=folder)
                if file.info.name
            ]
        except OSError:
            continue
        assert own == [each for each in peer if each[1] >= 16 and each[0] not in (b"..", b".")]
        compared += 1
    assert compared >= 10


@given(st.binary(min_size=0, max_size=2048), st.integers(0, 2**32 - 1))
def test_hostile_catalogs_end_in_names_or_an_error(noise: bytes, folder: int) -> None:
    header = bytearray(512)
    header[8] = 1
    header[16:20] = (1).to_bytes(4, "big")
    header[32:34] = (512).to_bytes(2, "big")
    header[36:40] = (5).to_bytes(4, "big")
    raw = bytes(header) + noise
    catalog = Catalog(lambda offset, length: raw[offset : offset + length])
    with pytest.raises(CatalogError) if len(noise) < 512 else _anything():
        list(catalog.children(folder))


class _anything:  # noqa: N801 (reads as a phrase)
    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return error is None or isinstance(error, CatalogError)
