"""``triage grade list`` and ``show``: what stands of contents, and who said what of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import click

from triage.cli.csvlines import print_csv
from triage.cli.gradeobject import (
    COLUMNS,
    TITLE,
    content_lines,
    content_object,
    line_object,
    list_line,
)
from triage.cli.gradeoptions import (
    case_option,
    db_option,
    digests_argument,
    examples,
    with_options,
)
from triage.config import database_url
from triage.errors import UsageFault
from triage.grading.voting import decide
from triage.model.vote import ContentVotes, Decision, GradeState
from triage.store.database import open_store
from triage.store.votes import Votes

_UNVOTED = frozenset({GradeState.UNGRADED, GradeState.PROPOSED})
_MEDIA = ("picture", "video")
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
_blind = click.option(
    "--blind", default="", metavar="NAME", help="Hide others' votes until NAME has voted."
)


@click.command(
    "list",
    epilog=examples(
        "triage grade list --case OP-X --state disagreement --state conflict",
        "triage grade list --case OP-X --state ungraded --blind NAME --json",
        "triage grade list --case OP-X --csv > grades.csv",
    ),
)
@case_option
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([one.value for one in GradeState]),
    help="Only contents in this state. Default: all of which anything was said.",
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N.")
@with_options(_blind, _as_json)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for a spreadsheet.")
@db_option
def list_(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    case: str,
    states: tuple[str, ...],
    limit: int | None,
    blind: str,
    as_json: bool,
    as_csv: bool,
    db: str | None,
) -> None:
    """List contents and what stands of them, by SHA-256.

    The states proposed and ungraded list pictures and videos on which no vote stands.
    """
    if as_json and as_csv:
        raise UsageFault("--json and --csv are two ways to print one list: choose one")
    shown = 0

    def counted(found: Iterator[tuple[ContentVotes, Decision]]) -> Iterator[dict[str, object]]:
        nonlocal shown
        for one, decision in found:
            if shown == limit:
                return
            shown += 1
            yield {**line_object(one, decision), "line": list_line(one, decision)}

    with open_store(database_url(db)) as store:
        told = counted(_chosen(Votes(store.connection), case, states, blind))
        if as_csv:
            print_csv(COLUMNS, ([_cell(one[name]) for name in COLUMNS] for one in told))
        elif as_json:
            for one in told:
                del one["line"]
                click.echo(json.dumps(one, ensure_ascii=False))
        else:
            click.echo(TITLE)
            for one in told:
                click.echo(one["line"])
    click.echo(f"{shown:,} contents", err=True)


@click.command(
    "show",
    epilog=examples(
        "triage grade show d41d8cd98f00b204e9800998ecf8427e --case OP-X",
        "triage grade show d41d8cd98f00b204e9800998ecf8427e --case OP-X --blind NAME --json",
    ),
)
@digests_argument
@with_options(case_option, _blind, _as_json, db_option)
def show(*, digests: tuple[str, ...], case: str, blind: str, as_json: bool, db: str | None) -> None:
    """Show every vote on the contents DIGEST: who, when, why, and what the sets say."""
    with open_store(database_url(db)) as store:
        votes = Votes(store.connection)
        found = votes.of(case, votes.find(case, digests), blind=blind)
    for one in found:
        decision = decide(one.votes, one.proposals)
        if as_json:
            click.echo(json.dumps(content_object(one, decision), ensure_ascii=False))
        else:
            click.echo("\n".join(content_lines(one, decision)))


def _chosen(
    votes: Votes, case: str, states: Sequence[str], blind: str
) -> Iterator[tuple[ContentVotes, Decision]]:
    """Give the contents of some states, with what stands of them."""
    unvoted = not _UNVOTED.isdisjoint(states)
    for one in votes.contents(case, voted=not unvoted, families=(), blind=blind):
        if unvoted and not one.votes and not one.hidden and one.family not in _MEDIA:
            continue
        decision = decide(one.votes, one.proposals)
        if not states or decision.state in states:
            yield one, decision


def _cell(value: object) -> object:
    return "; ".join(map(str, value)) if isinstance(value, list) else value
