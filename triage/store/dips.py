"""Dip samples: what was drawn for a second look, at what rate, with what seed, by whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from triage.store.benchtables import dip_contents, dip_samples


class DipSample(NamedTuple):
    """A sample as it was drawn; ``at_s`` seconds since 1970 UTC.

    ``contents`` are SHA-256 and the category that stood then, by SHA-256.
    """

    sample_id: int
    rate: str
    seed: str
    by: str
    at_s: int
    contents: tuple[tuple[bytes, str], ...]


def add_sample(connection: sa.Connection, case_id: int, sample: DipSample) -> int:
    """Append a sample, whose number is not looked at; the caller commits. Gives its number."""
    values = {
        "case_id": case_id,
        "rate": sample.rate,
        "seed": sample.seed,
        "by": sample.by,
        "at_s": sample.at_s,
    }
    made = connection.execute(sa.insert(dip_samples).values(values)).inserted_primary_key
    sample_id = int(made[0]) if made else -1
    rows = [
        {"sample_id": sample_id, "sha256": sha256, "category": category}
        for sha256, category in sample.contents
    ]
    if rows:
        connection.execute(sa.insert(dip_contents), rows)
    return sample_id


def samples_of(connection: sa.Connection, case_id: int, *, most: int = 50) -> Sequence[DipSample]:
    """Give the last samples of a case, the newest first."""
    drawn = dip_samples.c
    query = (
        sa.select(drawn.id, drawn.rate, drawn.seed, drawn.by, drawn.at_s)
        .where(drawn.case_id == case_id)
        .order_by(drawn.id.desc())
        .limit(most)
    )
    return [
        DipSample(*row, contents=_contents(connection, row[0]))
        for row in connection.execute(query).all()
    ]


def _contents(connection: sa.Connection, sample_id: int) -> tuple[tuple[bytes, str], ...]:
    one = dip_contents.c
    query = sa.select(one.sha256, one.category).where(one.sample_id == sample_id)
    return tuple((bytes(row[0]), row[1]) for row in connection.execute(query.order_by(one.sha256)))
