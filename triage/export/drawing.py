"""A chart with its table, and how it becomes SVG or PNG: the same bytes for the same figures."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure, FigureBase
from matplotlib.ticker import FuncFormatter, MaxNLocator

BLUE, VERMILION, GREEN, INK, GREY = "#0072b2", "#c04f00", "#007a59", "#0b0c0c", "#505a5f"
"""After Okabe and Ito's palette, which people with any kind of colour vision tell apart; darkened
to 4.5 : 1 or more against white.
"""
SEQUENCE = ("#d7e6f2", "#9fc3df", "#5f9bc6", "#2b6ca3", "#0b3a66")
"""Light to dark, for what is ordered: the order can be seen without any colour."""
_TITLE_INCHES = 0.35
MARK = "triage"
"""Stands in each file, so that it may be replaced, and nothing else."""
SVG_START = f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {MARK} -->\n'
PNG_MARK = b"Software\0" + MARK.encode()
INCHES = (7.4, 3.9)
PNG_DPI = 160
_STYLE = {
    "svg.hashsalt": "triage",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#dddddd",
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "legend.frameon": False,
}
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_FIGURES = re.compile(r"[-+\u2212\d.,%() ]*|no figure|no change|[\d,]+ to [\d,]+")
_TAG = re.compile(r"<[^>]*>")
_ID = re.compile(r'\sid="([^"]*)"')
_REFERENCE = re.compile(r"#([\w.-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Figures in rows; the first cell of a row names it.

    Attributes:
        header: a word a column.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Tell the columns that hold figures, which stand to the right."""
        return tuple(
            place > 0 and all(_FIGURES.fullmatch(row[place]) for row in self.rows)
            for place in range(len(self.header))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What people look at, and the same in words and figures for those who do not.

    Attributes:
        name: unique on a page; letters, digits and ``-``.
        description: what there is to see, in a sentence or two.
        draw: puts it on an empty figure.
        inches: width and height.
    """

    name: str
    title: str
    description: str
    table: Table
    draw: Callable[[FigureBase], None]
    inches: tuple[float, float] = INCHES


def png(chart: Chart) -> bytes:
    """Give a picture of the chart under its title, 1,184 points wide."""
    out = io.BytesIO()
    with style.context(["default", _STYLE]):
        figure = _drawn(chart, titled=True)
        FigureCanvasAgg(figure)
        figure.savefig(out, format="png", dpi=PNG_DPI, metadata={"Software": MARK})
    return out.getvalue()


def svg(chart: Chart) -> bytes:
    """Give the chart under its title as a file of its own; its text stays text."""
    drawn = _svg(chart, titled=True)
    return SVG_START.encode() + drawn[drawn.index(b"<svg ") :]


def svg_inside(chart: Chart) -> str:
    """Give the chart as a part of a page, without its title, which the page says itself.

    Identifiers that nothing refers to are left out, the others begin with the chart's name.
    """
    whole = _svg(chart, titled=False).decode("utf-8")
    body = whole[whole.index("<g ") : whole.rindex("</svg>")]
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    used = {name for tag in _TAG.findall(body) for name in _REFERENCE.findall(_paints_out(tag))}
    inner = _TAG.sub(lambda tag: _own_ids(tag[0], chart.name, used), body)
    width, height = (f"{72 * inches:g}" for inches in chart.inches)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="{chart.name}-title {chart.name}-description" '
        f'style="stroke-linejoin: round; stroke-linecap: butt">{inner}</svg>'
    )


def _paints_out(tag: str) -> str:
    """Leave out colours, which look like references."""
    return re.sub(r"(?:fill|stroke): #\w+", "", tag)


def _own_ids(tag: str, name: str, used: set[str]) -> str:
    found = _ID.search(tag)
    if found and found[1] not in used:
        tag = tag.replace(found[0], "")
    elif found:
        tag = tag.replace(found[0], f' id="{name}-{found[1]}"')
    for one in ("url(#", 'href="#'):
        tag = tag.replace(one, f"{one}{name}-")
    return tag


def _svg(chart: Chart, *, titled: bool) -> bytes:
    out = io.BytesIO()
    with style.context(["default", _STYLE]):
        figure = _drawn(chart, titled=titled)
        FigureCanvasSVG(figure)
        figure.savefig(out, format="svg", metadata=_NO_METADATA)
    return out.getvalue()


def _drawn(chart: Chart, *, titled: bool) -> Figure:
    width, height = chart.inches
    if not titled:
        figure = Figure(figsize=chart.inches, layout="constrained")
        chart.draw(figure)
        return figure
    figure = Figure(figsize=(width, height + _TITLE_INCHES), layout="constrained")
    grid = figure.add_gridspec(2, 1, height_ratios=(_TITLE_INCHES, height))
    head, body = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
    head.text(0.01, 0.4, chart.title, ha="left", va="center", fontsize=11.5, fontweight="bold")
    chart.draw(body)
    return figure


def whole_numbers(axes: Axes, *, along: str = "y", most: int = 6) -> None:
    """Mark an axis of counts: whole numbers from zero, thousands apart."""
    axis = axes.yaxis if along == "y" else axes.xaxis
    axis.set_major_locator(MaxNLocator(nbins=most, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if along == "y":
        axes.set_ylim(bottom=0)
    else:
        axes.set_xlim(left=0)


def some_days(axes: Axes, words: list[str]) -> None:
    """Name some places along the x axis, evenly spread, as many as have room beside each other."""
    figure = axes.get_figure(root=True)
    room = max(2, int(figure.get_figwidth() / 1.15)) if figure is not None else 2
    apart = max(1, -(-len(words) // room))
    places = list(range(0, len(words), apart))
    axes.set_xticks(places, [words[place] for place in places])
    axes.set_xlim(-0.5, max(len(words) - 0.5, 0.5))


def key_above(axes: Axes, *, columns: int = 3) -> None:
    """Put the key above the plot, where it covers nothing."""
    figure = axes.get_figure(root=False)
    if figure is not None:
        figure.legend(
            *axes.get_legend_handles_labels(),
            loc="outside upper left",
            ncols=columns,
            handlelength=2.6 if columns <= 3 else 1.2,
            columnspacing=1.4,
        )


def say_instead(figure: FigureBase, words: str) -> None:
    """Fill the figure with a sentence where there is nothing to draw."""
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.text(0.5, 0.5, words, ha="center", va="center", color=GREY, transform=axes.transAxes)
