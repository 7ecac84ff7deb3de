from __future__ import annotations

from pathlib import Path

import pytest

from road import IMAGES, Road
from triage.pipeline import tasks


def test_how_folders_are_parted_among_answers_changes_nothing(
    road: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    road.run(IMAGES / "gpt.raw")
    other = Road(tmp_path / "other")
    other.folder.mkdir()
    monkeypatch.setattr(tasks, "ANSWER_ENTRIES", -1)
    other.run(IMAGES / "gpt.raw")
    assert other.files() == road.files()
    assert other.summary().problems == road.summary().problems
