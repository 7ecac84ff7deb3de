"""A forecast as JSON, and as a table for spreadsheets."""

from __future__ import annotations

import csv
import dataclasses
import io
import json

from triage.model.forecast import Forecast

FORMAT = "triage-forecast-1"
_HEADER = (
    "on",
    "backlog_p10",
    "backlog_p50",
    "backlog_p90",
    "oldest_days_p10",
    "oldest_days_p50",
    "oldest_days_p90",
)


def forecast_json(told: Forecast) -> str:
    """Give everything as one object; its keys are the names of the values, units in them."""
    return json.dumps({"format": FORMAT, **dataclasses.asdict(told)}, indent=2) + "\n"


def forecast_csv(told: Forecast) -> str:
    """Give a line a step, with lines ended as RFC 4180 has it."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(_HEADER)
    for step in told.steps:
        backlog, oldest = step.backlog, step.oldest_days
        rows.writerow(
            (step.on, backlog.p10, backlog.p50, backlog.p90, oldest.p10, oldest.p50, oldest.p90)
        )
    return out.getvalue()
