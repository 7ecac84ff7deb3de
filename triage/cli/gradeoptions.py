"""What the commands that grade share: options, the ballot that they make, and whom to tell what."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from triage.bench.ballots import ballot_of
from triage.config import home
from triage.errors import UsageFault
from triage.grading.scheme import SchemeBook
from triage.grading.voting import decide
from triage.model.vote import DISPUTED, Ballot, Decision
from triage.pipeline.stacking import stacks_of
from triage.store.database import Store
from triage.store.votes import Votes

Command = TypeVar("Command", bound=Callable[..., Any])

_TOLD = 20
case_option = click.option("--case", required=True, help="Reference of the case.")
db_option = click.option("--db", metavar="URL", help="Case database.")
scheme_option = click.option(
    "--scheme",
    "scheme_id",
    default="uk",
    show_default=True,
    help="Confirmed scheme whose categories are given.",
)
why_option = click.option("--why", default="", metavar="TEXT", help="The reason, which is kept.")
tags_option = click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="TAG",
    help="victim-identified, offender-identified, first-generation or series:NAME.",
)
stack_option = click.option(
    "--stack", is_flag=True, help="Also all pictures of the case in the stacks of these."
)
digests_argument = click.argument("digests", metavar="DIGEST...", nargs=-1, required=True)


def examples(*lines: str) -> str:
    """Give the end of a help text."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def now_s() -> int:
    """Give the time of the call."""
    return int(time.time())


def with_options(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Add several options, the first one at the head of the help."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def ballot(word: str, scheme_id: str, *, by: str, why: str, tags: Sequence[str]) -> Ballot:
    """Make what is said of contents, which are not named in it yet.

    Raises:
        UsageFault: there is no such grade, scheme or tag, or the scheme is not confirmed.
    """
    return ballot_of(word, SchemeBook(home()).get(scheme_id), by=by, why=why, tags=tags)


def wanted(store: Store, case: str, named: Sequence[bytes], *, stack: bool) -> dict[bytes, bytes]:
    """Give the contents that are meant: those named and, where asked for, what lies in their stack.

    Each goes with the named content through whose stack it came, ``b""`` for the named ones.

    Raises:
        UsageFault: a named content lies in no stack.
    """
    found = dict.fromkeys(named, b"")
    if not stack:
        return found
    leads: dict[bytes, tuple[bytes, ...]] = {}
    for one in stacks_of(store, store.exhibit_ids(case), least=1).stacks:
        members = tuple(member.sha256 for member in one.members)
        leads.update(dict.fromkeys(members, members))
    for sha256 in named:
        if sha256 not in leads:
            raise UsageFault(
                f"content {sha256.hex()} lies in no stack",
                hint="Only decoded pictures with something to compare do: leave --stack out.",
            )
        for member in leads[sha256]:
            found.setdefault(member, sha256)
    return found


def tell_disputes(votes: Votes, case: str, digests: Sequence[bytes]) -> int:
    """Name those of some contents that are in dispute by now, and give their number."""
    found = votes.decisions(case, digests, decide)
    disputed = {key: one for key, one in sorted(found.items()) if one.state in DISPUTED}
    tell_decisions(disputed)
    return len(disputed)


def tell_decisions(disputed: Mapping[bytes, Decision]) -> None:
    """Name contents that are in dispute, with what is said of them."""
    for sha256, one in list(disputed.items())[:_TOLD]:
        click.echo(f"{sha256.hex()} is in {one.state}: {one.reason}", err=True)
    if len(disputed) > _TOLD:
        click.echo(f"... and {len(disputed) - _TOLD:,} more (see 'triage grade list')", err=True)
