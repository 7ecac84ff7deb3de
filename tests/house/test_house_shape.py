"""Names and sizes: what keeps every file readable in one sitting."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "triage").rglob("*.py"))
SCRIPTS = sorted(
    path
    for folder in ("tests", "scripts", "fixtures", "hashsets")
    for path in (ROOT / folder).rglob("*.py")
)
FORBIDDEN = {"utils", "util", "helpers", "common", "misc", "manager", "base", "core"}
LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplemented|not (yet )?implemented")
WORDS = re.compile(r"\b(TODO|FIXME)\b")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_module_is_small_and_has_a_name_of_its_own(path: Path) -> None:
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > 50
    ]
    assert long == []
    assert len(text.splitlines()) < 400
    assert not FORBIDDEN & set(path.relative_to(ROOT).with_suffix("").parts)
    assert ast.get_docstring(tree)
    assert not LATER.search(text)


def test_nothing_is_put_off() -> None:
    own = Path(__file__).resolve()
    assert [path for path in SCRIPTS if path != own and WORDS.search(path.read_text("utf-8"))] == []
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert [path for path in pages if WORDS.search(path.read_text("utf-8"))] == []


def test_links_between_pages_lead_somewhere() -> None:
    link = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in link.findall(page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []
