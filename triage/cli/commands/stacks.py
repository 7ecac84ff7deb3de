"""``triage stacks``: near-duplicate pictures of a case, grouped for a person to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import click

from triage.config import database_url
from triage.model.display import printable
from triage.pipeline.stacking import Stack, places, stacks_of
from triage.store.database import open_store
from triage.store.stacks import StoredPlace

_COLUMNS = "{:>8} {:>8} {:>10} {:>10} {:>8} {:>8}  {:<64} {}"
_TITLES = ("pictures", "places", "known-bad", "known-good", "unknown", "other", "leader", "at")
_NAMED = ("known-bad", "known-good", "unknown")


@click.command(
    epilog="\b\nExamples:\n"
    "  triage stacks --case OP-X\n"
    "  triage stacks --case OP-X --exhibit ABC/1 --min 10 --json"
)
@click.option("--case", required=True, help="Reference of the case.")
@click.option("--exhibit", help="Only this exhibit.")
@click.option(
    "--min",
    "least",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Only stacks of so many distinct pictures and more.",
)
@click.option("--db", metavar="URL", help="Case database.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a stack, with its members.")
def stacks(*, case: str, exhibit: str | None, least: int, db: str | None, as_json: bool) -> None:
    """List near-duplicate pictures in stacks, the largest first, each by its leader.

    Every member lies within 31 bits of PDQ of the leader. A stack says that pictures look alike,
    and nothing else: no grade passes from one to another. Pictures without features, and those
    that exact digests named before they were decoded, are in no stack.
    """
    with open_store(database_url(db)) as store:
        exhibit_ids = store.exhibit_ids(case, exhibit)
        found = stacks_of(store, exhibit_ids, least=least)
        if not as_json:
            click.echo(_COLUMNS.format(*_TITLES).rstrip())
        for stack in found.stacks:
            at = places(store, exhibit_ids, stack)
            click.echo(_object(stack, at) if as_json else _line(stack, at))
    click.echo(
        f"{len(found.stacks):,} stacks of {found.pictures:,} distinct pictures; "
        f"{found.featureless:,} without features left out",
        err=True,
    )


def _line(stack: Stack, at: Mapping[bytes, Sequence[StoredPlace]]) -> str:
    leader, standings = stack.members[0].sha256, stack.standings()
    named = [standings[name] for name in _NAMED]
    other = len(stack.members) - sum(named)
    counts = len(stack.members), sum(map(len, at.values())), *named, other
    where = _where(at[leader][0]) if at[leader] else ""
    return _COLUMNS.format(*(f"{count:,}" for count in counts), leader.hex(), where).rstrip()


def _where(place: StoredPlace) -> str:
    stream = f":{printable(place.stream)}" if place.stream else ""
    return f"{printable(place.exhibit)} /{place.volume}{printable(place.path)}{stream}"


def _object(stack: Stack, at: Mapping[bytes, Sequence[StoredPlace]]) -> str:
    told = {
        "leader": stack.members[0].sha256.hex(),
        "pictures": len(stack.members),
        "places": sum(map(len, at.values())),
        "standings": stack.standings(),
        "pdq_recipe": str(stack.recipe),
        "members": [
            {
                "sha256": member.sha256.hex(),
                "distance_bits": member.distance_bits,
                "standing": str(member.standing),
                "grade": member.category or None,
                "width": member.width,
                "height": member.height,
                "places": [
                    {
                        "exhibit": place.exhibit,
                        "evidence": printable(place.evidence),
                        "volume": place.volume,
                        "path": printable(place.path),
                        "stream": printable(place.stream),
                    }
                    for place in at[member.sha256]
                ],
            }
            for member in stack.members
        ],
    }
    return json.dumps(told, ensure_ascii=False)
