"""What the reference sets together say of one content; pure, and the same for any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from triage.grading.table import Scheme
from triage.model.display import printable
from triage.model.grade import ILLEGAL, SEVERITY, Category, Proposal, Standing
from triage.model.hashset import Polarity
from triage.model.match import Match, MatchKind

_TRUST = {"yes": 0, "unknown": 1, "no": 2}
_STRENGTH = {"sha256": 0, "sha1": 1, "md5": 2}
_NOTABLE = frozenset({Category.INDICATIVE, Category.OTHER_NOTABLE})
_GRADED = frozenset(SEVERITY) - {
    Category.KNOWN_BAD,
    Category.UNMAPPED,
    Category.UNCATEGORISED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One match, with what its set means by it; ``category`` ``None``: plainly known-good."""

    match: Match
    category: Category | None
    stated: Category | None
    """What the code alone says, where it says anything."""

    @property
    def order(self) -> tuple[int, int, int, Match]:
        rank = len(SEVERITY) if self.category is None else SEVERITY.index(self.category)
        trust = _TRUST.get(self.match.trusted, 1)
        return rank, trust, _STRENGTH.get(self.match.algorithm, 3), self.match


def propose(matches: Sequence[Match], schemes: Mapping[str, Scheme]) -> Proposal:
    """Propose a standing and a category for one content.

    The most serious exact hit stands (:data:`triage.model.grade.SEVERITY`); known-bad outranks
    known-good, and where both are said the conflict is told. A visual similarity never becomes a
    category: it gives the standing ``VISUAL`` where no exact hit other than known-good stands. A
    match of the kind ``CONFLICT`` is no hit, only a conflict.

    Args:
        matches: all matches of the content, in any order.
        schemes: by id; a scheme that is missing leaves its codes unmapped.
    """
    if not matches:
        return Proposal(standing=Standing.UNKNOWN)
    readings = sorted((_read(match, schemes) for match in set(matches)), key=lambda one: one.order)
    exact = [one for one in readings if one.match.kind is MatchKind.EXACT]
    visual = [
        one for one in readings if one.match.kind is MatchKind.VISUAL and not _is_good(one.category)
    ]
    conflict = "; ".join([*_disagreements(exact, visual), *_digest_conflicts(readings)])
    strongest = exact[0] if exact else None
    if strongest is not None and not (visual and _is_good(strongest.category)):
        return _exact_proposal(strongest, exact, visual, conflict)
    if visual:
        return Proposal(standing=Standing.VISUAL, reason=_visual_words(visual), conflict=conflict)
    return Proposal(standing=Standing.UNKNOWN, conflict=conflict)


def _exact_proposal(
    strongest: _Reading, exact: list[_Reading], visual: list[_Reading], conflict: str
) -> Proposal:
    reasons = [_exact_words(one) for one in exact]
    if visual:
        reasons.append(_visual_words(visual))
    return Proposal(
        standing=_standing(strongest.category),
        category=strongest.category,
        original_code=strongest.match.code if strongest.match.has_code else "",
        scheme=strongest.match.scheme,
        reason="; ".join(reasons),
        conflict=conflict,
    )


def _read(match: Match, schemes: Mapping[str, Scheme]) -> _Reading:
    stated = _stated(match, schemes)
    category: Category | None
    if match.polarity is Polarity.KNOWN_GOOD:
        category = None
    elif match.polarity is Polarity.KNOWN_BAD:
        category = stated if stated in ILLEGAL else Category.KNOWN_BAD
    else:
        category = stated or Category.UNCATEGORISED
    return _Reading(match=match, category=category, stated=stated)


def _stated(match: Match, schemes: Mapping[str, Scheme]) -> Category | None:
    if not match.has_code:
        return None
    scheme = schemes.get(match.scheme)
    return Category.UNMAPPED if scheme is None else scheme.category_of(match.code)


def _is_good(category: Category | None) -> bool:
    return category is None or category is Category.NON_PERTINENT


def _standing(category: Category | None) -> Standing:
    if _is_good(category):
        return Standing.KNOWN_GOOD
    if category in ILLEGAL:
        return Standing.KNOWN_BAD
    return Standing.NOTABLE if category in _NOTABLE else Standing.UNMAPPED


def _disagreements(exact: list[_Reading], visual: list[_Reading]) -> list[str]:
    """Tell where sets contradict each other; ``exact`` is sorted, most serious first."""
    said = []
    bad = [one for one in exact if not _is_good(one.category)]
    good = [one for one in exact if _is_good(one.category)]
    if bad and good:
        said.append(f"{_label(bad[0])}, but {_label(good[0])}")
    elif visual and good:
        said.append(f"looks like a record of {_pack(visual[0].match)}, but {_label(good[0])}")
    graded = {one.category: one for one in reversed(bad) if one.category in _GRADED}
    if len(graded) > 1:
        in_order = sorted(graded.values(), key=lambda one: one.order)
        said.append("different categories: " + ", ".join(_label(one) for one in in_order))
    listed_only = [one for one in bad if one.category is Category.KNOWN_BAD]
    lesser = [one for one in bad if one.category in _NOTABLE]
    if listed_only and lesser:
        said.append(f"{_label(listed_only[0])}, but {_label(lesser[0])}")
    said.extend(_against_own_set(one) for one in bad if _contradicts_itself(one))
    return said


def _contradicts_itself(one: _Reading) -> bool:
    return one.match.polarity is Polarity.KNOWN_BAD and one.stated is Category.NON_PERTINENT


def _against_own_set(one: _Reading) -> str:
    code = printable(one.match.code)
    return f"{_pack(one.match)} is a known-bad set, but its code {code} means NON_PERTINENT"


def _digest_conflicts(readings: list[_Reading]) -> list[str]:
    return [
        f"{_pack(one.match)}: {_conflict_words(one.match)}"
        for one in sorted(readings, key=lambda one: one.match)
        if one.match.kind is MatchKind.CONFLICT
    ]


def _conflict_words(match: Match) -> str:
    detail = printable(match.detail)
    if " agrees, " in detail:
        return detail
    return f"{match.algorithm} agrees, but {detail or 'another digest does not'}"


def _pack(match: Match) -> str:
    return f"{printable(match.pack)} {printable(match.pack_version)}".rstrip()


def _label(one: _Reading) -> str:
    if one.category is None:
        return f"known-good in {_pack(one.match)}"
    return f"{one.category} in {_pack(one.match)}"


def _exact_words(one: _Reading) -> str:
    match = one.match
    place = f"same {match.algorithm} as a record of {_pack(match)}"
    trust = f", trusted: {match.trusted}" if match.trusted != "unknown" else ""
    if one.category is None:
        return f"{place}, a known-good set"
    if not match.has_code:
        listed = one.category is Category.KNOWN_BAD
        said = "a known-bad set" if listed else "which gives it no category"
        return f"{place}, {said}{trust}"
    meaning = f"code {printable(match.code)} of scheme {printable(match.scheme) or '(none)'}"
    if one.stated is Category.UNMAPPED:
        return f"{place}, {meaning}, to which no confirmed scheme gives a meaning{trust}"
    if one.stated is Category.NON_PERTINENT and one.category is Category.NON_PERTINENT:
        return f"{place}, {meaning}: non-pertinent by category{trust}"
    return f"{place}, {meaning}: {one.stated}{trust}"


def _visual_words(visual: list[_Reading]) -> str:
    nearest = min(visual, key=lambda one: (one.match.distance_bits, one.order))
    match = nearest.match
    label = f", there {nearest.stated}" if nearest.stated else ""
    bits = "bit" if match.distance_bits == 1 else "bits"
    more = f" ({len(visual)} such records)" if len(visual) > 1 else ""
    return (
        f"looks like a record of {_pack(match)}{label} "
        f"({match.algorithm}, {match.distance_bits} {bits} apart){more}: needs a person"
    )
