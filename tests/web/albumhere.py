"""A case that holds an album of harmless drawn pictures, examined once, for the bench's pages."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from road import Road, drawn_album
from suitehere import open_suite, people
from triage.model.hashset import Polarity
from triage.store.settings import set_settings
from triage.web.suite import Suite

PICTURES = 44
"""Of the album: four series, the others alone."""


@pytest.fixture(scope="session")
def album_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Examine the first pictures of the album once a session, and add the accounts."""
    folder = tmp_path_factory.mktemp("album")
    road = Road(folder)
    road.home.mkdir(mode=0o700)
    leaves = drawn_album().write(folder / "album", PICTURES)
    known = folder / "known.md5"
    known.write_text(hashlib.md5(leaves[-1].data).hexdigest() + "\n")  # noqa: S324  (as hash lists have it)
    road.take(known, "known", Polarity.KNOWN_BAD, "", "1")
    road.confirm("uk-names")
    road.run(folder / "album")
    with open_suite(road.database, road.home) as made:
        people(made)
        with made.stores.open() as store:
            settings = {"grading_scheme": "uk-names"}
            set_settings(store.connection, settings, by="Ada Administrator", now_s=made.now_s())
            store.connection.commit()
    return folder


@pytest.fixture
def album(album_once: Path, tmp_path: Path) -> Iterator[Suite]:
    """Give an installation whose case OP-X, exhibit ABC/1, holds the album."""
    folder = tmp_path / "installed"
    shutil.copytree(album_once, folder, ignore=shutil.ignore_patterns("album"))
    road = Road(folder)
    with open_suite(road.database, road.home) as made:
        yield made
