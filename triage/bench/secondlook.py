"""Dip samples of a case: drawn by chance, and how far the second look has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from triage.bench.agreeing import draw
from triage.errors import UsageFault
from triage.grading.sampling import rate_of
from triage.model.vote import ContentVotes, Vote, VoteKind, same_person, standing
from triage.store import dips
from triage.store.boardrows import BoardCase
from triage.store.database import Store
from triage.store.dips import DipSample
from triage.store.votes import Votes


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the second look at a sample has come.

    Attributes:
        looked: contents that somebody graded since who had not before; ``agreed``: how many of
            these all such people gave the category that stood when it was drawn.
        categories: contents drawn, by that category.
    """

    sample: DipSample
    contents: int
    looked: int
    agreed: int
    categories: tuple[tuple[str, int], ...]


def draw_sample(  # noqa: PLR0913  (what a sample is put down with)
    store: Store, case: BoardCase, *, rate: str, seed: str, by: str, now_s: int
) -> DipSample:
    """Draw a sample and put it down; the caller commits.

    Args:
        store: open, of the case.
        case: of which.
        rate: a share, ``5%`` or ``0.05``.
        seed: whoever knows it can draw the same sample.
        by: who draws.
        now_s: seconds since 1970 UTC.

    Raises:
        UsageFault: the rate is none, or nothing was graded yet.
    """
    drawn = draw(store, case.reference, rate_of(rate), seed)
    if not drawn.contents:
        raise UsageFault("nothing to draw from: no picture has a grade that stands")
    sample = DipSample(-1, rate.strip(), seed, by, now_s, tuple(sorted(drawn.contents)))
    number = dips.add_sample(store.connection, case.case_id, sample)
    return sample._replace(sample_id=number)


def progress_of(store: Store, case: BoardCase) -> tuple[Progress, ...]:
    """Tell of the samples of a case how far they have come, the newest first."""
    samples = dips.samples_of(store.connection, case.case_id)
    digests = sorted({sha256 for one in samples for sha256, _ in one.contents})
    said = {one.sha256: one for one in Votes(store.connection).of(case.reference, digests)}
    return tuple(_progress(one, said) for one in samples)


def _progress(sample: DipSample, said: dict[bytes, ContentVotes]) -> Progress:
    looked = agreed = 0
    for sha256, category in sample.contents:
        fresh = second_looks(said[sha256].votes, sample.at_s) if sha256 in said else ()
        looked += bool(fresh)
        agreed += bool(fresh) and all(str(one.category) == category for one in fresh)
    counted = Counter(category for _, category in sample.contents)
    return Progress(
        sample=sample,
        contents=len(sample.contents),
        looked=looked,
        agreed=agreed,
        categories=tuple(sorted(counted.items())),
    )


def second_looks(votes: Sequence[Vote], drawn_s: int) -> tuple[Vote, ...]:
    """Give the votes given here since a sample was drawn by those who had not voted before."""
    before = {
        same_person(one.by) for one in votes if one.kind is VoteKind.VOTE and one.at_s <= drawn_s
    }
    return tuple(
        one
        for one in standing(votes)
        if one.source is None and one.at_s > drawn_s and same_person(one.by) not in before
    )
