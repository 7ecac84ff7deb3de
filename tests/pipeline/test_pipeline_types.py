"""What one worker finds out for telling types is told to all, and may be lost without harm."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from road import Road
from triage.pipeline.calls import take_types
from triage.pipeline.items import TypesItem
from triage.scheduler import Batch, InlinePool, LossKind, Lost, Result


class Watched(InlinePool):
    """Keeps what workers are to be told; loses what one has found out for all, where asked to."""

    def __init__(self, *, lose: bool) -> None:
        self._lose = lose
        self.told: list[Callable[[Any], None]] = []

    def prepare(self, function: Callable[[Any], None], value: Any) -> None:
        self.told.append(function)
        super().prepare(function, value)

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        for result in super().run(batches):
            lost = self._lose and isinstance(result.item, TypesItem)
            yield Lost(item=result.item, kind=LossKind.CRASH, detail="gone") if lost else result


@pytest.fixture
def device(road: Road) -> Path:
    """Give a folder of contents that only libmagic might know."""
    chance = random.Random(5)  # noqa: S311  (made-up content, no secret)
    folder = road.folder / "device"
    folder.mkdir()
    for number in range(20):
        (folder / f"f{number}").write_bytes(b"\x83" + chance.randbytes(9000))
    return folder


def test_it_is_told_once_and_only_where_there_are_others(road: Road, device: Path) -> None:
    for workers, times in ((1, 0), (2, 1)):
        pool = Watched(lose=False)
        road.run(device, pool=pool, workers=workers, exhibit=f"W/{workers}")
        assert pool.told.count(take_types) == times


def test_its_loss_changes_nothing(road: Road, device: Path) -> None:
    road.run(device)
    alone = road.files()
    road.db.unlink()
    pool = Watched(lose=True)
    road.run(device, pool=pool, workers=2)
    assert take_types not in pool.told
    assert road.files() == alone
    assert len(alone) == 20
