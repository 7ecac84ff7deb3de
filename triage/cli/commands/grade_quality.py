"""``triage grade agreement`` and ``sample``: how far graders agree, and a second look by chance."""

from __future__ import annotations

import json

import click

from triage.bench.agreeing import agreement_of, draw
from triage.cli.gradeoptions import case_option, db_option, examples, with_options
from triage.config import database_url
from triage.grading.agreement import Kappa
from triage.grading.sampling import rate_of
from triage.model.display import printable
from triage.store.database import open_store

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")


@click.command(
    "agreement",
    epilog=examples(
        "triage grade agreement --case OP-X", "triage grade agreement --case OP-X --first --json"
    ),
)
@case_option
@click.option("--first", is_flag=True, help="What each said first, not what stands.")
@with_options(_as_json, db_option)
def agreement(*, case: str, first: bool, as_json: bool, db: str | None) -> None:
    """Compute how far graders agree beyond chance, with the numbers behind it.

    Cohen's kappa for every two who graded contents in common; Fleiss' kappa over all contents with
    two votes and more, and over those with three and more. Resolutions are no votes.
    """
    with open_store(database_url(db)) as store:
        found = agreement_of(store, case, first=first)
    if as_json:
        told = {
            "votes": "first" if first else "standing",
            "cohen": [
                {"graders": [printable(name), printable(other)], **_object(kappa)}
                for name, other, kappa in found.pairs
            ],
            "fleiss": [
                {"votes_at_least": least, **_object(kappa)} for least, kappa in found.groups
            ],
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for name, other, kappa in found.pairs:
        click.echo(f"Cohen   {_words(kappa)}  {printable(name)} and {printable(other)}")
    for least, kappa in found.groups:
        click.echo(f"Fleiss  {_words(kappa)}  contents with {least} votes and more")


@click.command(
    "sample",
    epilog=examples(
        "triage grade sample --case OP-X --rate 5% --seed 2026-11",
        "triage grade sample --case OP-X --rate 0.1 --seed 7 --of NAME --json",
    ),
)
@case_option
@click.option("--rate", required=True, metavar="SHARE", help="Share of each category, 5% or 0.05.")
@click.option("--seed", required=True, metavar="TEXT", help="Anything; the same gives the same.")
@click.option("--of", "grader", default="", metavar="NAME", help="Only what NAME voted on.")
@with_options(_as_json, db_option)
def sample(  # noqa: PLR0913  (click hands over each option by its name)
    *, case: str, rate: str, seed: str, grader: str, as_json: bool, db: str | None
) -> None:
    """Choose graded contents for a second look, from each category its share, at least one.

    Prints their SHA-256, without their grades: the second look ought to be blind.
    """
    share = rate_of(rate)
    with open_store(database_url(db)) as store:
        drawn = draw(store, case, share, seed, grader=grader)
    digests = sorted(sha256.hex() for sha256, _ in drawn.contents)
    counts = {one.category: (len(one.chosen), one.contents) for one in drawn.strata}
    if as_json:
        told = {
            "rate": float(share),
            "seed": printable(seed),
            "strata": [
                {"category": name, "chosen": chosen, "contents": contents}
                for name, (chosen, contents) in counts.items()
            ],
            "sha256": digests,
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        for digest in digests:
            click.echo(digest)
    for name, (chosen, contents) in counts.items():
        click.echo(f"{name}: {chosen:,} of {contents:,}", err=True)
    click.echo(f"{len(digests):,} of {drawn.graded:,} graded contents", err=True)


def _object(kappa: Kappa) -> dict[str, object]:
    return {
        "kappa": kappa.kappa,
        "observed": kappa.observed,
        "expected": kappa.expected,
        "contents": kappa.contents,
        "votes": kappa.ratings,
    }


def _words(kappa: Kappa) -> str:
    told = f"{kappa.kappa:6.3f}" if kappa.kappa is not None else "   n/a"
    if kappa.observed is None or kappa.expected is None:
        return f"{told}  (n = 0)"
    chance = f"observed {kappa.observed:.3f}, by chance {kappa.expected:.3f}"
    return f"{told}  ({chance}, n = {kappa.contents:,} contents, {kappa.ratings:,} votes)"
