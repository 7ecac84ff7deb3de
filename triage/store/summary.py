"""What a result page is made from, counted by the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from triage.model.evidence import DamagedRange, DamageKind
from triage.model.problem import Problem, ProblemKind
from triage.model.record import ExhibitSummary, GradeCounts
from triage.model.verdict import Tally
from triage.model.volume import VolumeInfo, VolumeState
from triage.model.vote import DECIDED, DISPUTED, Decide
from triage.store import coverage, rows, tables, voterows
from triage.store.reader import Reading
from triage.store.spans import evidence_ids, spans, unindexed, within
from triage.store.votereading import VoteReading
from triage.store.votetables import votes

_ENTRY = tables.entries.c
_CONTENT = tables.contents.c
_MISSING = frozenset({DamageKind.MISSING_SEGMENT, DamageKind.TRUNCATED})


class Summing(Reading):
    """The counting half of a store."""

    def summary(self, case: str, exhibit: str, *, decide: Decide | None = None) -> ExhibitSummary:
        """Count one exhibit as it stands now; ``decide`` tells what stands by votes of people."""
        exhibit_id = self.exhibit_ids(case, exhibit)[0]
        evidence = self.evidence_of(exhibit_id)
        pictures = self._pictures(exhibit_id)
        seconds, read_bytes, workers = self._effort(exhibit_id)
        return ExhibitSummary(
            case=case,
            exhibit=exhibit,
            evidence=tuple(info for _, info, _ in evidence),
            volumes=self._volumes(exhibit_id),
            problems=self._problems(exhibit_id),
            tally=self._tally(exhibit_id),
            packs=self.packs_of(exhibit_id),
            hits=self._hits(exhibit_id),
            distinct_hits=self._count_contents(
                exhibit_id, _CONTENT.standing.in_(("known-bad", "notable", "unmapped"))
            ),
            conflicts=self._count_contents(exhibit_id, _CONTENT.conflict != ""),
            pictures_hashed=pictures.pop(("done", ""), 0),
            pictures_turned=self._count_contents(
                exhibit_id, (_CONTENT.picture_state == "done") & _CONTENT.turned.is_not(None)
            ),
            pictures_pending=pictures.pop(("pending", ""), 0),
            pictures_failed=tuple(
                sorted((reason or state, count) for (state, reason), count in pictures.items())
            ),
            listing_complete=self._listing_complete(exhibit_id),
            seconds=seconds,
            workers=workers,
            read_bytes=read_bytes,
            run_complete=self._run_complete(exhibit_id),
            grades=self._grades(case, exhibit_id, decide),
            coverage=coverage.coverage_of(self.connection, exhibit_id),
        )

    def _grades(self, case: str, exhibit_id: int, decide: Decide | None) -> GradeCounts | None:
        case_id, _ = voterows.case_of(self.connection, case)
        if decide is None or not voterows.any_of(self.connection, case_id):
            return None
        here = set(self._contents_here(exhibit_id, case_id))
        decided = Counter(
            (str(found.category or ""), str(found.state))
            for one in VoteReading(self.connection).contents(case)
            if one.sha256 in here
            for found in [decide(one.votes, one.proposals)]
            if found.state in DECIDED or found.state in DISPUTED
        )
        query = (
            sa.select(_CONTENT.category, sa.func.count())
            .where(_CONTENT.exhibit_id == exhibit_id, _CONTENT.category != "")
            .group_by(_CONTENT.category)
            .order_by(_CONTENT.category)
        )
        return GradeCounts(
            proposed=tuple((row[0], int(row[1])) for row in self.connection.execute(query)),
            decided=tuple((*key, count) for key, count in sorted(decided.items())),
        )

    def _contents_here(self, exhibit_id: int, case_id: int) -> Iterator[bytes]:
        """Give the contents of an exhibit of which anything was said."""
        said = sa.select(votes.c.sha256).where(votes.c.case_id == case_id)
        query = sa.select(_CONTENT.sha256).where(
            _CONTENT.exhibit_id == exhibit_id, _CONTENT.sha256.in_(said)
        )
        return map(bytes, self.connection.execute(query).scalars())

    def damage_of(self, evidence_id: int) -> tuple[DamagedRange, ...]:
        """Give the damaged ranges of an evidence item, overlapping and adjacent ones merged."""
        columns = tables.damage.c
        query = (
            sa.select(tables.damage)
            .where(columns.evidence_id == evidence_id)
            .order_by(columns.kind, columns.offset_bytes, columns.length_bytes, columns.detail)
        )
        merged: list[DamagedRange] = []
        for row in self.connection.execute(query):
            last = merged[-1] if merged else None
            end = row.offset_bytes + row.length_bytes
            if last and last.kind == row.kind and row.length_bytes and last.length_bytes:
                last_end = last.offset_bytes + last.length_bytes
                if row.offset_bytes <= last_end:
                    merged[-1] = DamagedRange(
                        offset_bytes=last.offset_bytes,
                        length_bytes=max(end, last_end) - last.offset_bytes,
                        kind=last.kind,
                    )
                    continue
            merged.append(
                DamagedRange(
                    offset_bytes=row.offset_bytes,
                    length_bytes=row.length_bytes,
                    kind=DamageKind(row.kind),
                    detail=row.detail,
                )
            )
        return tuple(sorted(merged))

    def _tally(self, exhibit_id: int) -> Tally:
        digested, pending = _ENTRY.state == "digested", _ENTRY.state == "pending"
        whole = sa.select(
            sa.func.count().filter(digested),
            sa.func.coalesce(sa.func.sum(_ENTRY.size_bytes).filter(digested), 0),
            sa.func.count().filter(pending),
        )
        # what is grouped is sorted: few entries have a reason
        reasons = (
            sa.select(_ENTRY.state, _ENTRY.reason, sa.func.count())
            .where(_ENTRY.state.in_(("skipped", "failed")))
            .group_by(_ENTRY.state, _ENTRY.reason)
        )
        evidence = evidence_ids(self.connection, [exhibit_id])
        counts = [0, 0, 0]
        undone: dict[tuple[str, str], int] = {}
        for span in spans(self.connection, evidence):
            inside = within(evidence, span)
            found = self.connection.execute(whole.where(inside)).one()
            counts = [one + int(more) for one, more in zip(counts, found, strict=True)]
            for state, reason, count in self.connection.execute(reasons.where(inside)):
                undone[state, reason] = undone.get((state, reason), 0) + int(count)
        told = sorted(undone.items())
        return Tally(
            listed=self._listed(evidence),
            digested=counts[0],
            skipped=tuple((key[1], count) for key, count in told if key[0] == "skipped"),
            failed=tuple((key[1], count) for key, count in told if key[0] == "failed"),
            pending=counts[2],
            digested_bytes=counts[1],
        )

    def _listed(self, evidence: Sequence[int]) -> int:
        """Count the entries on their own, so that the tally is an account and no tautology."""
        query = sa.select(sa.func.count()).where(_ENTRY.evidence_id.in_(evidence))
        return int(self.connection.execute(query.select_from(tables.entries)).scalar_one())

    def _hits(self, exhibit_id: int) -> tuple[tuple[tuple[str, str, str, str], int], ...]:
        medium = sa.case(
            (_CONTENT.family == "picture", "still"),
            (_CONTENT.family == "video", "moving"),
            else_="other",
        )
        label = sa.case((_CONTENT.category != "", _CONTENT.category), else_=_CONTENT.standing)
        kind = sa.case((_CONTENT.standing == "visual", "visual"), else_="exact")
        place = coverage.place()
        query = (
            sa.select(label, place, medium, kind, sa.func.count())
            .select_from(tables.contents)
            .join(
                tables.entries,
                (_ENTRY.sha256 == unindexed(_CONTENT.sha256))
                & _ENTRY.evidence_id.in_(evidence_ids(self.connection, [exhibit_id])),
            )
            .where(_CONTENT.exhibit_id == exhibit_id, _CONTENT.standing != "unknown")
            .group_by(label, place, medium, kind)
        )
        return tuple(
            sorted(
                ((row[0].upper().replace("-", "_"), row[1], row[2], row[3]), int(row[4]))
                for row in self.connection.execute(query)
            )
        )

    def _count_contents(self, exhibit_id: int, where: sa.ColumnElement[bool]) -> int:
        query = (
            sa.select(sa.func.count())
            .select_from(tables.contents)
            .where(_CONTENT.exhibit_id == exhibit_id, where)
        )
        return int(self.connection.execute(query).scalar_one())

    def _pictures(self, exhibit_id: int) -> dict[tuple[str, str], int]:
        reason = sa.case((_CONTENT.picture_state == "failed", _CONTENT.picture_reason), else_="")
        query = (
            sa.select(_CONTENT.picture_state, reason, sa.func.count())
            .where(_CONTENT.exhibit_id == exhibit_id, _CONTENT.picture_state != "none")
            .group_by(_CONTENT.picture_state, reason)
        )
        return {(row[0], row[1]): int(row[2]) for row in self.connection.execute(query)}

    def _problems(self, exhibit_id: int) -> tuple[Problem, ...]:
        found: list[Problem] = []
        for evidence_id, info, _ in self.evidence_of(exhibit_id):
            columns = tables.problems.c
            query = sa.select(tables.problems).where(columns.evidence_id == evidence_id)
            result = self.connection.execute(query)
            found.extend(_stored_problem(info.key, row) for row in result)
            found.extend(_damage_problem(info.key, one) for one in self.damage_of(evidence_id))
        return tuple(
            sorted(
                found,
                key=lambda one: (
                    one.evidence,
                    str(one.kind),
                    one.volume,
                    one.path,
                    -1 if one.offset_bytes is None else one.offset_bytes,
                    one.detail,
                ),
            )
        )

    def _volumes(self, exhibit_id: int) -> tuple[tuple[str, VolumeInfo], ...]:
        query = (
            sa.select(tables.evidence.c.key, tables.volumes.c.info)
            .join(tables.evidence, tables.evidence.c.id == tables.volumes.c.evidence_id)
            .where(tables.volumes.c.evidence_id.in_(evidence_ids(self.connection, [exhibit_id])))
            .order_by(tables.evidence.c.name, tables.evidence.c.key, tables.volumes.c.id)
        )
        return tuple((row[0], rows.volume_info(row[1])) for row in self.connection.execute(query))

    def _listing_complete(self, exhibit_id: int) -> bool:
        query = (
            sa.select(tables.volumes.c.info)
            .where(tables.volumes.c.evidence_id.in_(evidence_ids(self.connection, [exhibit_id])))
            .where(tables.volumes.c.listed.is_(False))
        )
        unlisted = (rows.volume_info(text) for text in self.connection.execute(query).scalars())
        return not any(volume.state is VolumeState.OPENED for volume in unlisted)

    def _run_complete(self, exhibit_id: int) -> bool:
        columns = tables.runs.c
        query = (
            sa.select(columns.state)
            .where(columns.exhibit_id == exhibit_id)
            .order_by(columns.id.desc())
            .limit(1)
        )
        return self.connection.execute(query).scalar() == "complete"

    def _effort(self, exhibit_id: int) -> tuple[float, int, int]:
        columns = tables.runs.c
        query = (
            sa.select(columns.seconds, columns.read_bytes, columns.workers)
            .where(columns.exhibit_id == exhibit_id, columns.state != "running")
            .order_by(columns.id)
        )
        runs = self.connection.execute(query).all()
        if not runs:
            return 0.0, 0, 0
        return (
            float(sum(row[0] for row in runs)),
            int(sum(row[1] for row in runs)),
            int(runs[-1][2]),
        )


def _stored_problem(evidence_key: str, row: rows.Row) -> Problem:
    return Problem(
        kind=ProblemKind(row.kind),
        evidence=evidence_key,
        volume=row.volume,
        path=row.path,
        detail=row.detail,
        offset_bytes=None if row.offset_bytes < 0 else row.offset_bytes,
        length_bytes=None if row.length_bytes < 0 else row.length_bytes,
    )


def _damage_problem(evidence_key: str, one: DamagedRange) -> Problem:
    missing = one.kind in _MISSING
    words = f"{one.kind}: {one.detail}" if one.detail else str(one.kind)
    return Problem(
        kind=ProblemKind.MISSING_SEGMENT if missing else ProblemKind.DAMAGED_RANGE,
        evidence=evidence_key,
        detail=words,
        offset_bytes=one.offset_bytes,
        length_bytes=one.length_bytes,
    )
