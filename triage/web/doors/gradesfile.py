"""Grades given elsewhere: a VICS case is sent, merged by hash, and what came of it is told."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from triage.bench.importing import Imported, import_grades, read_file
from triage.errors import HashSetError
from triage.grading.scheme import SchemeBook
from triage.model.account import AuditAction
from triage.model.display import printable
from triage.web.benchbodies import CaseId
from triage.web.caseviews import EXAMINERS, case_of
from triage.web.faults import Fault, TooLarge
from triage.web.gate import Door, SeatIn
from triage.web.replies import API_RESPONSES, ErrorBody
from triage.web.seat import Seat
from triage.web.turn import turn_of

DOOR = Door("/api/cases/{case_id}", roles=EXAMINERS, api=True)
MOST_BYTES = 1 << 30
"""Of a file: about a million contents."""

TOLD = 200
"""Records and digests that are named, at most; all are counted."""

FOLDER = "imports"
RAW = "application/octet-stream"
_PIECE_BYTES = 1 << 20
_BODY = {
    "requestBody": {
        "required": True,
        "content": {RAW: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_RESPONSES = {
    **API_RESPONSES,
    413: {"model": ErrorBody, "description": "The file is too large."},
    415: {"model": ErrorBody, "description": "The body is no file."},
}


class RefusedRecord(BaseModel):
    """A record that could not be taken, and why."""

    model_config = ConfigDict(frozen=True)

    place: str
    reason: str


class ImportAnswer(BaseModel):
    """What came of a file; `refused` and `not_in_the_case` name the first ones."""

    model_config = ConfigDict(frozen=True)

    file: str
    sha256: str
    said_by: str
    added: int
    unchanged: int
    disputed: int
    without_a_grade: int
    by_reference_sets: int
    strangers: int
    not_in_the_case: tuple[str, ...]
    refusals: int
    refused: tuple[RefusedRecord, ...]


class _Unlike(Fault):
    status = 415


@DOOR.post(
    "/grades",
    body_bytes=-1,
    response_model=ImportAnswer,
    responses=_RESPONSES,
    openapi_extra=_BODY,
)
async def take_grades(
    seat: SeatIn,
    request: Request,
    case_id: CaseId,
    name: Annotated[str, Query(max_length=255, description="Of the file, for the record.")],
    scheme: Annotated[str, Query(max_length=64, description="Gives its codes their meaning.")],
) -> ImportAnswer:
    """Take the grades of a VICS case as votes; no file overwrites what was said here."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != RAW:
        raise _Unlike("A file of grades is sent as application/octet-stream.")
    path = await run_in_threadpool(_fresh, seat.suite.home)
    try:
        received, held = 0, bytearray()
        async for data in request.stream():
            received += len(data)
            if received > MOST_BYTES:
                raise TooLarge(f"The file is larger than {MOST_BYTES >> 20:,} MB.")
            held += data
            if len(held) >= _PIECE_BYTES:
                await run_in_threadpool(_append, path, bytes(held))
                held.clear()
        await run_in_threadpool(_append, path, bytes(held))
        return await run_in_threadpool(_taken, seat, case_id, path, (name, scheme))
    finally:
        await run_in_threadpool(_remove, path)


def _fresh(home: Path) -> Path:
    """Make an empty file of ours."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / secrets.token_hex(16)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _taken(seat: Seat, case_id: int, path: Path, asked: tuple[str, str]) -> ImportAnswer:
    """Merge a file that is here whole."""
    case = case_of(seat, case_id)
    name, scheme_id = asked
    scheme = SchemeBook(seat.suite.home).get(scheme_id)
    called = printable(name.replace("\0", "\ufffd")) or "grades"
    try:
        file = read_file(path, name=called)
    except HashSetError as error:
        raise Fault(error.message.replace(path.name, called), hint=error.hint) from error
    with turn_of(seat.suite):
        done = import_grades(
            seat.store, case.reference, file, scheme, by=seat.account.shown, now_s=seat.now_s
        )
        seat.audit(
            AuditAction.GRADES_IMPORTED,
            case=case.reference,
            file=called,
            sha256_of_file=file.sha256,
            scheme=f"{scheme.id} version {scheme.version}",
            added=str(done.added),
            unchanged=str(done.unchanged),
            refused=str(len(done.merged.refused)),
        )
        seat.commit()
    return _answer(done)


def _answer(done: Imported) -> ImportAnswer:
    merged = done.merged
    return ImportAnswer(
        file=done.file.name,
        sha256=done.file.sha256,
        said_by=printable(done.file.said_by),
        added=done.added,
        unchanged=done.unchanged,
        disputed=len(done.disputed),
        without_a_grade=merged.ungraded,
        by_reference_sets=merged.precategorised,
        strangers=len(merged.strangers),
        not_in_the_case=merged.strangers[:TOLD],
        refusals=len(merged.refused),
        refused=tuple(
            RefusedRecord(place=place, reason=reason) for place, reason in merged.refused[:TOLD]
        ),
    )
