"""A database is its owner's alone: it names evidence and holds digests of passwords."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from triage.store.database import Stores
from triage.store.settings import set_settings

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights elsewhere")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_database_and_its_folder_are_read_by_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        stores = Stores(f"sqlite:///{tmp_path / 'home' / 'cases.sqlite'}", create=True)
        with stores.open() as store:
            set_settings(store.connection, {"unit_name": "DFU"}, by="test", now_s=0)
            store.connection.commit()
            lying = sorted((tmp_path / "home").iterdir())
            assert len(lying) == 3  # with its log and the index of that
            assert {mode(one) for one in lying} == {0o600}
        stores.close()
    finally:
        os.umask(before)
    assert mode(tmp_path / "home") == 0o700


def test_what_an_owner_lets_others_read_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "cases.sqlite"
    Stores(f"sqlite:///{path}", create=True).close()
    path.chmod(0o640)
    Stores(f"sqlite:///{path}", create=True).close()
    assert mode(path) == 0o640
