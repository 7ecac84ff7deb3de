"""Rows of leases, attempts and results as values, and back."""

from __future__ import annotations

import json

import sqlalchemy as sa

from triage.model.ledger import Stage
from triage.model.queue import Attempt, AttemptEnd, ExhibitResult, Lease, LeaseState, LeaseView
from triage.store.ledgertables import attempts, leases, ledger, results

Values = dict[str, object]

WORKED = (Stage.QUEUED, Stage.TRIAGE)
"""The stages in which an exhibit is in the queue."""

_REFERENCES = (ledger.c.case_reference.label("case_name"), ledger.c.reference.label("exhibit_name"))


def in_queue() -> sa.ColumnElement[bool]:
    """Whether a row of the ledger says that its exhibit may be worked at.

    It is at the stage for it, has an image, and no person holds it back.
    """
    columns = ledger.c
    stage = columns.stage.in_([one.value for one in WORKED])
    return sa.and_(stage, columns.image_path != "", columns.held_s == -1)


def is_open() -> sa.ColumnElement[bool]:
    """Whether nobody has the exhibit, and nothing forbids to take it, by its lease.

    A finished one is open again once a person has moved it back into the queue.
    """
    state = leases.c.state
    return sa.or_(
        state.is_(None),
        state.in_((LeaseState.FREE.value, LeaseState.AWAY.value)),
        sa.and_(state == LeaseState.DONE.value, ledger.c.stage == Stage.QUEUED.value),
    )


def is_ours(lease: Lease) -> sa.ColumnElement[bool]:
    """Whether a row is that of a lease, and nobody has been given the exhibit since."""
    found = leases.c
    leased = found.state == LeaseState.LEASED.value
    return sa.and_(found.ledger_id == lease.ledger_id, found.token == lease.token, leased)


def with_lease() -> sa.FromClause:
    """Give the ledger with the lease of each exhibit, where it has one."""
    return ledger.outerjoin(leases, leases.c.ledger_id == ledger.c.id)


def views() -> sa.Select[tuple[object, ...]]:
    """Ask for leases with the names of their exhibits."""
    joined = leases.join(ledger, leases.c.ledger_id == ledger.c.id)
    return sa.select(leases, *_REFERENCES).select_from(joined)


def view_of(row: sa.Row[tuple[object, ...]]) -> LeaseView:
    """Give a row of :func:`views` as a value."""
    return LeaseView(
        ledger_id=row.ledger_id,
        case=row.case_name,
        exhibit=row.exhibit_name,
        state=LeaseState(row.state),
        token=row.token,
        beat=row.beat,
        holder=row.holder,
        host=row.host,
        pid=row.pid,
        taken_s=row.taken_s,
        beaten_s=row.beaten_s,
        failures=row.failures,
        reason=row.reason,
    )


def lease_of(exhibit: sa.Row[tuple[object, ...]], token: int, failures: int, settled: int) -> Lease:
    """Give the lease of an exhibit, a row of the ledger; it goes on where something is settled."""
    return Lease(
        ledger_id=exhibit.id,
        case=exhibit.case_reference,
        exhibit=exhibit.reference,
        image_path=exhibit.image_path,
        image_bytes=exhibit.image_bytes,
        token=token,
        failures=failures,
        goes_on=settled > 0,
    )


def all_attempts() -> sa.Select[tuple[object, ...]]:
    """Ask for attempts with the names of their exhibits, in the order in which they began."""
    joined = attempts.join(ledger, attempts.c.ledger_id == ledger.c.id)
    order = (attempts.c.started_s, attempts.c.ledger_id, attempts.c.token)
    return sa.select(attempts, *_REFERENCES).select_from(joined).order_by(*order)


def attempt_of(row: sa.Row[tuple[object, ...]]) -> Attempt:
    """Give a row of :func:`all_attempts` as a value."""
    return Attempt(
        ledger_id=row.ledger_id,
        case=row.case_name,
        exhibit=row.exhibit_name,
        token=row.token,
        holder=row.holder,
        started_s=row.started_s,
        ended_s=row.ended_s,
        end=AttemptEnd(row.end),
        reason=row.reason,
        seconds=row.seconds,
        read_bytes=row.read_bytes,
    )


def all_results() -> sa.Select[tuple[object, ...]]:
    """Ask for results with the names of their exhibits, in the order in which they came."""
    joined = results.join(ledger, results.c.ledger_id == ledger.c.id)
    order = (results.c.done_s, results.c.ledger_id)
    return sa.select(results, *_REFERENCES).select_from(joined).order_by(*order)


def result_of(row: sa.Row[tuple[object, ...]]) -> ExhibitResult:
    """Give a row of :func:`all_results` as a value."""
    return ExhibitResult(
        colour=row.colour,
        hits=tuple((label, occurrences) for label, occurrences in json.loads(row.hits)),
        gaps=row.gaps,
        files=row.files,
        known_good=row.known_good,
        media=row.media,
        pre_categorised=row.pre_categorised,
        left=row.left,
        seconds=row.seconds,
        read_bytes=row.read_bytes,
        done_s=row.done_s,
    )


def result_values(ledger_id: int, result: ExhibitResult) -> Values:
    """Give the columns of a result."""
    return {
        "ledger_id": ledger_id,
        "colour": result.colour,
        "hits": json.dumps(result.hits, separators=(",", ":")),
        "gaps": result.gaps,
        "files": result.files,
        "known_good": result.known_good,
        "media": result.media,
        "pre_categorised": result.pre_categorised,
        "left": result.left,
        "seconds": result.seconds,
        "read_bytes": result.read_bytes,
        "done_s": result.done_s,
    }
