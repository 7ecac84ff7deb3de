"""How far the graders of a case agree, and a second look by chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from triage.grading.agreement import PAIR, Kappa, fleiss, pairwise
from triage.grading.sampling import Stratum, sample
from triage.grading.voting import decide
from triage.model.vote import DECIDED, ContentVotes, Vote, VoteKind, same_person, standing
from triage.store.database import Store
from triage.store.votes import Votes

THREE = 3
LEAST_TOLD = 20
"""Pictures that a figure has to rest on before graders are told it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far graders agree beyond chance.

    Attributes:
        pairs: Cohen's kappa of every two who graded contents in common, with their names.
        groups: Fleiss' kappa over the contents with so many votes and more.
    """

    pairs: tuple[tuple[str, str, Kappa], ...]
    groups: tuple[tuple[int, Kappa], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Contents for a second look: from each category its share, of ``graded`` in all."""

    graded: int
    strata: tuple[Stratum, ...]

    @property
    def contents(self) -> tuple[tuple[bytes, str], ...]:
        """Give SHA-256 and category of each."""
        return tuple((one, stratum.category) for stratum in self.strata for one in stratum.chosen)


def agreement_of(store: Store, case: str, *, first: bool = False) -> Agreement:
    """Compute how far the graders of a case agree; resolutions are no votes.

    Args:
        store: open, of the case.
        case: its reference.
        first: what each said first, not what stands.

    Raises:
        UsageFault: there is no such case.
    """
    said: list[dict[str, str]] = []
    names: dict[str, str] = {}
    for one in Votes(store.connection).contents(case):
        given = _given(one, first=first)
        names |= {same_person(vote.by): vote.by for vote in given}
        if len(by := {same_person(vote.by): str(vote.category) for vote in given}) >= PAIR:
            said.append(by)
    return Agreement(
        pairs=tuple((names[one], names[other], kappa) for one, other, kappa in pairwise(said)),
        groups=tuple((least, _fleiss(said, least)) for least in (PAIR, THREE)),
    )


def for_graders(found: Agreement) -> Agreement:
    """Leave out figures that rest on so few pictures that they tell how a single one was graded."""
    return Agreement(
        pairs=tuple(one for one in found.pairs if one[2].contents >= LEAST_TOLD),
        groups=tuple(one for one in found.groups if one[1].contents >= LEAST_TOLD),
    )


def draw(store: Store, case: str, rate: Fraction, seed: str, *, grader: str = "") -> Drawn:
    """Choose graded contents for a second look; nothing is recorded.

    Args:
        store: open, of the case.
        case: its reference.
        rate: share of each category.
        seed: the same gives the same.
        grader: only what this person voted on, ``""`` for all.

    Raises:
        UsageFault: there is no such case.
    """
    graded = [
        (one.sha256, str(decision.category))
        for one in Votes(store.connection).contents(case)
        for decision in [decide(one.votes, one.proposals)]
        if decision.state in DECIDED and (not grader or _voted(one, grader))
    ]
    return Drawn(graded=len(graded), strata=sample(graded, rate, seed))


def kappa_words(kappa: Kappa) -> str:
    """Say what an agreement statistic means (bands of J. R. Landis and G. G. Koch, 1977)."""
    if not kappa.contents:
        return "Nothing to compare yet."
    if kappa.kappa is None:
        return "No figure: only one category was used, so chance explains all of it."
    if kappa.kappa <= 0:
        return "No more agreement than by chance."
    return next(words for most, words in _BANDS if kappa.kappa <= most)


_BANDS = (
    (0.20, "Slight agreement: hardly more than by chance."),
    (0.40, "Fair agreement: they often differ."),
    (0.60, "Moderate agreement: they differ on many pictures."),
    (0.80, "Substantial agreement: they differ on some pictures."),
    (float("inf"), "Almost perfect agreement."),
)


def _given(one: ContentVotes, *, first: bool) -> Sequence[Vote]:
    """Give one vote of each who graded, the first or the last of theirs."""
    votes = [vote for vote in one.votes if vote.kind is VoteKind.VOTE]
    given: Iterable[Vote] = reversed(votes) if first else standing(one.votes)
    return list({same_person(vote.by): vote for vote in given}.values())


def _voted(one: ContentVotes, grader: str) -> bool:
    return any(same_person(vote.by) == same_person(grader) for vote in standing(one.votes))


def _fleiss(said: Sequence[dict[str, str]], least: int) -> Kappa:
    return fleiss([Counter(by.values()) for by in said if len(by) >= least])
