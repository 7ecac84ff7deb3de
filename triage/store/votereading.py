"""Asks for votes of people on contents, together with what the reference sets say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from triage.errors import UsageFault
from triage.model.digest import Digests
from triage.model.display import printable
from triage.model.vote import ContentVotes, Decide, Decision, Vote, VoteSource, same_person
from triage.store import tables, voterows
from triage.store.voterows import parts
from triage.store.votetables import vote_sources, votes

PAGE = 2_000
"""Contents fetched at a time: bounds memory whatever the size of a case."""

_CONTENT = tables.contents.c
_LENGTHS = {32: "md5", 40: "sha1", 64: "sha256"}


class VoteReading:
    """The reading half of votes."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def any(self, case: str) -> bool:
        """Tell whether anything was ever said of a content of a case.

        Raises:
            UsageFault: there is no such case.
        """
        return voterows.any_of(self._connection, self._case(case)[0])

    def find(self, case: str, digests: Sequence[str]) -> tuple[bytes, ...]:
        """Give the SHA-256 of contents that are named by MD5, SHA-1 or SHA-256 in hex.

        Raises:
            UsageFault: one is no digest, not in the case, or that of several contents.
        """
        _, ids = self._case(case)
        wanted = list(dict.fromkeys(one.strip().lower() for one in digests))
        found: dict[str, set[bytes]] = {text: set() for text in wanted}
        for name in dict.fromkeys(map(_algorithm, wanted)):
            mine = [bytes.fromhex(text) for text in wanted if _algorithm(text) == name]
            query = sa.select(_CONTENT[name], _CONTENT.sha256).where(_CONTENT.exhibit_id.in_(ids))
            for part in parts(mine):
                for row in self._connection.execute(query.where(_CONTENT[name].in_(part))):
                    found[bytes(row[0]).hex()].add(bytes(row[1]))
        return tuple(dict.fromkeys(_only(text, found[text], case) for text in wanted))

    def digests(self, case: str) -> Iterator[Digests]:
        """Yield the digests of every distinct content of a case, by SHA-256."""
        _, ids = self._case(case)
        query = (
            sa.select(_CONTENT.sha256, _CONTENT.md5, _CONTENT.sha1, _CONTENT.size_bytes)
            .where(_CONTENT.exhibit_id.in_(ids))
            .order_by(_CONTENT.sha256)
            .distinct()
        )
        result = self._connection.execute(query.execution_options(yield_per=PAGE))
        for row in result:
            yield Digests(
                md5=bytes(row.md5),
                sha1=bytes(row.sha1),
                sha256=bytes(row.sha256),
                size_bytes=row.size_bytes,
            )

    def sources(self, case: str) -> tuple[VoteSource, ...]:
        """Give the files of grades that were imported, in order of their first import."""
        case_id, _ = self._case(case)
        query = sa.select(vote_sources).where(vote_sources.c.case_id == case_id)
        found = self._connection.execute(query.order_by(vote_sources.c.id))
        return tuple(map(voterows.source_of, found))

    def of(self, case: str, digests: Sequence[bytes], *, blind: str = "") -> list[ContentVotes]:
        """Give contents with all that is said of them, in the order asked for.

        Args:
            case: its reference.
            digests: SHA-256; what the case does not hold is left out.
            blind: a grader from whom the votes of others are kept until the grader has voted.
        """
        case_id, ids = self._case(case)
        return list(voterows.contents_of(self._connection, case_id, ids, digests, blind=blind))

    def own(self, case: str, digests: Sequence[bytes], *, by: str) -> dict[bytes, list[Vote]]:
        """Give what a person said here of some contents, in the order of recording.

        Contents of which the person never said anything are left out.
        """
        case_id, _ = self._case(case)
        name = same_person(by)
        found: dict[bytes, list[Vote]] = {}
        for sha256, lines in voterows.votes_of(self._connection, case_id, digests).items():
            mine = [one for one in lines if one.source is None and same_person(one.by) == name]
            if mine:
                found[sha256] = mine
        return found

    def contents(
        self,
        case: str,
        *,
        voted: bool = True,
        families: Sequence[str] = (),
        after: bytes = b"",
        blind: str = "",
    ) -> Iterator[ContentVotes]:
        """Yield contents of a case with all that is said of them, by SHA-256.

        Args:
            case: its reference.
            voted: only those of which anything was ever said; else all.
            families: only these types, ``picture`` for instance; none for all.
            after: begin behind this SHA-256.
            blind: as in :meth:`of`.
        """
        case_id, ids = self._case(case)
        while page := self._page(case_id, ids, after, families=families, voted=voted):
            yield from voterows.contents_of(self._connection, case_id, ids, page, blind=blind)
            after = page[-1]

    def decisions(
        self, case: str, digests: Sequence[bytes], decide: Decide
    ) -> dict[bytes, Decision]:
        """Tell what stands of those contents of which anything was said."""
        case_id, ids = self._case(case)
        return voterows.decisions_of(self._connection, case_id, ids, digests, decide)

    def _case(self, case: str) -> tuple[int, tuple[int, ...]]:
        return voterows.case_of(self._connection, case)

    def _page(
        self,
        case_id: int,
        ids: Sequence[int],
        after: bytes,
        *,
        families: Sequence[str],
        voted: bool,
    ) -> list[bytes]:
        query = sa.select(_CONTENT.sha256).where(
            _CONTENT.exhibit_id.in_(ids), _CONTENT.sha256 > after
        )
        if voted:
            said = sa.select(votes.c.sha256).where(
                votes.c.case_id == case_id, votes.c.sha256 > after
            )
            query = query.where(_CONTENT.sha256.in_(said))
        if families:
            query = query.where(_CONTENT.family.in_(families))
        query = query.order_by(_CONTENT.sha256).distinct().limit(PAGE)
        return [bytes(one) for one in self._connection.execute(query).scalars()]


def _algorithm(text: str) -> str:
    name = _LENGTHS.get(len(text))
    try:
        bytes.fromhex(text)
    except ValueError:
        name = None
    if name is None:
        raise UsageFault(f"{printable(text)!r} is no MD5, SHA-1 or SHA-256 in hex")
    return name


def _only(text: str, found: set[bytes], case: str) -> bytes:
    if not found:
        raise unknown(text, case)
    if len(found) > 1:
        raise UsageFault(
            f"{text} is the digest of {len(found)} different contents",
            hint="Name the SHA-256: " + ", ".join(sorted(one.hex() for one in found)),
        )
    return next(iter(found))


def unknown(digest: str, case: str) -> UsageFault:
    """Give the words for a content that is not there."""
    return UsageFault(f"case {printable(case)} holds no content {digest}")
