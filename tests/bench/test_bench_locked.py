"""Pictures of evidence that is locked are shown with its secret, and are otherwise said not to."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from ios_recipe import PASSWORD, Item, Recipe
from road import CASE, EXHIBIT, Road
from triage.bench.pictures import Size, Viewer
from triage.grading.scheme import SchemeBook
from triage.ingest.secrets import take_secrets
from triage.matching.library import PackLibrary
from triage.model.rendition import NotShown, NotShownReason, Rendition
from triage.model.secret import Secrets
from triage.pipeline.run import ExhibitRun, RunRequest
from triage.pipeline.tasks import close_evidence
from triage.scheduler import InlinePool
from triage.store.database import Stores, open_store

GIVEN = Secrets(texts=("wrong", PASSWORD))


@pytest.fixture(scope="module")
def picture() -> bytes:
    """Give a harmless picture."""
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def stores(tmp_path: Path, picture: bytes) -> Iterator[Stores]:
    """Give a case whose evidence is an encrypted backup that was opened."""
    item = Item(domain="CameraRollDomain", relative="Media/DCIM/a.JPG", content=picture)
    phone = Recipe([item], password=PASSWORD).write(tmp_path / "phone")
    road = Road(tmp_path)
    request = RunRequest(case=CASE, exhibit=EXHIBIT, images=(phone,), secrets=GIVEN)
    with open_store(road.database, create=True) as store:
        ExhibitRun(
            request=request,
            store=store,
            pool=InlinePool(),
            library=PackLibrary(road.home),
            book=SchemeBook(road.home),
            tell=road.events.append,
        ).run()
    close_evidence()
    take_secrets(Secrets())
    made = Stores(road.database)
    yield made
    made.close()
    close_evidence()
    take_secrets(Secrets())


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("secrets", [Secrets(), GIVEN], ids=["without", "with"])
def test_a_picture_behind_a_lock_is_shown_with_its_secret_alone(
    stores: Stores, picture: bytes, workers: int, secrets: Secrets
) -> None:
    viewer = Viewer(stores, workers=workers, secrets=secrets)
    try:
        made = viewer.rendition(
            1, hashlib.sha256(picture).digest(), size=Size.SMALL, grey=True, blur=False
        )
    finally:
        viewer.close()
    if secrets:
        assert isinstance(made, Rendition)
    else:
        assert isinstance(made, NotShown)
        assert made.reason is NotShownReason.UNREADABLE
        assert PASSWORD not in made.detail
