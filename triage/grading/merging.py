"""Turns a case that was graded elsewhere into votes on the contents of one that is here; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from triage.errors import UsageFault
from triage.grading.table import Scheme
from triage.grading.voting import NO_GRADE
from triage.model.digest import Digests
from triage.model.display import printable
from triage.model.grade import Category
from triage.model.gradedcase import GradedFile, GradedRecord
from triage.model.vote import NOT_NAMED, Ballot, VoteHow, same_person

ANY_SCHEME = frozenset({"", "DEFAULT", "CUSTOM"})
"""Regions without categories of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a file says of the contents of a case.

    Attributes:
        refused: ``((place, reason), …)`` in the order of the file.
        strangers: digests, in hex, of graded contents that are not in the case.
        ungraded: records without a grade; ``precategorised``: records whose category a reference
            set gave, which is no vote of a person.
    """

    ballots: tuple[Ballot, ...]
    refused: tuple[tuple[str, str], ...]
    strangers: tuple[str, ...]
    ungraded: int
    precategorised: int


def merge(file: GradedFile, contents: Iterable[Digests], scheme: Scheme) -> Merged:
    """Merge by hash: every digest that both sides have must agree, and the size too.

    Args:
        file: what was graded elsewhere.
        contents: the digests of all contents of the case.
        scheme: gives the meaning of the file's codes.

    Raises:
        UsageFault: nobody has confirmed the scheme, or it is one of another region than the file.
    """
    _check(file, scheme)
    found = _Found()
    graded = _sifted(file, scheme, found)
    known = _known((one for one, _ in graded), contents)
    for one, category in graded:
        content = known.get(_key(one), [])
        if reason := _doubt(one, content):
            found.refused[one.place] = reason
        elif not content:
            found.strangers.append((one.md5 or one.sha1 or one.sha256 or b"").hex())
        else:
            found.take(one, _ballots(one, content[0], category, scheme))
    return Merged(
        ballots=tuple(ballot for ballot, _ in found.ballots.values()),
        refused=tuple(
            (one.place, found.refused[one.place])
            for one in file.records
            if one.place in found.refused
        ),
        strangers=tuple(found.strangers),
        ungraded=found.ungraded,
        precategorised=found.precategorised,
    )


@dataclass(slots=True)
class _Found:
    """What was found so far; ``refused`` by place, ``ballots`` with theirs."""

    ballots: dict[tuple[bytes, str], tuple[Ballot, str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    ungraded: int = 0
    precategorised: int = 0

    def take(self, one: GradedRecord, fresh: Sequence[Ballot]) -> None:
        """Take the votes of a record, unless another one has the same person say otherwise."""
        for ballot in fresh:
            before, place = self.ballots.get(_vote(ballot), (ballot, ""))
            if before.category is not ballot.category:
                self.refused[one.place] = f"{place} says something else of the same content"
                return
        self.ballots |= {_vote(ballot): (ballot, one.place) for ballot in fresh}


def _sifted(file: GradedFile, scheme: Scheme, found: _Found) -> list[tuple[GradedRecord, Category]]:
    """Give the records that people graded, with their category."""
    graded: list[tuple[GradedRecord, Category]] = []
    for one in file.records:
        category = scheme.category_of(one.code)
        if one.problem:
            found.refused[one.place] = one.problem
        elif one.code is None or category is Category.UNCATEGORISED:
            found.ungraded += 1
        elif one.precategorised:
            found.precategorised += 1
        elif category in NO_GRADE:
            found.refused[one.place] = f"code {printable(one.code)} is not in scheme {scheme.id}"
        elif not (one.md5 or one.sha1 or one.sha256):
            found.refused[one.place] = "no digest"
        else:
            graded.append((one, category))
    return graded


def _check(file: GradedFile, scheme: Scheme) -> None:
    if not scheme.is_confirmed:
        raise UsageFault(
            f"nobody has confirmed what the codes of scheme {scheme.id} mean",
            hint=f'triage scheme confirm {scheme.id} --by NAME --source "CAID data of DATE"',
        )
    region = file.region.upper()
    if region not in ANY_SCHEME and region != scheme.region.upper():
        raise UsageFault(
            f"{printable(file.name)} holds codes of region {printable(file.region)}, "
            f"scheme {scheme.id} those of {scheme.region}",
            hint="Name the scheme of its codes with --scheme.",
        )


def _key(one: GradedRecord) -> tuple[str, bytes]:
    """Give the strongest digest that a record has."""
    if one.sha256:
        return "sha256", one.sha256
    return ("sha1", one.sha1) if one.sha1 else ("md5", one.md5 or b"")


def _known(
    records: Iterable[GradedRecord], contents: Iterable[Digests]
) -> dict[tuple[str, bytes], list[Digests]]:
    """Find the contents that the records name; also those of one MD5 and another SHA-1."""
    by_md5: dict[bytes, list[tuple[str, bytes]]] = {}
    found: dict[tuple[str, bytes], list[Digests]] = {}
    for one in records:
        found[_key(one)] = []
        if one.md5:
            by_md5.setdefault(one.md5, []).append(_key(one))
    for content in contents:
        keys = {
            ("sha256", content.sha256),
            ("sha1", content.sha1),
            ("md5", content.md5),
            *by_md5.get(content.md5, ()),
        }
        for key in keys:
            if key in found:
                found[key].append(content)
    return found


def _doubt(one: GradedRecord, found: list[Digests]) -> str:
    """Say why a record cannot be merged though a content has one of its digests."""
    if len(found) > 1:
        return f"{len(found)} contents of the case have its digest"
    for content in found:
        pairs = (("MD5", one.md5, content.md5), ("SHA-1", one.sha1, content.sha1))
        for name, theirs, ours in (*pairs, ("SHA-256", one.sha256, content.sha256)):
            if theirs and theirs != ours:
                return f"a content of the case has one of its digests, but another {name}"
        if one.size_bytes is not None and one.size_bytes != content.size_bytes:
            return "a content of the case has its digest, but another size"
    return ""


def _ballots(
    one: GradedRecord, content: Digests, category: Category, scheme: Scheme
) -> list[Ballot]:
    """Give one vote for each who graded, as far as the file says who."""
    return [
        Ballot(
            sha256=content.sha256,
            category=category,
            scheme=scheme.id,
            scheme_version=scheme.version,
            code=one.code or "",
            by=name,
            how=VoteHow.IMPORT,
            tags=one.tags,
        )
        for name in one.by or (one.said_by or NOT_NAMED,)
    ]


def _vote(one: Ballot) -> tuple[bytes, str]:
    return one.sha256, same_person(one.by)
