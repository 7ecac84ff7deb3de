"""What tests of the joined road share; ``road`` holds the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from postgresql import (  # noqa: F401  (fixtures are found by their names here)
    postgresql_server,
    postgresql_url,
    stoppable_postgresql,
    store_url,
)
from road import Road
from triage.pipeline.tasks import close_evidence
from triage.scheduler import ProcessPool


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    """Give an installation and a case database of its own."""
    yield Road(tmp_path)
    close_evidence()


@pytest.fixture(scope="module")
def two_workers() -> Iterator[ProcessPool]:
    """Give two real worker processes; started once a module, as starting is what costs."""
    pool = ProcessPool(workers=2, memory_limit_bytes=4 << 30)
    yield pool
    pool.close()
