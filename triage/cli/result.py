"""Prints the result of exhibits: the same page after a run and whenever it is asked for."""

from __future__ import annotations

import json

import click

from triage.cli.console import PipeConsole
from triage.cli.page import print_page
from triage.export.summary import summary_object
from triage.grading.verdict import judge
from triage.grading.voting import decide
from triage.model.verdict import Verdict
from triage.store.database import Store

PROBLEMS = 3
"""Exit code: finished, with gaps."""


def show_result(store: Store, case: str, exhibit: str, *, as_json: bool) -> Verdict:
    """Judge one exhibit as it stands in the store and print it on stdout."""
    summary = store.summary(case, exhibit, decide=decide)
    verdict = judge(summary)
    if as_json:
        click.echo(json.dumps(summary_object(summary, verdict), indent=2, ensure_ascii=False))
    else:
        print_page(PipeConsole(), summary, verdict)
    return verdict
