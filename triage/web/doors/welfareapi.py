"""The part of the bench's JSON API that spares graders: lifts, exposure today, breaks."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from triage.bench import welfare
from triage.bench.exposure import Exposure
from triage.model.account import AuditAction, Role
from triage.web.benchbodies import CaseId, Done, Named
from triage.web.doors.benchapi import seated
from triage.web.faults import Conflict
from triage.web.gate import Door, SeatIn
from triage.web.sparing import exposure_of
from triage.web.turn import turn_of

DOOR = Door("/api", roles=frozenset({Role.EXAMINER}), api=True)


class LiftBody(Named):
    """Measures to lift for contents and stacks, or to put back."""

    what: tuple[Literal["grey", "blur", "size"], ...] = Field(min_length=1, max_length=3)
    back: bool = Field(default=False, description="Put them back instead.")


class ExposureBody(BaseModel):
    """What the grader has looked at today, and what follows; a limit of 0 is none."""

    model_config = ConfigDict(frozen=True)

    state: Literal["fine", "soft", "hard", "break"]
    pictures: int
    minutes: float
    soft_pictures: int
    hard_pictures: int
    soft_minutes: int
    hard_minutes: int
    break_due: bool
    break_minutes: int
    break_left_s: int = Field(description="Seconds until the break is over; 0 where none is.")
    since_break_minutes: float


@DOOR.post("/cases/{case_id}/lifts", response_model=Done)
def lifts(seat: SeatIn, case_id: CaseId, body: LiftBody) -> Done:
    """Lift measures for contents in this session; each lift is counted."""
    with seated(seat, case_id) as sitting:
        named = sitting.named(body.stacks, body.contents)
        signed = seat.signed
        if signed is None:
            raise Conflict("The session has ended.")
        with turn_of(seat.suite):
            welfare.lift(
                seat.store.connection,
                signed.session_id,
                case_id,
                list(named),
                body.what,
                now_s=seat.now_s,
                back=body.back,
            )
            if not body.back:
                seat.audit(
                    AuditAction.WELFARE_LIFTED,
                    case=sitting.case,
                    sha256=next(iter(named)),
                    what=" ".join(body.what),
                    contents=str(len(named)),
                )
            seat.commit()
        return Done(contents=len(named))


@DOOR.get("/exposure", response_model=ExposureBody)
def exposure(seat: SeatIn) -> ExposureBody:
    """Tell what the grader has looked at today."""
    return _told(exposure_of(seat), seat.suite.now_ms())


@DOOR.post("/break", response_model=ExposureBody)
def take_break(seat: SeatIn) -> ExposureBody:
    """Begin a break: no picture is shown until it is over. One that is under way goes on."""
    now = exposure_of(seat)
    if not now.is_on_break:
        seat.audit(AuditAction.BREAK_TAKEN, minutes=str(now.limits.break_minutes))
        seat.commit()
        now = exposure_of(seat)
    return _told(now, seat.suite.now_ms())


def _told(found: Exposure, now_ms: int) -> ExposureBody:
    limits = found.limits
    left_ms = max(0, found.break_until_ms - now_ms) if found.is_on_break else 0
    state: Literal["fine", "soft", "hard", "break"] = "soft" if found.is_over_soft else "fine"
    if found.is_over_hard:
        state = "hard"
    if found.is_on_break:
        state = "break"
    return ExposureBody(
        state=state,
        pictures=found.pictures,
        minutes=round(found.minutes, 1),
        soft_pictures=limits.soft_pictures,
        hard_pictures=limits.hard_pictures,
        soft_minutes=limits.soft_minutes,
        hard_minutes=limits.hard_minutes,
        break_due=found.is_break_due,
        break_minutes=limits.break_minutes,
        break_left_s=-(-left_ms // 1000),
        since_break_minutes=round(found.since_break_minutes, 1),
    )
