"""The list of possible first-generation material of a case, with the reasons in words."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.bench.leadfile import LeadFormat, write_leads
from triage.bench.outgoing import Label
from triage.export.writing import write_atomically
from triage.model.account import AuditAction
from triage.store.benchcases import case_name
from triage.web.caseviews import EXAMINERS, case_of, leads, outgoing_of
from triage.web.gate import Door, SeatIn
from triage.web.numbers import RowId
from triage.web.pages import page
from triage.web.sparing import exposure_of

DOOR = Door("/bench", roles=EXAMINERS)
PAGE = 12
"""Pictures at once: each of them counts as looked at."""


@DOOR.page("/{case_id}/first-generation")
def first_generation(seat: SeatIn, case_id: RowId, first: int = 0) -> HTMLResponse:
    """Show the list, small pictures beside it unless the grader may not go on looking."""
    case = case_of(seat, case_id)
    found, exposure = leads(seat, case_id), exposure_of(seat)
    first = min(max(first, 0), len(found))
    return page(
        seat,
        "cases/firstgeneration.html",
        case=case,
        found=found[first : first + PAGE],
        number=len(found),
        first=first,
        size=PAGE,
        may_look=not (exposure.is_on_break or exposure.is_over_hard),
    )


@DOOR.form("/{case_id}/first-generation")
def taken(seat: SeatIn, case_id: RowId) -> Response:
    """Build the list as a file for the victim-identification team."""
    case, found = case_of(seat, case_id), leads(seat, case_id)
    form = LeadFormat(seat.form.choice("format", [one.value for one in LeadFormat]) or "csv")

    def build(path: Path) -> tuple[str, tuple[str, ...]]:
        def write(file: BinaryIO) -> None:
            write_leads(seat.store, case, found, form, file)

        return write_atomically(path, write), ()

    label = Label(
        user_id=seat.account.user_id,
        case_id=case_id,
        what="Possible first-generation material",
        name=f"{case_name(case.reference)}-first-generation.{form}",
    )
    made = outgoing_of(seat.suite).build(label, build, now_s=seat.now_s)
    seat.audit(
        AuditAction.EXPORTED,
        case=case.reference,
        what="first-generation",
        format=form.value,
        contents=str(len(found)),
        sha256_of_file=made.sha256,
    )
    seat.commit()
    return RedirectResponse(f"/cases/{case_id}/files", status_code=303)
