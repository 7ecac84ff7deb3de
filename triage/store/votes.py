"""Votes of people on contents: appended one by one, read back with what the sets say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.grade import Category
from triage.model.vote import (
    DISPUTED,
    Ballot,
    Decide,
    Vote,
    VoteHow,
    VoteKind,
    VoteSource,
    may_resolve,
    resolution,
    same_person,
    standing,
)
from triage.store import tables, voterows
from triage.store.votereading import VoteReading, unknown
from triage.store.voterows import parts
from triage.store.votetables import vote_sources, votes

_CONTENT = tables.contents.c


class Votes(VoteReading):
    """Votes in the database; nothing is kept before the caller commits."""

    def cast(
        self,
        case: str,
        ballots: Sequence[Ballot],
        *,
        now_s: int,
        source: VoteSource | None = None,
    ) -> tuple[int, int]:
        """Append votes, but for those that stand so already.

        Args:
            case: its reference.
            ballots: of one person and content the last one is taken.
            now_s: seconds since 1970 UTC.
            source: the file that they come from, where they were given elsewhere.

        Returns:
            How many were appended, and how many stood so already.

        Raises:
            UsageFault: nobody is named, a content is not in the case, or what is said is no grade.
        """
        case_id, ids = self._case(case)
        self._hold(case_id, alone=source is not None)
        last = {(one.sha256, same_person(one.by)): one for one in ballots}
        digests = sorted({sha256 for sha256, _ in last})
        self._refuse_strangers(case, ids, digests)
        source_id = None if source is None else self._source(case_id, source)
        stand = self._standing(case_id, digests, source.sha256 if source else "")
        values = []
        for key, one in last.items():
            if one.category in {Category.UNCATEGORISED, Category.UNMAPPED}:
                raise UsageFault(f"{one.category} is no grade")
            fresh = voterows.vote_values(case_id, VoteKind.VOTE, one, now_s)
            if not _stands(fresh, stand.get(key)):
                values.append({**fresh, "source_id": source_id})
        if values:
            self._connection.execute(sa.insert(votes), values)
        return len(values), len(last) - len(values)

    def hold(self, case: str) -> None:
        """Let nobody else record anything about a case before this transaction ends.

        Raises:
            UsageFault: there is no such case.
        """
        self._hold(self._case(case)[0], alone=True)

    def withdraw(
        self, case: str, digests: Sequence[bytes], *, by: str, why: str, now_s: int
    ) -> int:
        """Append withdrawals: what the person said of contents does not stand any more.

        Args:
            case: its reference.
            digests: SHA-256 of the contents.
            by: who withdraws what they said themselves; ``why``: the reason, may be empty.
            now_s: seconds since 1970 UTC.

        Returns:
            Of how many contents something was withdrawn.

        Raises:
            UsageFault: there is no such case, or nobody is named.
        """
        case_id, _ = self._case(case)
        self._hold(case_id, alone=True)
        said = voterows.votes_of(self._connection, case_id, digests)
        mine = [sha256 for sha256, lines in said.items() if _has_part(lines, by)]
        return self._append_withdrawals(case_id, mine, _nothing(by, why, VoteHow.HAND), now_s, None)

    def withdraw_source(self, case: str, sha256: str, *, by: str, why: str, now_s: int) -> int:
        """Append withdrawals of all votes that came from an imported file.

        Args:
            case: its reference.
            sha256: of the file, lower hex.
            by: who withdraws them; ``why``: the reason.
            now_s: seconds since 1970 UTC.

        Returns:
            Of how many contents something was withdrawn.

        Raises:
            UsageFault: there is no such case or file, or nobody is named.
        """
        case_id, _ = self._case(case)
        self._hold(case_id, alone=True)
        source_id = self._source_id(case_id, sha256)
        said = voterows.votes_of(self._connection, case_id, self._said_by(case_id, source_id))
        theirs = [
            digest
            for digest, lines in said.items()
            if any(one.source and one.source.sha256 == sha256 for one in standing(lines))
        ]
        line = _nothing(by, why, VoteHow.IMPORT)
        return self._append_withdrawals(case_id, theirs, line, now_s, source_id)

    def resolve(
        self, case: str, ballot: Ballot, *, decide: Decide, now_s: int, seen: int | None = None
    ) -> None:
        """Append the decision of a person who did not vote, on a content that is in dispute.

        Args:
            case: its reference.
            ballot: what is decided, by whom and why.
            decide: tells what stands; asked before anything is written.
            now_s: seconds since 1970 UTC.
            seen: number of the last line that the person has seen, where that is known.

        Raises:
            UsageFault: the content is not in dispute, the person voted on it, no reason is named,
                or more was said of it than the person has seen.
        """
        case_id, ids = self._case(case)
        self._hold(case_id, alone=True)
        self._refuse_strangers(case, ids, [ballot.sha256])
        (one,) = voterows.contents_of(self._connection, case_id, ids, [ballot.sha256])
        found = decide(one.votes, one.proposals)
        name = f"content {ballot.sha256.hex()}"
        if not ballot.why.strip():
            raise UsageFault(f"{name}: the reason of a resolution has to be named")
        if found.state not in DISPUTED:
            raise UsageFault(
                f"{name} is not in dispute: it is {found.state}",
                hint="A vote of one's own is given by 'triage grade set'.",
            )
        if not may_resolve(one.votes, ballot.by):
            raise UsageFault(
                f"{name}: {printable(ballot.by)} voted on it, and so cannot resolve it",
                hint="Somebody who had no part in it has to.",
            )
        if seen is not None and seen != one.votes[-1].number:
            raise UsageFault(
                f"{name}: more was said of it in the meantime", hint="Look at it again."
            )
        values = voterows.vote_values(case_id, VoteKind.RESOLUTION, ballot, now_s)
        self._connection.execute(sa.insert(votes), [values])

    def _append_withdrawals(
        self,
        case_id: int,
        digests: Sequence[bytes],
        line: Ballot,
        now_s: int,
        source_id: int | None,
    ) -> int:
        kind = VoteKind.WITHDRAWAL
        values = [
            {
                **voterows.vote_values(case_id, kind, replace(line, sha256=sha256), now_s),
                "source_id": source_id,
            }
            for sha256 in digests
        ]
        if values:
            self._connection.execute(sa.insert(votes), values)
        return len(values)

    def _hold(self, case_id: int, *, alone: bool) -> None:
        """Begin to write: votes beside others' votes, what looks at them first on its own.

        So a resolution has seen every vote that is recorded before it.
        """
        if self._connection.dialect.name == "sqlite":
            # A statement that changes nothing takes the write lock, as any that writes does.
            held = sa.update(tables.cases).where(sa.false()).values(reference="")
            self._connection.execute(held)
            return
        asked = sa.select(tables.cases.c.id).where(tables.cases.c.id == case_id)
        self._connection.execute(asked.with_for_update(read=not alone, key_share=alone))

    def _refuse_strangers(self, case: str, ids: Sequence[int], digests: Sequence[bytes]) -> None:
        known: set[bytes] = set()
        query = sa.select(_CONTENT.sha256).where(_CONTENT.exhibit_id.in_(ids))
        for part in parts(digests):
            found = self._connection.execute(query.where(_CONTENT.sha256.in_(part)))
            known.update(map(bytes, found.scalars()))
        if strangers := [one for one in digests if one not in known]:
            raise unknown(strangers[0].hex(), case)

    def _standing(
        self, case_id: int, digests: Sequence[bytes], source: str
    ) -> dict[tuple[bytes, str], Vote]:
        said = voterows.votes_of(self._connection, case_id, digests)
        return {
            (sha256, same_person(one.by)): one
            for sha256, lines in said.items()
            for one in standing(lines)
            if (one.source.sha256 if one.source else "") == source
        }

    def _source(self, case_id: int, source: VoteSource) -> int:
        known = self._known_source(case_id, source.sha256)
        if known is not None:
            return known
        values = voterows.source_values(case_id, source)
        self._connection.execute(sa.insert(vote_sources), [values])
        return self._source_id(case_id, source.sha256)

    def _known_source(self, case_id: int, sha256: str) -> int | None:
        query = sa.select(vote_sources.c.id).where(
            vote_sources.c.case_id == case_id, vote_sources.c.sha256 == sha256
        )
        return self._connection.execute(query).scalar()

    def _source_id(self, case_id: int, sha256: str) -> int:
        found = self._known_source(case_id, sha256)
        if found is None:
            raise UsageFault(f"no file with the SHA-256 {printable(sha256)} was imported")
        return found

    def _said_by(self, case_id: int, source_id: int) -> list[bytes]:
        query = (
            sa.select(votes.c.sha256)
            .where(votes.c.case_id == case_id, votes.c.source_id == source_id)
            .order_by(votes.c.sha256)
            .distinct()
        )
        return [bytes(one) for one in self._connection.execute(query).scalars()]


def _stands(fresh: dict[str, Any], vote: Vote | None) -> bool:
    """Tell whether a vote says what stands already; one without a reason adds none."""
    if vote is None:
        return False
    same = ("category", "scheme", "code")
    return (
        all(fresh[name] == str(getattr(vote, name)) for name in same)
        and fresh["tags"] == voterows.tags_text(vote.tags)
        and fresh["why"] in {"", vote.why}
    )


def _nothing(by: str, why: str, how: VoteHow) -> Ballot:
    none = Category.UNMAPPED
    return Ballot(
        sha256=b"", category=none, scheme="", scheme_version="", code="", by=by, why=why, how=how
    )


def _has_part(lines: Sequence[Vote], by: str) -> bool:
    """Tell whether anything stands that a person said here."""
    name = same_person(by)
    mine = [one for one in lines if one.source is None and same_person(one.by) == name]
    return bool(standing(mine)) or resolution(mine) is not None
