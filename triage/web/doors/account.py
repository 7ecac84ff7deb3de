"""The door to one's own account: the password, and where one is signed in."""

from __future__ import annotations

from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.access import passwords
from triage.errors import UsageFault
from triage.model.account import AuditAction
from triage.store.accounts import Accounts
from triage.store.sessions import Sessions
from triage.web import signingin
from triage.web.faults import NotFound
from triage.web.forms import Fields
from triage.web.gate import EVERYBODY, Door, SeatIn
from triage.web.pages import page
from triage.web.seat import Seat

DOOR = Door("/account", roles=EVERYBODY)


@DOOR.page("")
def mine(seat: SeatIn) -> HTMLResponse:
    """Show the account and its sessions."""
    account = seat.account
    connection = seat.store.connection
    teams = {one.team_id: one.name for one in Accounts(connection).teams()}
    rows = [
        ("Your name", account.shown),
        ("Name to sign in with", account.name),
        ("What you may do", ", ".join(sorted(role.value.capitalize() for role in account.roles))),
        ("Team", teams.get(account.team_id, "None")),
    ]
    sessions = Sessions(connection).of(account.user_id, seat.now_s)
    return page(seat, "account/account.html", rows=rows, sessions=sessions)


@DOOR.form("/sessions/{session_id}/end")
def end_one(seat: SeatIn, session_id: int) -> Response:
    """End another session of one's own."""
    sessions = Sessions(seat.store.connection)
    own = {one.session_id for one in sessions.of(seat.account.user_id, seat.now_s)}
    if session_id not in own:
        raise NotFound("You have no such session. It may have ended already.")
    sessions.end(session_id, seat.now_s)
    seat.audit(AuditAction.SESSION_ENDED, session=str(session_id))
    seat.commit()
    seat.flash("That session has ended.")
    return RedirectResponse("/account", status_code=303)


@DOOR.form("/sessions/end")
def end_others(seat: SeatIn) -> Response:
    """End all sessions of one's own but this one."""
    _end_others(seat)
    seat.commit()
    seat.flash("You are signed out everywhere else.")
    return RedirectResponse("/account", status_code=303)


@DOOR.page("/password", stale=True)
def password(seat: SeatIn) -> HTMLResponse:
    """Ask for the password that one has and the new one."""
    _check_local(seat)
    return page(seat, "account/password.html", fields=Fields())


@DOOR.form("/password", body_bytes=20_000, stale=True)
def change_password(seat: SeatIn) -> Response:
    """Change the password; all other sessions end, and this one goes on under a new token."""
    _check_local(seat)
    fields, account = seat.form, seat.account
    old, new = fields.raw("old"), fields.raw("new")
    signingin.check_rate(seat, account.name)
    accounts = Accounts(seat.store.connection)
    encoded = accounts.password_of(account.user_id)
    if not signingin.looked_at(seat, encoded, old)[0]:
        fields.error("old", "This is not the password you have now")
        seat.audit(AuditAction.REFUSED, page="POST /account/password", why="not the old password")
        seat.commit()
    _check_new(fields, old, new, (account.name, account.shown))
    if not fields.ok:
        return page(seat, "account/password.html", status=400, fields=fields)
    made = signingin.encoded_anew(seat, new)
    account = signingin.still_here(seat, encoded)
    accounts.set_password(account.user_id, made, must_change=False)
    seat.audit(AuditAction.PASSWORD_CHANGED)
    _end_others(seat)
    signingin.begin(seat, account, how="password")
    seat.flash("Your password is changed.")
    return RedirectResponse("/", status_code=303)


def _check_new(fields: Fields, old: str, new: str, names: tuple[str, ...]) -> None:
    try:
        passwords.check_new(new, *names)
    except UsageFault as fault:
        words = fault.message.removeprefix("password: ")
        fields.error("new", words[:1].upper() + words[1:])
    if new == old:
        fields.error("new", "Choose another password than the one you have now")
    if fields.raw("again") != new:
        fields.error("again", "The two new passwords are not the same")


def _check_local(seat: Seat) -> None:
    if not seat.account.local:
        raise NotFound("Your password is kept by your force, and changed there.")


def _end_others(seat: Seat) -> None:
    signed = seat.signed
    if signed is not None:
        user_id = signed.account.user_id
        Sessions(seat.store.connection).end_all(user_id, seat.now_s, but=signed.session_id)
        seat.audit(AuditAction.SESSION_ENDED, session="all others")
