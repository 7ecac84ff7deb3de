"""Pages: made from templates, with what stands on each of them, and no markup but ours."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from triage.batch.clock import hour, local
from triage.batch.fits import minutes
from triage.export.wording import day_words, many, moment_words, whole
from triage.model.display import printable
from triage.model.settings import UnitSettings
from triage.web.agents import agent_words
from triage.web.faults import Answer
from triage.web.navigation import entries_for
from triage.web.seat import Seat
from triage.web.suite import Suite


def page(
    seat: Seat,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: object,
) -> HTMLResponse:
    """Make a page for a person.

    Args:
        template: its path under ``pages/``.
        context: what the template names besides ``seat``, ``unit``, ``entries`` and ``flash``.
    """
    unit = seat.suite.settings()
    entries = entries_for(seat.suite.entries, seat.roles)
    words = (
        _pages()
        .get_template(template)
        .render(
            seat=seat,
            signed=seat.signed,
            unit=unit,
            entries=entries,
            here=seat.request.url.path,
            flash=seat.take_flash(),
            **context,
        )
    )
    return HTMLResponse(words, status_code=status, headers=dict(headers or {}))


def plain_page(
    suite: Suite,
    request: Request,
    seat: Seat | None,
    answer: Answer,
    *,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Make the page of a fault; it needs no database, which may be what is at fault."""
    unit = UnitSettings() if seat is None else suite.settings()
    words = (
        _pages()
        .get_template("fault.html")
        .render(
            seat=seat,
            signed=seat.signed if seat else None,
            unit=unit,
            entries=entries_for(suite.entries, seat.roles) if seat else (),
            here=request.url.path,
            flash="",
            answer=answer,
        )
    )
    return HTMLResponse(words, status_code=answer.status, headers=dict(headers or {}))


@cache
def _pages() -> Environment:
    pages = Environment(
        loader=PackageLoader("triage.web", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    pages.filters.update(moment=moment_words, day=day_words, many=many, whole=whole)
    pages.filters.update(agent=agent_words)
    pages.filters.update(hour=hour, moment_local=local, minutes=minutes)
    pages.globals["parts"] = pages.get_template("parts.html").module
    return pages


def _shown(value: object) -> object:
    """Make every text that a template puts out safe to read; markup made here stays as it is."""
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
