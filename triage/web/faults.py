"""What goes wrong at a page, and how it is told: in plain words, or as JSON to a script."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from triage.errors import StoreError, TriageError, UsageFault
from triage.model.display import printable

LOG = logging.getLogger("triage.web")


class Fault(UsageFault):
    """An answer that is no page; a handler raises one of its kinds.

    Args:
        message: one sentence for a person.
        hint: what the person can do.
    """

    status = 400
    heading = "There is a problem with this request"
    title = "request"


class NotFound(Fault):
    """There is no such thing, or not for this person."""

    status = 404
    heading = "Page not found"


class Refused(Fault):
    """The person may not do that."""

    status = 403
    heading = "You do not have access to this page"


class Conflict(Fault):
    """The request contradicts what stands by now."""

    status = 409
    heading = "This cannot be done now"


class TooLarge(Fault):
    """The body is larger than the route takes."""

    status = 413
    heading = "That is too large"


class TooMany(Fault):
    """Too many attempts; ``wait_s`` says when the next may be made."""

    status = 429
    heading = "Too many attempts"

    def __init__(self, message: str, *, wait_s: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.wait_s = wait_s


class SignInNeeded(Fault):
    """Nobody is signed in."""

    status = 401
    heading = "Sign in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is told of a fault.

    Attributes:
        fields: ``((where, what), …)`` for a request whose parts do not fit.
    """

    status: int
    heading: str
    message: str
    hint: str = ""
    wait_s: int = 0
    fields: tuple[tuple[str, str], ...] = ()


_KINDS = {kind.status: kind for kind in (Fault, NotFound, Refused, Conflict, TooLarge)}
_WORDS = {
    400: "The request could not be understood.",
    403: "You may not do that.",
    404: "There is nothing at this address. If you typed it, check that it is right.",
    405: "This address cannot be used in that way.",
    409: "Something changed in the meantime.",
    413: "What was sent is larger than this page takes.",
    415: "What was sent is not of a kind that this page takes.",
}


def answer_for(error: Exception) -> Answer:
    """Tell what is answered; what nobody foresaw is logged, and no detail of it is told."""
    if isinstance(error, Fault):
        wait_s = error.wait_s if isinstance(error, TooMany) else 0
        return Answer(
            status=error.status,
            heading=error.heading,
            message=error.message,
            hint=error.hint,
            wait_s=wait_s,
        )
    if isinstance(error, RequestValidationError):
        return _unfit(error)
    if isinstance(error, HTTPException):
        kind = _KINDS.get(error.status_code, Fault)
        words = _WORDS.get(error.status_code, _WORDS[400])
        return Answer(status=error.status_code, heading=kind.heading, message=words)
    if isinstance(error, TriageError):
        return _foreseen(error)
    LOG.error("internal error", exc_info=error)
    return Answer(
        status=500,
        heading="Sorry, there is a problem with the service",
        message="This is a fault of the program. What you did last may not have been saved.",
        hint="Try again. If it happens again, tell your administrator when it happened.",
    )


def _foreseen(error: TriageError) -> Answer:
    """Tell of an error of a room below."""
    if isinstance(error, UsageFault):
        return Answer(status=400, heading=Fault.heading, message=error.message, hint=error.hint)
    LOG.error("%s: %s", error.title, printable(error.message))
    if isinstance(error, StoreError):
        return Answer(
            status=503,
            heading="Sorry, the service is not available",
            message="The database does not answer. What you did last was not saved.",
            hint="Wait a minute and try again.",
        )
    return Answer(
        status=503,
        heading="Sorry, this cannot be done at the moment",
        message="Something that this page needs is missing or damaged.",
        hint="Tell your administrator, who finds the reason in the server's log.",
    )


def _unfit(error: RequestValidationError) -> Answer:
    fields = tuple(
        (".".join(map(str, one.get("loc", ()))), str(one.get("msg", ""))) for one in error.errors()
    )
    return Answer(
        status=422,
        heading=Fault.heading,
        message="The request does not have the form that is described.",
        fields=fields[:20],
    )
