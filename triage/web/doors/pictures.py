"""The pictures themselves: for examiners alone, one at a time, each written down before it is sent.

Faults are told as JSON: a page whose ``<img>`` stays empty asks the same address for the words.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from triage.bench.pictures import WORDS, Size, Viewer
from triage.model.account import AuditAction, Role
from triage.model.rendition import Measures, NotShown, NotShownReason, Rendition
from triage.scheduler.latch import Places
from triage.store.viewing import case_reference
from triage.web.faults import Conflict, NotFound, TooMany
from triage.web.gate import Door, SeatIn
from triage.web.replies import API_RESPONSES
from triage.web.seat import Seat
from triage.web.sparing import check_may_look, measures_for
from triage.web.turn import turn_of

DOOR = Door("/bench", roles=frozenset({Role.EXAMINER}), api=True)

HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store, private",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Beside what stands at the head of every answer: looked at by itself it may do nothing at all."""

_PICTURE = {200: {"content": {"image/jpeg": {}}, "description": "The picture, made anew."}}
_AGAIN_S = 2
AT_ONCE = 24
"""Requests that wait for a picture; a server has some forty threads, and others need them, too."""

CaseId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="Of the content, in hex.")]


class _Looks(Places):
    """Who may wait for a picture."""


class TagLine(BaseModel):
    """One line of what a picture says of itself."""

    model_config = ConfigDict(frozen=True)

    group: str
    name: str
    value: str


class TagsBody(BaseModel):
    """All that a picture says of itself; anybody can have changed it."""

    model_config = ConfigDict(frozen=True)

    tags: tuple[TagLine, ...]


@DOOR.get(
    "/{case_id}/picture/{sha256}",
    response_class=Response,
    responses={**API_RESPONSES, **_PICTURE},
)
def picture(
    seat: SeatIn,
    case_id: CaseId,
    sha256: Sha256,
    size: Annotated[Size, Query(description="As far as it is not kept small.")] = Size.SMALL,
) -> Response:
    """Give a picture, with the measures that spare the grader unless they were lifted."""
    content = bytes.fromhex(sha256)
    case, measures = _admitted(seat, case_id, content)
    shown_size = Size.SMALL if measures.small else size
    with _place(seat):
        made = _viewer(seat).rendition(
            case_id, content, size=shown_size, grey=measures.grey, blur=measures.blur
        )
    if isinstance(made, NotShown):
        raise _fault(made)
    with turn_of(seat.suite):
        check_may_look(seat)  # others may have been shown while this one was made
        seat.audit(
            AuditAction.PICTURE_SHOWN,
            case=case,
            sha256=content,
            size=shown_size.value,
            measures=_words(measures),
        )
        seat.commit()  # what was not written down is not sent
    return _answer(made, measures)


@DOOR.get("/{case_id}/picture/{sha256}/tags", response_model=TagsBody)
def tags(seat: SeatIn, case_id: CaseId, sha256: Sha256) -> TagsBody:
    """Give all that a picture says of itself: camera, time, place and the rest."""
    content = bytes.fromhex(sha256)
    _case(seat, case_id)
    seat.close()
    with _place(seat):
        told = _viewer(seat).tags(case_id, content)
    if isinstance(told, NotShown):
        raise _fault(told)
    return TagsBody(
        tags=tuple(TagLine(group=one.group, name=one.name, value=one.value) for one in told)
    )


def _admitted(seat: Seat, case_id: int, content: bytes) -> tuple[str, Measures]:
    """Give the case and the measures that stand; the connection goes back before anything is read.

    Raises:
        NotFound: there is no such case.
        Conflict: the grader has reached a limit, or is taking a break.
    """
    case = _case(seat, case_id)
    check_may_look(seat)
    measures = measures_for(seat, content)
    seat.close()
    return case, measures


def _case(seat: Seat, case_id: int) -> str:
    case = case_reference(seat.store.connection, case_id)
    if case is None:
        raise NotFound(WORDS[NotShownReason.UNKNOWN])
    return case


@contextlib.contextmanager
def _place(seat: Seat) -> Iterator[None]:
    """Take one of the places of those who wait for pictures, or say that there is none."""
    looks = seat.suite.part(_Looks, lambda _: _Looks(AT_ONCE, 0))
    with looks.taken() as taken:
        if not taken:
            raise TooMany(WORDS[NotShownReason.BUSY], wait_s=_AGAIN_S)
        yield


def _viewer(seat: Seat) -> Viewer:
    return seat.suite.part(Viewer, lambda suite: Viewer(suite.stores, secrets=suite.locks))


def _words(measures: Measures) -> str:
    """Say which measures were on."""
    named = {"grey": measures.grey, "blur": measures.blur, "small": measures.small}
    return " ".join(name for name, on in named.items() if on) or "none"


def _fault(why: NotShown) -> NotFound | TooMany | Conflict:
    words = WORDS[why.reason]
    if why.reason is NotShownReason.UNKNOWN:
        return NotFound(words)
    if why.reason is NotShownReason.BUSY:
        return TooMany(words, wait_s=_AGAIN_S)
    return Conflict(words, hint=why.detail)


def _answer(made: Rendition, measures: Measures) -> Response:
    headers = {**HEADERS, "X-Measures": _words(measures)}
    return Response(made.data, media_type=made.mime, headers=headers)
