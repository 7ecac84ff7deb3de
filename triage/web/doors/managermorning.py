"""The manager's morning: one page of answers, with charts, last night, tonight and the forecast."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

from fastapi import Response
from starlette.responses import HTMLResponse

from triage.batch.clock import moment
from triage.batch.dashboard import (
    SHIFT,
    Reading,
    last_start_s,
    night_start_s,
    read_queue,
    shift_of,
    times_of,
)
from triage.batch.standing import QueueLine
from triage.batch.summary import summarise
from triage.batch.tonight import plan_tonight
from triage.batch.weights import load_weights
from triage.errors import UsageFault
from triage.export import morning as words
from triage.export.forecastpage import forecast_words
from triage.export.kpiwords import counts_table, longest_table
from triage.export.loadwords import categories_table, loads_table
from triage.export.morning import Answer
from triage.export.nightpage import night_sections
from triage.metrics.rates import parse_arrivals, parse_capacity
from triage.model.account import Role
from triage.model.forecast import UNCHANGED, Change, ChangeKind, Terms
from triage.web.faults import NotFound
from triage.web.forms import Fields
from triage.web.gate import Door, SeatIn
from triage.web.morning import charts_of, forecast_charts, morning_of, week_of_graders
from triage.web.pages import page
from triage.web.seat import Seat

DOOR = Door("/manager", roles=frozenset({Role.MANAGER}))
MACHINES_MOST = 100
FIRST_PLANNED = 8
"""Exhibits of tonight's plan on the first page."""
EXAMPLES = {
    "arrivals": "Enter a change like +17%, +3/week, or 30/week",
    "capacity": "Enter a change like +10%, +5/week, 40/week, or +1 for one more examiner",
}
ASKED = (*EXAMPLES, "examiners")
"""What a forecast may be asked, by the names of its fields."""


@DOOR.page("")
def dashboard(seat: SeatIn) -> HTMLResponse:
    """Answer what is asked in the morning."""
    found = _reading(seat)
    graders = week_of_graders(seat)
    return page(
        seat,
        "manager/dashboard.html",
        found=found,
        loads=loads_table(graders),
        categories=categories_table(graders),
        answers=answers(found),
        charts=tuple(charts_of(found).values()),
        caid=counts_table(found.kpis.counts),
        longest=longest_table(found.kpis.longest),
        first_planned=FIRST_PLANNED,
        places={_key(one): one.entry.ledger_id for one in found.lines},
    )


@DOOR.page("/charts/{name}.svg")
def chart(seat: SeatIn, name: str, of: int = 0) -> Response:
    """Draw a chart of the first page, from the reading that the page was made of."""
    morning = morning_of(seat)
    found = morning.reading_of(of, lambda: seat.store, seat.now_s)
    known = charts_of(found).get(name)
    if known is None:
        raise NotFound("There is no such chart.")
    return Response(morning.drawn(found.read_s, known), media_type="image/svg+xml")


@DOOR.page("/night")
def night(seat: SeatIn, since: str = "") -> HTMLResponse:
    """Tell what all machines did since a moment; by default since the last night began."""
    error, since_s = "", night_start_s(seat.store, seat.now_s)
    if since:
        try:
            since_s = max(0, moment(since, float(seat.now_s)))
        except (UsageFault, OverflowError):
            error = "Enter a time like 18:00, or a moment like 2026-11-22T18:00"
    found = summarise(seat.store, min(since_s, seat.now_s), seat.now_s)
    return page(
        seat,
        "manager/night.html",
        status=400 if error else 200,
        found=found,
        answer=words.what_happened(found, last_start_s(seat.store)),
        sections=night_sections(found),
        since=since,
        error=error,
    )


@DOOR.page("/tonight")
def tonight(seat: SeatIn) -> HTMLResponse:
    """Tell what a night would take in order, when, and what does not fit."""
    fields = Fields(seat.request.query_params.multi_items())
    fields.fill("starts", SHIFT[0])
    fields.fill("ends", SHIFT[1])
    fields.fill("machines", "1")
    machines = fields.whole(
        "machines", least=1, most=MACHINES_MOST, missing="Enter how many machines work"
    )
    starts, ends = _time(fields, "starts"), _time(fields, "ends")
    plan = None
    if fields.ok:
        lines = read_queue(seat.store, load_weights(), seat.now_s)
        shift = shift_of(starts, ends, machines, seat.now_s)
        plan = plan_tonight(lines, times_of(seat.store), shift)
    status = 200 if fields.ok else 400
    return page(seat, "manager/tonight.html", status=status, plan=plan, fields=fields)


@DOOR.page("/forecast")
def forecast(seat: SeatIn) -> HTMLResponse:
    """Tell how the backlog will go, also if more or fewer came in or were finished."""
    fields, terms = _asked(seat)
    told, untold = morning_of(seat).forecast(lambda: seat.store, terms, seat.now_s)
    charts = () if told is None else tuple(forecast_charts(told).values())
    return page(
        seat,
        "manager/forecast.html",
        status=200 if fields.ok else 400,
        fields=fields,
        told=told,
        untold=untold,
        charts=charts,
        said=None if told is None else forecast_words(told),
        query=urlencode({name: fields.raw(name) for name in ASKED} if fields.ok else {}),
    )


@DOOR.page("/forecast/charts/{name}.svg")
def forecast_chart(seat: SeatIn, name: str) -> Response:
    """Draw a chart of a forecast on the terms that the address says."""
    _, terms = _asked(seat)
    morning = morning_of(seat)
    told, _ = morning.forecast(lambda: seat.store, terms, seat.now_s)
    known = None if told is None else forecast_charts(told).get(name)
    if known is None:
        raise NotFound("There is no such chart.")
    return Response(morning.drawn(told, known), media_type="image/svg+xml")


def answers(found: Reading) -> tuple[Answer, ...]:
    """Give the six answers that stand first."""
    return (
        words.how_many(found.kpis, found.night),
        words.how_old(found.kpis),
        words.is_it_better(found.kpis),
        words.when_done(found.told, found.untold),
        words.what_happened(found.night, found.last_start_s),
        words.who_needs_me(tuple(one.words for one in found.needs)),
    )


def _key(line: QueueLine) -> tuple[str, str]:
    return line.entry.facts.case, line.entry.facts.exhibit


def _reading(seat: Seat) -> Reading:
    return morning_of(seat).reading(lambda: seat.store, seat.now_s)


def _time(fields: Fields, name: str) -> str:
    """Read a time of day such as ``18:00``."""
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", fields.raw(name).strip())
    if found is None:
        fields.error(name, "Enter a time of day, like 18:00")
        return ""
    return found[0]


def _asked(seat: Seat) -> tuple[Fields, Terms]:
    """Read the terms of a forecast; those that cannot be are told, and the usual ones taken."""
    fields = Fields(seat.request.query_params.multi_items())
    for name in ASKED:
        fields.fill(name, "")
    terms = replace(
        Terms(),
        arrivals=_change(fields, "arrivals", parse_arrivals),
        capacity=_change(fields, "capacity", parse_capacity),
    )
    examiners = fields.whole("examiners", least=0, most=10_000)
    terms = replace(terms, examiners=examiners)
    if terms.capacity.kind is ChangeKind.EXAMINERS and not examiners:
        fields.error("examiners", "Enter how many examiners there are now")
    return fields, terms if fields.ok else Terms()


def _change(fields: Fields, name: str, read: Callable[[str], Change]) -> Change:
    words = fields.text(name, most=20)
    try:
        return read(words) if words else UNCHANGED
    except UsageFault:
        fields.error(name, EXAMPLES[name])
        return UNCHANGED
