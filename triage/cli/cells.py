"""Cells of tables on a terminal: as wide as their column, and no wider than a person reads."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

MOST = 60
"""Columns that one cell takes at most; a name of thousands of letters would bury all others."""


def clipped(words: str, most: int = MOST) -> str:
    """Cut words that are wider than ``most`` columns; an ellipsis stands for the rest."""
    if cell_len(words) <= most:
        return words
    if words[most : most + 1] == " ":
        return words[:most]
    return set_cell_size(words, max(most - 1, 0)) + "…" if most else ""


def aligned(words: str, width: int, *, right: bool) -> str:
    """Give a cell of just that many columns."""
    shown = clipped(words, width)
    blank = " " * (width - cell_len(shown))
    return blank + shown if right else shown + blank
