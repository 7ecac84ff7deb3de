"""``triage grade``: what people say of contents, vote by vote."""

from __future__ import annotations

from dataclasses import replace

import click

from triage.cli.commands.grade_import import import_
from triage.cli.commands.grade_list import list_, show
from triage.cli.commands.grade_quality import agreement, sample
from triage.cli.commands.grade_signals import signals
from triage.cli.gradeoptions import (
    ballot,
    case_option,
    db_option,
    digests_argument,
    examples,
    now_s,
    scheme_option,
    stack_option,
    tags_option,
    tell_disputes,
    wanted,
    why_option,
    with_options,
)
from triage.cli.person import person, with_by
from triage.config import database_url
from triage.errors import UsageFault
from triage.grading.voting import decide
from triage.model.vote import VoteHow
from triage.store.database import open_store
from triage.store.votes import Votes

_HOW = {False: VoteHow.HAND, True: VoteHow.STACK}
"""How a vote came in, by whether it came through another content of its stack."""


@click.group(
    epilog=examples(
        "triage grade set B d41d8cd98f00b204e9800998ecf8427e --case OP-X",
        "triage grade list --case OP-X --state disagreement",
        "triage grade import OP-X-graded.json --case OP-X",
    )
)
def grade() -> None:
    """Grade contents by people, vote by vote.

    A vote counts for every occurrence of a content in the case. Votes are appended and never
    changed; of each person the last one stands. Where people differ from each other, or from a
    reference set, somebody who did not vote has to resolve it.
    """


for _command in (list_, show, import_, agreement, sample, signals):
    grade.add_command(_command)


@grade.command(
    "set",
    epilog=examples(
        "triage grade set A d41d8cd98f00b204e9800998ecf8427e --case OP-X",
        "triage grade set B d41d8cd98f00b204e9800998ecf8427e --case OP-X --stack "
        '--tag "series:Garden" --why "same set"',
    ),
)
@click.argument("category")
@digests_argument
@with_options(case_option, with_by, why_option, tags_option, stack_option, scheme_option, db_option)
def set_(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    category: str,
    digests: tuple[str, ...],
    case: str,
    by: str,
    why: str,
    tags: tuple[str, ...],
    stack: bool,
    scheme_id: str,
    db: str | None,
) -> None:
    """Vote CATEGORY for the contents DIGEST (MD5, SHA-1 or SHA-256).

    CATEGORY is a code of the scheme, or the name of a category that it has. Saying the same again
    adds nothing; saying something else replaces what the same person said before.
    """
    plain = ballot(category, scheme_id, by=person(by), why=why, tags=tags)
    with open_store(database_url(db)) as store:
        votes = Votes(store.connection)
        found = wanted(store, case, votes.find(case, digests), stack=stack)
        ballots = [
            replace(plain, sha256=sha256, through=through, how=_HOW[bool(through)])
            for sha256, through in found.items()
        ]
        added, unchanged = votes.cast(case, ballots, now_s=now_s())
        store.commit()
        tell_disputes(votes, case, list(found))
    click.echo(f"{added:,} votes for {plain.category}, {unchanged:,} stood so already", err=True)


@grade.command(
    epilog=examples(
        'triage grade undo d41d8cd98f00b204e9800998ecf8427e --case OP-X --why "wrong key"',
        'triage grade undo --case OP-X --imported FILE-SHA256 --why "wrong case"',
    )
)
@click.argument("digests", metavar="[DIGEST...]", nargs=-1)
@with_options(case_option, with_by, why_option, stack_option)
@click.option(
    "--imported", default="", metavar="SHA256", help="All votes of the imported file of this."
)
@db_option
def undo(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    digests: tuple[str, ...],
    case: str,
    by: str,
    why: str,
    stack: bool,
    imported: str,
    db: str | None,
) -> None:
    """Withdraw what one said of the contents DIGEST, or a whole imported file.

    The votes and their withdrawal stay on record.
    """
    if bool(digests) == bool(imported):
        raise UsageFault("undo: name digests, or the SHA-256 of an imported file")
    who, at_s = person(by), now_s()
    with open_store(database_url(db)) as store:
        votes = Votes(store.connection)
        if imported:
            file = imported.strip().lower()
            gone = votes.withdraw_source(case, file, by=who, why=why, now_s=at_s)
        else:
            found = wanted(store, case, votes.find(case, digests), stack=stack)
            gone = votes.withdraw(case, list(found), by=who, why=why, now_s=at_s)
        store.commit()
    click.echo(f"withdrawn on {gone:,} contents", err=True)


@grade.command(
    epilog=examples(
        "triage grade resolve B d41d8cd98f00b204e9800998ecf8427e --case OP-X "
        '--by "DI Example" --why "age by expert"'
    )
)
@click.argument("category")
@digests_argument
@with_options(case_option, with_by)
@click.option("--why", required=True, metavar="TEXT", help="The reason, which is kept.")
@with_options(tags_option, scheme_option, db_option)
def resolve(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    category: str,
    digests: tuple[str, ...],
    case: str,
    by: str,
    why: str,
    tags: tuple[str, ...],
    scheme_id: str,
    db: str | None,
) -> None:
    """Decide CATEGORY for contents DIGEST that are in dispute, as one who did not vote.

    A later vote that says something else opens the dispute again.
    """
    plain = ballot(category, scheme_id, by=person(by), why=why, tags=tags)
    with open_store(database_url(db)) as store:
        votes = Votes(store.connection)
        found = votes.find(case, digests)
        for sha256 in found:
            votes.resolve(case, replace(plain, sha256=sha256), decide=decide, now_s=now_s())
        store.commit()
    click.echo(f"{len(found):,} contents resolved as {plain.category}", err=True)
