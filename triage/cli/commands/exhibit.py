"""``triage exhibit``: keep the ledger of a unit's exhibits."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import click

from triage.batch import factwords
from triage.batch.clock import local
from triage.cli.commands.exhibit_import import import_
from triage.cli.commands.exhibit_list import list_, show
from triage.cli.exhibitfacts import as_option, said, with_facts
from triage.cli.exhibitobject import entry_object, fact_object
from triage.cli.exhibitpage import change_words
from triage.cli.packwords import as_json_option, examples, print_json
from triage.cli.person import person, with_by
from triage.config import database_url
from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.ledger import ExhibitFacts, LedgerEntry, Stage
from triage.model.queue import LeaseState
from triage.store.database import Store, open_store
from triage.store.leases import Leases
from triage.store.ledger import Arrival, Ledger, Step
from triage.store.ledgerrows import DAY_S, moment

_db = click.option("--db", metavar="URL", help="Case database.")
_case = click.option("--case", help="Case of the exhibit, where several have one of this name.")
_stages = click.Choice([one.value for one in Stage])


@click.group(
    epilog=examples(
        "triage exhibit add --case OP-X --exhibit ABC/1 --device-type phone --received 2026-11-20",
        "triage exhibit import export.csv --map columns.toml",
        "triage exhibit show ABC/1",
        "triage exhibit list --stage queued",
    )
)
def exhibit() -> None:
    """Keep the ledger of a unit's exhibits.

    Every change of a stage or a fact is appended with who said it and when; nothing is overwritten.
    """


for _one in (import_, list_, show):
    exhibit.add_command(_one)


@exhibit.command(
    epilog=examples(
        "triage exhibit add --case OP-X --exhibit ABC/1 --device-type laptop --owner suspect "
        "--band High --seized 18/11/2026 --received '2026-11-20 09:30' --custody 2026-12-01",
        "triage exhibit add --case OP-X --exhibit ABC/2 --image /evidence/ABC2.E01 --queue",
    )
)
@click.option("--case", required=True, help="Reference of the case.")
@click.option("--exhibit", "reference", required=True, help="Reference of the exhibit.")
@with_facts
@click.option("--stage", type=_stages, help="Where it stands; default: received.")
@click.option("--at", metavar="WHEN", help="Since when; default: now.")
@click.option("--queue", is_flag=True, help="Put it straight into the queue; needs --image.")
@with_by
@as_json_option
@_db
def add(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    case: str,
    reference: str,
    stage: str | None,
    at: str | None,
    queue: bool,
    by: str,
    as_json: bool,
    db: str | None,
    **options: Any,  # noqa: ANN401  (the options of with_facts, each as click has it)
) -> None:
    """Enter a new exhibit.

    Without --received it was received now. A moment without an offset is local time.
    """
    now_s = int(time.time())
    if queue and stage not in {None, Stage.QUEUED.value}:
        raise UsageFault("--queue and --stage say different things")
    if queue and not (options["image"] or "").strip():
        raise UsageFault("--queue needs --image: without an image nothing can be worked")
    told, notes = said(options)
    facts = ExhibitFacts(case=case, exhibit=reference, **{"received_s": now_s, **told})
    _check_seized(facts)
    where = Stage.QUEUED if queue else Stage(stage or Stage.RECEIVED)
    steps = [Step(stage=Stage.RECEIVED, at_s=facts.received_s)]
    if where is not Stage.RECEIVED:
        since = now_s if at is None else as_option("--at", factwords.as_moment, at)
        steps.append(Step(stage=where, at_s=since))
    elif at is not None:
        raise UsageFault("--at says since when it stands at --stage; --received when it came")
    with open_store(database_url(db), create=True) as store:
        ledger = Ledger(store.connection)
        if ledger.find(case.strip(), reference.strip()):
            raise _there(case, reference)
        arrival = Arrival(facts=facts, steps=tuple(steps))
        ledger.add_all([arrival], by=person(by), now_s=now_s)
        store.commit()
        entry = ledger.entry(case.strip(), reference.strip())
    if as_json:
        print_json(entry_object(entry, now_s))
    for note in notes:
        click.echo(f"  {note}", err=True)
    zone = factwords.zone_words(None, facts.received_s)
    click.echo(
        f"{_name(entry)}: entered at {entry.stage}, received {local(facts.received_s)}, "
        f"local time zone {zone}",
        err=True,
    )


@exhibit.command(
    epilog=examples(
        "triage exhibit change ABC/1 --band Medium --bail 22/12/2026",
        "triage exhibit change ABC/1 --case OP-X --image /evidence/ABC1.E01",
        'triage exhibit change ABC/1 --custody ""',
    )
)
@click.argument("reference", metavar="EXHIBIT")
@_case
@with_facts
@with_by
@as_json_option
@_db
def change(
    *,
    reference: str,
    case: str | None,
    by: str,
    as_json: bool,
    db: str | None,
    **options: Any,  # noqa: ANN401  (the options of with_facts, each as click has it)
) -> None:
    """Say facts of EXHIBIT anew; the former ones stay readable.

    An empty text, "", takes a fact away.
    """
    now_s = int(time.time())
    told, notes = said(options)
    if not told:
        raise UsageFault("nothing is said that could change", hint="See --help for the facts.")
    with open_store(database_url(db)) as store:
        ledger = Ledger(store.connection)
        entry = ledger.entry(case, reference)
        facts = dataclasses.replace(entry.facts, **told)
        _check_seized(facts)
        found = ledger.change(entry.ledger_id, facts, by=person(by), now_s=now_s)
        store.commit()
    if as_json:
        print_json([fact_object(one) for one in found])
    for note in notes:
        click.echo(f"  {note}", err=True)
    for one in found:
        click.echo(f"{_name(entry)}: {change_words(one)}", err=True)
    if not found:
        click.echo(f"{_name(entry)}: all of this was said before, nothing is changed", err=True)


@exhibit.command(
    epilog=examples(
        "triage exhibit move ABC/1 queued",
        "triage exhibit move ABC/1 ABC/2 released --case OP-X --at '2026-11-20 16:00'",
        'triage exhibit move ABC/1 imaging --why "the image was incomplete"',
    )
)
@click.argument("references", metavar="EXHIBIT...", nargs=-1, required=True)
@click.argument("stage", type=_stages, metavar="STAGE")
@_case
@click.option("--at", metavar="WHEN", help="When it entered the stage; default: now.")
@click.option("--why", default="", metavar="TEXT", help="The reason; needed to go back.")
@with_by
@as_json_option
@_db
def move(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    references: tuple[str, ...],
    stage: str,
    case: str | None,
    at: str | None,
    why: str,
    by: str,
    as_json: bool,
    db: str | None,
) -> None:
    """Say that one EXHIBIT or several entered STAGE; all of them, or none.

    STAGE is received, awaiting-imaging, imaging, queued, triage, review, reporting or released.
    """
    now_s, to, who = int(time.time()), Stage(stage), person(by)
    at_s = now_s if at is None else as_option("--at", factwords.as_moment, at)
    with open_store(database_url(db)) as store:
        ledger = Ledger(store.connection)
        before = [ledger.entry(case, one) for one in dict.fromkeys(references)]
        for entry in before:
            ledger.move(entry.ledger_id, to, at_s=at_s, by=who, why=why, now_s=now_s)
        store.commit()
        for entry in before:
            _tell_move(store, entry, to, at_s)
        after = [ledger.entry(one.facts.case, one.facts.exhibit) for one in before]
    if as_json:
        print_json([entry_object(one, now_s) for one in after])


def _tell_move(store: Store, entry: LedgerEntry, to: Stage, at_s: int) -> None:
    click.echo(f"{_name(entry)}: {entry.stage} -> {to}, {local(at_s)}", err=True)
    if to is Stage.QUEUED and not entry.facts.image_path:
        click.echo("  It has no image yet, so nothing is done: 'exhibit change --image'", err=True)
    lease = Leases(store.connection).view(entry.ledger_id)
    if lease is not None and lease.state is LeaseState.LEASED:
        click.echo(f"  {printable(lease.holder)} is working at it now.", err=True)
    elif lease is not None and lease.state is LeaseState.SET_ASIDE and to is Stage.QUEUED:
        click.echo("  It is set aside after failures: 'triage queue retry'", err=True)


def _check_seized(facts: ExhibitFacts) -> None:
    if facts.seized_on > moment(max(facts.received_s, 0) + DAY_S)[:10]:
        raise UsageFault(f"seized {facts.seized_on}, after it was received")


def _there(case: str, reference: str) -> UsageFault:
    return UsageFault(
        f"exhibit {printable(reference)} of case {printable(case)} is in the ledger already",
        hint="'triage exhibit change' and 'triage exhibit move' say something new of it.",
    )


def _name(entry: LedgerEntry) -> str:
    return f"{printable(entry.facts.exhibit)} of {printable(entry.facts.case)}"
