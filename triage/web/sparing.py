"""Where a request asks for a picture or the next stack: whether this grader may go on looking."""

from __future__ import annotations

from triage.bench import welfare
from triage.bench.exposure import Exposure
from triage.bench.welfare import Watch
from triage.model.account import Account, AuditAction
from triage.model.rendition import Measures
from triage.web.faults import Conflict
from triage.web.seat import Seat

HARD = "You have reached today's limit."
HARD_HINT = "A supervisor has to allow more before you go on. Your grades are kept."
BREAK = "You are taking a break."
BREAK_HINT = "Pictures are shown again when it is over."


def exposure_of(seat: Seat) -> Exposure:
    """Give what the grader who asks has looked at today."""
    return exposure_for(seat, seat.account)


def exposure_for(seat: Seat, grader: Account) -> Exposure:
    """Give what a grader has looked at today."""
    return _watch(seat).exposure(
        seat.store.connection, grader, seat.suite.settings(), now_ms=seat.suite.now_ms()
    )


def check_may_look(seat: Seat) -> Exposure:
    """Let a grader go on who is neither over a hard limit nor taking a break.

    Raises:
        Conflict: says which; that the limit was reached is written down once.
    """
    found = exposure_of(seat)
    if found.is_on_break:
        raise Conflict(BREAK, hint=BREAK_HINT)
    if found.is_over_hard:
        now_ms = seat.suite.now_ms()
        if _watch(seat).is_news(seat.store.connection, seat.account, found, now_ms=now_ms):
            seat.audit(
                AuditAction.LIMIT_REACHED,
                pictures=str(found.pictures),
                minutes=f"{found.minutes:.0f}",
            )
            seat.commit()
        raise Conflict(HARD, hint=HARD_HINT)
    return found


def may_look(seat: Seat) -> bool:
    """Tell whether a grader may go on looking."""
    found = exposure_of(seat)
    return not (found.is_on_break or found.is_over_hard)


def measures_for(seat: Seat, content: bytes) -> Measures:
    """Give the measures that stand for a content in the session of the grader."""
    session_id = seat.signed.session_id if seat.signed else -1
    return welfare.measures(seat.store.connection, session_id, content)


def _watch(seat: Seat) -> Watch:
    return seat.suite.part(Watch, lambda _: Watch())
