"""Pages: what stands on one, and how it becomes a single HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from triage.export.drawing import Chart, Table, svg_inside
from triage.model.display import printable

PAGE_START = '<!DOCTYPE html>\n<html lang="en-GB" data-made-by="triage">'
"""How our pages begin, and no page that may be evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One figure that is read first."""

    label: str
    figure: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a page, in the order sentences, charts with their tables, tables, definitions."""

    heading: str
    sentences: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    definitions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What stands on a page; all of it is text, nothing is markup.

    Attributes:
        lead: sentences that say the most important first; ``alerts``: what must not be overlooked.
        asides: sentences beside the last chart, on a paper.
        styles: names of style sheets in ``pages/``.
        foot: from what, when and how it was made, so that it can be made again.
    """

    title: str
    subtitle: str
    lead: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    tiles: tuple[Tile, ...] = ()
    sections: tuple[Section, ...] = ()
    asides: tuple[Section, ...] = ()
    foot: tuple[str, ...] = ()
    body_class: str = ""
    styles: tuple[str, ...] = ("page.css",)


def render(page: Page, *, template: str = "page.html") -> str:
    """Give the page as one HTML file; the same page gives the same bytes."""
    return _pages().get_template(template).render(page=page)


@cache
def _pages() -> Environment:
    pages = Environment(
        loader=PackageLoader("triage.export", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    # What a chart says of names was escaped by the SVG writer.
    pages.globals["drawn"] = svg_inside
    pages.globals["style"] = _style
    return pages


def _shown(value: object) -> object:
    """Make every text that a template puts out safe to read; markup made here stays as it is."""
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _style(names: Sequence[str]) -> str:
    sheets = resources.files("triage.export").joinpath("pages")
    texts = [sheets.joinpath(name).read_text("utf-8") for name in names]
    return "".join(texts)
