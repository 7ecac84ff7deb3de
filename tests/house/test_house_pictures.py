"""Pictures and pages agree: each that is named is there, and each that is there is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
SHOWN = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
BYTES = 200_000
COLOURS = 256


def shown() -> dict[Path, list[str]]:
    """Give the words of every picture of every page, by its file."""
    found: dict[Path, list[str]] = {}
    for page in PAGES:
        for words, path in SHOWN.findall(page.read_text("utf-8")):
            found.setdefault((page.parent / path).resolve(), []).append(words)
    return found


def test_every_picture_that_a_page_shows_is_there_and_says_in_words_what_it_shows() -> None:
    assert [path for path in shown() if not path.is_file()] == []
    assert [path for path, words in shown().items() if not all(map(str.strip, words))] == []


def test_every_picture_is_shown_by_a_page() -> None:
    assert set(PICTURES.iterdir()) - set(shown()) == set()


def test_every_picture_is_taken_by_the_walk_through() -> None:
    scripts = "".join(path.read_text("utf-8") for path in (ROOT / "scripts").glob("walkthrough*"))
    assert [path.name for path in PICTURES.iterdir() if f'"{path.stem}"' not in scripts] == []


@pytest.mark.parametrize("path", sorted(PICTURES.iterdir()), ids=lambda path: path.name)
def test_a_picture_is_small_and_of_few_colours(path: Path) -> None:
    assert path.stat().st_size < BYTES
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.mode == "P"
        assert len(picture.getcolors(COLOURS) or ()) > 1
        assert set(picture.info) <= {"transparency", "gamma"}
