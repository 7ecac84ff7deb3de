"""Evidence that officers send by their browser: begun, sent in pieces, checked, or given up."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from triage.batch.uploading import PIECE_BYTES, Uploading
from triage.batch.uploadterms import Offered, Piece, Reason, UploadFault
from triage.model.account import AuditAction, Role
from triage.model.display import printable
from triage.store.uploads import Upload, Uploads, UploadState
from triage.web.faults import Fault
from triage.web.gate import Door, SeatIn
from triage.web.replies import API_RESPONSES, ErrorBody
from triage.web.suite import Suite
from triage.web.uploadbodies import (
    EdgesBody,
    FilesBody,
    OfferBody,
    ReceivedBody,
    UploadBody,
    UploadsBody,
    body_of,
)

DOOR = Door("/api/uploads", roles=frozenset({Role.OFFICER}), api=True)

STATUS = {
    Reason.NO_SUCH: 404,
    Reason.NOT_EVIDENCE: 422,
    Reason.TOO_LARGE: 413,
    Reason.NO_ROOM: 507,
    Reason.DISK: 503,
}
"""Of the answer; what is not named here contradicts what stands by now, which is 409."""

RAW = "application/octet-stream"
_RESPONSES = {
    **API_RESPONSES,
    415: {"model": ErrorBody, "description": "The body is no piece of a file."},
    507: {"model": ErrorBody, "description": "There is no room on the server."},
}
_PIECE = {
    "requestBody": {
        "required": True,
        "content": {RAW: {"schema": {"type": "string", "format": "binary"}}},
    }
}

Key = Annotated[str, Path(description="As it was given when the upload began.", max_length=64)]
Nth = Annotated[int, Path(description="Which of the files, from 0.", ge=0, le=10_000)]
Offset = Annotated[
    int,
    Header(alias="Upload-Offset", description="Where the piece belongs.", ge=0, le=1 << 62),
]


@DOOR.get("", response_model=UploadsBody, responses=_RESPONSES)
def waiting(seat: SeatIn) -> UploadsBody:
    """List one's own uploads that are under way, or done and not submitted; newest first."""
    found = Uploads(seat.store.connection).of(seat.account.user_id)
    return UploadsBody(uploads=[body_of(one) for one in found])


@DOOR.post("/offer", status_code=204, responses=_RESPONSES)
def offer(seat: SeatIn, body: OfferBody) -> Response:
    """Ask, before any digest is taken, whether files would be accepted; nothing is kept."""
    files = [Offered(name=one.name, size_bytes=one.size_bytes, sha256=_NONE) for one in body.files]
    try:
        _of(seat.suite).begin(
            seat.store, seat.account.user_id, files, seat.suite.settings(), seat.now_s
        )
    except UploadFault as fault:
        raise _told(fault) from fault
    return Response(status_code=204)


@DOOR.post("", response_model=UploadBody, status_code=201, responses=_RESPONSES)
def begin(seat: SeatIn, body: FilesBody) -> UploadBody:
    """Begin an upload of the files of one disk image, with the digests they have now."""
    doing, files = _of(seat.suite), [Offered(**one.model_dump()) for one in body.files]
    doing.tidy(seat.store, seat.now_s)
    try:
        upload = doing.begin(
            seat.store, seat.account.user_id, files, seat.suite.settings(), seat.now_s
        )
    except UploadFault as fault:
        raise _told(fault) from fault
    seat.commit()
    return body_of(upload)


@DOOR.get("/{key}", response_model=UploadBody, responses=_RESPONSES)
def told(seat: SeatIn, key: Key) -> UploadBody:
    """Tell how far an upload has come."""
    try:
        return body_of(_of(seat.suite).find(seat.store, key, seat.account.user_id))
    except UploadFault as fault:
        raise _told(fault) from fault


@DOOR.get("/{key}/{nth}/edges", response_model=EdgesBody, responses=_RESPONSES)
def edges(seat: SeatIn, key: Key, nth: Nth) -> EdgesBody:
    """Give digests of both ends of what is here of a file, to tell the same file by."""
    try:
        found = _of(seat.suite).edges(seat.store, key, seat.account.user_id, nth)
    except UploadFault as fault:
        raise _told(fault) from fault
    return EdgesBody(
        received_bytes=found.received_bytes,
        first_bytes=found.first_bytes,
        first_sha256=found.first_sha256,
        last_bytes=found.last_bytes,
        last_sha256=found.last_sha256,
    )


@DOOR.patch(
    "/{key}/{nth}",
    body_bytes=-1,
    response_model=ReceivedBody,
    responses=_RESPONSES,
    openapi_extra=_PIECE,
)
async def append(
    seat: SeatIn, request: Request, key: Key, nth: Nth, offset: Offset
) -> ReceivedBody:
    """Add bytes at the end of what is here of a file; what arrived stays if the sender is lost."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != RAW:
        raise _Unlike("A piece of a file is sent as application/octet-stream.")
    place = Piece(key=key, nth=nth, offset_bytes=offset, data=b"")
    await run_in_threadpool(_expect, seat, place)
    here, held = offset, bytearray()
    try:
        async for data in request.stream():
            held += data
            if len(held) >= PIECE_BYTES:
                here, held = await _kept(seat, place, here, held), bytearray()
    except ClientDisconnect:
        # The sender being lost is no reason to lose what it sent.
        if held:
            await _kept(seat, place, here, held)
        raise
    if held:
        here = await _kept(seat, place, here, held)
    return ReceivedBody(received_bytes=here)


@DOOR.post("/{key}/finish", response_model=UploadBody, responses=_RESPONSES)
def finish(seat: SeatIn, key: Key) -> UploadBody:
    """Read the files anew, in steps: to be called until the state is not ``open`` any more."""
    doing = _of(seat.suite)
    try:
        checked = doing.check(seat.store, key, seat.account.user_id, seat.now_s)
    except UploadFault as fault:
        raise _told(fault) from fault
    if checked.settled:
        _note(seat, checked.upload)
    seat.commit()
    if checked.upload.state is UploadState.REFUSED:
        doing.clear(checked.upload)
    return body_of(checked.upload, checked_bytes=checked.bytes)


@DOOR.delete("/{key}", status_code=204, responses=_RESPONSES)
def remove(seat: SeatIn, key: Key) -> Response:
    """Give an upload up and remove its files."""
    doing = _of(seat.suite)
    try:
        upload = doing.drop(seat.store, key, seat.account.user_id, seat.now_s)
    except UploadFault as fault:
        raise _told(fault) from fault
    seat.commit()
    doing.clear(upload)
    return Response(status_code=204)


_NONE = "0" * 64


class _Unlike(Fault):
    status = 415


def _of(suite: Suite) -> Uploading:
    return suite.part(Uploading, lambda one: Uploading(one.home))


def _told(fault: UploadFault) -> Fault:
    """Tell in HTTP's words why an upload, or a piece of it, was not taken."""
    told = Fault(fault.message, hint=fault.hint)
    told.status = STATUS.get(fault.reason, 409)
    return told


def _expect(seat: SeatIn, place: Piece) -> None:
    try:
        with seat.suite.stores.open() as store:
            _of(seat.suite).expect(store, seat.account.user_id, place)
    except UploadFault as fault:
        raise _told(fault) from fault


async def _kept(seat: SeatIn, place: Piece, here: int, held: bytearray) -> int:
    """Write a piece with a store of its own: a slow sender holds no connection meanwhile."""
    piece = Piece(key=place.key, nth=place.nth, offset_bytes=here, data=held)

    def write() -> int:
        with seat.suite.stores.open() as store:
            return _of(seat.suite).append(
                store,
                seat.account.user_id,
                piece,
                seat.suite.settings(),
                seat.suite.now_s(),
            )

    try:
        return await run_in_threadpool(write)
    except UploadFault as fault:
        raise _told(fault) from fault


def _note(seat: SeatIn, upload: Upload) -> None:
    """Write down what came in, or was refused."""
    first = upload.files[0]
    same = upload.state is UploadState.CHECKED
    seat.audit(
        AuditAction.UPLOADED if same else AuditAction.UPLOAD_REFUSED,
        sha256=bytes.fromhex(first.sha256_after),
        upload=upload.key,
        first=printable(first.name),
        files=str(len(upload.files)),
        bytes=str(upload.size_bytes),
    )
