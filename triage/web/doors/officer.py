"""The door of officers: a device is submitted, one question a page, kept until it is complete."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.batch.submitting import (
    STEPS,
    NoSuchDraft,
    NotSubmitted,
    check_new,
    new_key,
    submit,
    unanswered,
)
from triage.model.account import AuditAction, Role
from triage.model.display import printable
from triage.store.submissions import DRAFTS_MOST, Draft, Submissions
from triage.store.uploads import UploadState
from triage.web import officerforms
from triage.web.faults import NotFound
from triage.web.forms import Fields
from triage.web.gate import Door, SeatIn
from triage.web.officerevidence import evidence_rows, free_images, offered, upload_of
from triage.web.officerforms import OWNERS, QUESTIONS, SCOPES, TERMS, Question
from triage.web.officerviews import rows_of
from triage.web.pages import page
from triage.web.seat import Seat

DOOR = Door("/officer", roles=frozenset({Role.OFFICER}))
FORM_BYTES = 20_000
KEY_SHOWN = 32
"""Characters of a made-up key that are written down."""

NEWEST = 5
"""Submissions on the first page."""


@DOOR.page("")
def front(seat: SeatIn) -> HTMLResponse:
    """Show what was begun, and what was submitted last."""
    kept, account = Submissions(seat.store.connection), seat.account
    found, total = kept.of(user_id=account.user_id, team_id=account.team_id, limit=NEWEST)
    return page(
        seat,
        "officer/front.html",
        drafts=[(one, _named(one)) for one in kept.drafts(account.user_id)],
        rows=rows_of(seat, found),
        total=total,
    )


@DOOR.form("/drafts", body_bytes=FORM_BYTES)
def begin(seat: SeatIn) -> Response:
    """Begin a submission, or go on with one in which nothing is answered yet."""
    kept, user_id = Submissions(seat.store.connection), seat.account.user_id
    drafts = kept.drafts(user_id)
    if len(drafts) >= DRAFTS_MOST:
        seat.flash(f"You have begun {DRAFTS_MOST} devices. Submit or remove one of them first.")
        return _to("/officer")
    key = next((one.key for one in drafts if not one.answers), "")
    if not key:
        key = new_key()
        kept.begin(key, user_id, {}, seat.now_s)
        seat.commit()
    return _to(f"/officer/drafts/{key}/{STEPS[0]}")


@DOOR.page("/drafts/{key}/check")
def check(seat: SeatIn, key: str) -> Response:
    """Show all answers, each with the way to change it."""
    draft = _draft(seat, key)
    return draft if isinstance(draft, Response) else _checked(seat, draft, ())


@DOOR.form("/drafts/{key}/submit", body_bytes=FORM_BYTES)
def send(seat: SeatIn, key: str) -> Response:
    """Submit; pressed again, it leads to the same receipt."""
    account, unit = seat.account, seat.suite.settings()
    try:
        done = submit(seat.store, key, account=account, settings=unit, now_s=seat.now_s)
    except NoSuchDraft as fault:
        raise _no_draft(seat, key) from fault
    except NotSubmitted as fault:
        seat.store.rollback()
        draft = _draft(seat, key)
        if isinstance(draft, Response):
            return draft
        return _checked(seat, draft, ((_page_of(fault), fault.message, fault.hint),))
    if done.fresh:
        seat.audit(
            AuditAction.SUBMITTED,
            case=done.case,
            exhibit=done.exhibit,
            receipt=done.receipt,
            evidence=done.how,
        )
        seat.commit()
    return _to(f"/officer/submissions/{done.receipt}/receipt")


@DOOR.page("/drafts/{key}/remove")
def ask_remove(seat: SeatIn, key: str) -> Response:
    """Ask whether a draft is to be removed."""
    draft = _draft(seat, key)
    if isinstance(draft, Response):
        return draft
    return page(seat, "officer/remove.html", draft=draft, named=_named(draft))


@DOOR.form("/drafts/{key}/remove", body_bytes=FORM_BYTES)
def remove(seat: SeatIn, key: str) -> Response:
    """Remove a draft; its answers are gone."""
    if Submissions(seat.store.connection).take(key, seat.account.user_id) is not None:
        seat.commit()
        seat.flash("The answers are removed. Nothing was submitted.")
    return _to("/officer")


@DOOR.page("/drafts/{key}/{step}")
def ask(seat: SeatIn, key: str, step: str, change: str = "") -> Response:
    """Ask one question, with what was answered before."""
    question, draft = _question(step), _draft(seat, key)
    if isinstance(draft, Response):
        return draft
    fields = officerforms.filled(question, draft.answers)
    return _asked(seat, draft, question, fields, changing=bool(change))


@DOOR.form("/drafts/{key}/{step}", body_bytes=FORM_BYTES)
def answer(seat: SeatIn, key: str, step: str, change: str = "") -> Response:
    """Keep the answers of a page and go on to the next."""
    question, draft = _question(step), _draft(seat, key)
    if isinstance(draft, Response):
        return draft
    fields = seat.form
    answers = officerforms.read(question, fields, seat.suite.settings(), seat.now_s)
    if fields.ok:
        _check_against_store(seat, question, fields, answers)
    if not fields.ok:
        return _asked(seat, draft, question, fields, changing=bool(change))
    kept = Submissions(seat.store.connection)
    kept.keep(key, seat.account.user_id, answers, seat.now_s)
    seat.commit()
    both = {**draft.answers, **answers}
    following = officerforms.next_step(step, both, changing=bool(change))
    more = "?change=1" if change and following != "check" else ""
    return _to(f"/officer/drafts/{key}/{following}{more}")


def _draft(seat: Seat, key: str) -> Draft | Response:
    """Give an own draft; one that was submitted leads to its receipt.

    Raises:
        NotFound: there is none, and never was.
    """
    kept, user_id = Submissions(seat.store.connection), seat.account.user_id
    draft = kept.draft(key, user_id)
    if draft is not None:
        return draft
    done = kept.of_draft(key, user_id)
    if done is None:
        raise _no_draft(seat, key)
    seat.flash("This device was submitted already.")
    return _to(f"/officer/submissions/{done.receipt}/receipt")


def _no_draft(seat: Seat, key: str) -> NotFound:
    """Write down that an officer asked for what is not the officer's own."""
    seat.store.rollback()
    seat.audit(AuditAction.REFUSED, page="/officer/drafts", draft=printable(key[:KEY_SHOWN]))
    seat.commit()
    return NotFound(
        "There is no such submission to go on with.",
        hint="Your first page lists those that you have begun.",
    )


def _question(step: str) -> Question:
    if step not in QUESTIONS:
        raise NotFound("There is no such question.")
    return QUESTIONS[step]


def _check_against_store(
    seat: Seat, question: Question, fields: Fields, answers: Mapping[str, str]
) -> None:
    """Note what only the database can tell to be wrong."""
    if question.step == "references":
        try:
            check_new(seat.store, answers["case"], answers["exhibit"])
        except NotSubmitted as fault:
            fields.error(fault.field, fault.message)
    elif question.step == "upload":
        upload = upload_of(seat, answers["upload_key"])
        if upload is None or upload.state is not UploadState.CHECKED or upload.used:
            fields.error("upload_key", "Upload the files, and wait until they are checked")
    elif question.step == "image":
        offered = {one.image_id for one in free_images(seat)[0]}
        if answers["image_id"] not in offered:
            fields.error("image_id", "This copy has changed or is gone. Select one from the list")


def _asked(
    seat: Seat, draft: Draft, question: Question, fields: Fields, *, changing: bool
) -> HTMLResponse:
    before = officerforms.step_before(question.step, changing=changing)
    change = "?change=1" if changing else ""
    path = f"/officer/drafts/{draft.key}"
    images = offered(seat, fields.raw("image_id")) if question.step == "image" else None
    upload = upload_of(seat, fields.raw("upload_key")) if question.step == "upload" else None
    return page(
        seat,
        f"officer/ask/{question.step}.html",
        status=200 if fields.ok else 400,
        question=question,
        number=STEPS.index(question.step) + 1 if question.step in STEPS else len(STEPS),
        steps=len(STEPS),
        fields=fields,
        back=f"{path}/{before}{change if before == 'evidence' else ''}" if before else "/officer",
        action=f"{path}/{question.step}{change}",
        owners=OWNERS,
        scopes=SCOPES,
        terms=TERMS,
        ways=officerforms.ways(seat.suite.settings()),
        offered=images,
        upload=upload,
    )


def _checked(seat: Seat, draft: Draft, problems: tuple[tuple[str, str, str], ...]) -> HTMLResponse:
    answers, unit = draft.answers, seat.suite.settings()
    missing = frozenset(unanswered(answers, unit))
    path = f"/officer/drafts/{draft.key}"
    first = next((one for one in STEPS if one in missing), "")
    rows = [
        (label, "Not answered" if step in missing and not words else words, step)
        for label, words, step in officerforms.said(answers)
    ]
    rows += evidence_rows(seat, answers, answered="evidence" not in missing)
    return page(
        seat,
        "officer/check.html",
        status=400 if problems else 200,
        draft=draft,
        rows=[(label, words, f"{path}/{step}?change=1", label) for label, words, step in rows],
        problems=[(f"{path}/{step}?change=1", words, hint) for step, words, hint in problems],
        missing=[
            (f"{path}/{one}?change=1", QUESTIONS[one].title) for one in STEPS if one in missing
        ],
        first_missing=f"{path}/{first}",
    )


def _page_of(fault: NotSubmitted) -> str:
    return {"image_id": "image", "upload_key": "upload"}.get(fault.field, fault.step)


def _named(draft: Draft) -> str:
    """Name a draft for a person, as far as it was answered."""
    parts = (draft.answers.get("exhibit", ""), draft.answers.get("case", ""))
    exhibit, case = parts
    if exhibit and case:
        return f"{exhibit} of {case}"
    return "Device without a reference"


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)
