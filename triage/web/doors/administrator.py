"""Accounts and teams for administrators: adding, roles, one-time passwords, locks and sessions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.access import passwords
from triage.access.lockout import is_locked
from triage.access.people import keeps_administrator, role_words
from triage.access.tokens import one_time_password
from triage.errors import UsageFault
from triage.model.account import Account, AuditAction, Role
from triage.store.accounts import Accounts
from triage.store.sessions import Sessions
from triage.web.accountwords import ROLES, STATES, state_of
from triage.web.faults import NotFound
from triage.web.forms import Fields
from triage.web.gate import Door, SeatIn
from triage.web.numbers import RowId
from triage.web.pages import page
from triage.web.seat import Seat

DOOR = Door("/administrator", roles=frozenset({Role.ADMINISTRATOR}))
NAME_MOST = 100
SUBJECT_MOST = 300
WHY_MOST = 400
LAST = "This is the last administrator who can sign in. Make another one first."
_FIELDS = {"name": "name", "name as shown": "shown", "team": "team", "roles": "roles"}
"""Of a fault's first words, the field that it is about."""


@DOOR.page("")
def start(seat: SeatIn) -> HTMLResponse:
    """Show what there is to look after."""
    accounts = Accounts(seat.store.connection)
    return page(seat, "administrator/start.html", accounts=accounts.all(), teams=accounts.teams())


@DOOR.page("/accounts")
def all_accounts(seat: SeatIn, words: str = "") -> HTMLResponse:
    """List the accounts."""
    accounts = Accounts(seat.store.connection)
    asked = words.casefold().split()[:10]
    found = [
        one
        for one in accounts.all()
        if all(
            word in f"{one.name}\n{one.shown}\n{role_words(one.roles)}".casefold() for word in asked
        )
    ]
    return page(
        seat,
        "administrator/accounts.html",
        found=[(one, state_of(one, seat.now_s)) for one in found],
        teams={one.team_id: one.name for one in accounts.teams()},
        words=words[:NAME_MOST],
        states=STATES,
    )


@DOOR.page("/accounts/new")
def new_account(seat: SeatIn) -> HTMLResponse:
    """Ask who the new account is for."""
    fields = Fields()
    fields.fill("how", "password")
    return _asked(seat, fields)


@DOOR.form("/accounts/new")
def add_account(seat: SeatIn) -> Response:
    """Add an account, and show its one-time password once."""
    fields = seat.form
    name = fields.text("name", missing="Enter a name to sign in with", most=NAME_MOST)
    shown = fields.text("shown", missing="Enter the name that others read", most=NAME_MOST)
    roles = fields.many("roles", [one.value for one in Role], missing="Choose at least one role")
    team_id = _team(seat, fields)
    issuer, subject = _provider(seat, fields)
    password = "" if issuer else one_time_password()
    if fields.ok:
        try:
            encoded = passwords.encode(password, cost=seat.suite.cost) if password else ""
            user_id = Accounts(seat.store.connection).add(
                name,
                shown,
                [Role(one) for one in roles],
                team_id=team_id,
                password=encoded,
                must_change=bool(password),
                issuer=issuer,
                subject=subject,
                now_s=seat.now_s,
            )
        except UsageFault as fault:
            seat.store.rollback()
            _tell(fields, fault, "name")
    if not fields.ok:
        return _asked(seat, fields)
    account = _account(seat, user_id)
    seat.audit(AuditAction.ACCOUNT_ADDED, account=account.name, roles=role_words(account.roles))
    seat.commit()
    return page(seat, "administrator/password.html", account=account, password=password, fresh=True)


@DOOR.page("/accounts/{user_id}")
def one_account(seat: SeatIn, user_id: RowId) -> HTMLResponse:
    """Show an account and what can be done with it."""
    return _shown(seat, _account(seat, user_id), Fields())


@DOOR.form("/accounts/{user_id}")
def change_account(seat: SeatIn, user_id: RowId) -> Response:
    """Change the name as shown, the roles and the team."""
    fields = seat.form
    shown = fields.text("shown", missing="Enter the name that others read", most=NAME_MOST)
    roles = fields.many("roles", [one.value for one in Role], missing="Choose at least one role")
    team_id = _team(seat, fields)
    before = _held(seat, user_id)
    if fields.ok:
        fault = _changed(seat, before, shown, [Role(one) for one in roles], team_id, before.active)
        if fault is not None:
            _tell(fields, fault, "roles")
    if not fields.ok:
        return _shown(seat, before, fields)
    after = _account(seat, user_id)
    seat.audit(AuditAction.ACCOUNT_CHANGED, account=after.name, **_differing(before, after))
    seat.commit()
    seat.flash(f"{after.shown} is changed.")
    return RedirectResponse(f"/administrator/accounts/{user_id}", status_code=303)


@DOOR.form("/accounts/{user_id}/disable")
def disable(seat: SeatIn, user_id: RowId) -> Response:
    """Keep somebody from signing in, and end all sessions at once."""
    why = seat.form.text("why", missing="Say why the account is disabled", most=WHY_MOST)
    before = _held(seat, user_id)
    if seat.form.ok:
        fault = _changed(seat, before, before.shown, before.roles, before.team_id, active=False)
        if fault is not None:
            seat.form.error("why", fault.message)
    if not seat.form.ok:
        return _shown(seat, before, Fields(), tried=seat.form)
    Sessions(seat.store.connection).end_all(user_id, seat.now_s)
    return _done(seat, before, "is disabled and signed out everywhere.", active="no", why=why)


@DOOR.form("/accounts/{user_id}/enable")
def enable(seat: SeatIn, user_id: RowId) -> Response:
    """Let somebody sign in again."""
    before = _held(seat, user_id)
    _changed(seat, before, before.shown, before.roles, before.team_id, active=True)
    return _done(seat, before, "can sign in again.", active="yes")


@DOOR.form("/accounts/{user_id}/unlock")
def unlock(seat: SeatIn, user_id: RowId) -> Response:
    """End a lock before it ends by itself."""
    before = _held(seat, user_id)
    Accounts(seat.store.connection).succeeded(user_id)
    return _done(seat, before, "is not locked any more.", unlocked="yes")


@DOOR.form("/accounts/{user_id}/end-sessions")
def end_sessions(seat: SeatIn, user_id: RowId) -> Response:
    """Sign somebody out everywhere."""
    before = _held(seat, user_id)
    signed = seat.signed
    own = signed.session_id if signed is not None and seat.account.user_id == user_id else -1
    Sessions(seat.store.connection).end_all(user_id, seat.now_s, but=own)
    seat.audit(AuditAction.SESSION_ENDED, account=before.name, session="all")
    seat.commit()
    words = "is signed out everywhere" + (" but here." if own >= 0 else ".")
    seat.flash(f"{before.shown} {words}")
    return RedirectResponse(f"/administrator/accounts/{user_id}", status_code=303)


@DOOR.form("/accounts/{user_id}/password")
def new_password(seat: SeatIn, user_id: RowId) -> Response:
    """Set a password that is good for one sign-in, and show it once."""
    if _account(seat, user_id).issuer:
        raise NotFound("This person signs in at the force's own provider and has no password here.")
    password = one_time_password()
    encoded = passwords.encode(password, cost=seat.suite.cost)
    account = _held(seat, user_id)
    accounts = Accounts(seat.store.connection)
    accounts.set_password(user_id, encoded, must_change=True)
    accounts.succeeded(user_id)
    Sessions(seat.store.connection).end_all(user_id, seat.now_s)
    seat.audit(AuditAction.PASSWORD_CHANGED, account=account.name, once="yes")
    seat.commit()
    return page(
        seat, "administrator/password.html", account=account, password=password, fresh=False
    )


@DOOR.page("/teams")
def teams(seat: SeatIn) -> HTMLResponse:
    """Show the teams, and ask for another one."""
    return _teams(seat, Fields())


@DOOR.form("/teams")
def add_team(seat: SeatIn) -> Response:
    """Add a team."""
    return _team_named(seat, None)


@DOOR.form("/teams/{team_id}")
def rename_team(seat: SeatIn, team_id: RowId) -> Response:
    """Give a team another name."""
    return _team_named(seat, team_id)


def _team_named(seat: Seat, team_id: int | None) -> Response:
    accounts, fields = Accounts(seat.store.connection), seat.form
    known = {one.team_id: one.name for one in accounts.teams()}
    if team_id is not None and team_id not in known:
        raise NotFound("There is no such team.")
    name = fields.text("team", missing="Enter the name of the team", most=NAME_MOST)
    if fields.ok:
        try:
            if team_id is None:
                accounts.add_team(name)
            else:
                accounts.rename_team(team_id, name)
        except UsageFault as fault:
            seat.store.rollback()
            _tell(fields, fault, "team")
    if not fields.ok:
        return _teams(seat, fields, team_id)
    before: dict[str, Any] = {} if team_id is None else {"before": known[team_id]}
    seat.audit(AuditAction.TEAM_CHANGED, team=name, **before)
    seat.commit()
    seat.flash(f"The team {name} is {'added' if team_id is None else 'renamed'}.")
    return RedirectResponse("/administrator/teams", status_code=303)


def _teams(seat: Seat, fields: Fields, tried: int | None = None) -> HTMLResponse:
    accounts = Accounts(seat.store.connection)
    members: dict[int, int] = {}
    for one in accounts.all():
        members[one.team_id] = members.get(one.team_id, 0) + one.active
    return page(
        seat,
        "administrator/teams.html",
        status=200 if fields.ok else 400,
        fields=fields,
        teams=accounts.teams(),
        members=members,
        tried=tried,
    )


def _asked(seat: Seat, fields: Fields) -> HTMLResponse:
    return page(
        seat,
        "administrator/newaccount.html",
        status=200 if fields.ok else 400,
        fields=fields,
        roles=ROLES,
        teams=_team_choices(seat),
        provider=seat.suite.provider,
    )


def _shown(
    seat: Seat, account: Account, fields: Fields, *, tried: Fields | None = None
) -> HTMLResponse:
    """Show an account; ``tried`` is the form to disable it where that was refused."""
    fields.fill("shown", account.shown)
    fields.fill("roles", *account.roles)
    fields.fill("team", str(account.team_id) if account.team_id >= 0 else "")
    wrong = not fields.ok or tried is not None
    return page(
        seat,
        "administrator/account.html",
        status=400 if wrong else 200,
        fields=fields,
        tried=tried or Fields(),
        account=account,
        state=state_of(account, seat.now_s),
        states=STATES,
        locked=is_locked(account, seat.now_s),
        roles=ROLES,
        teams=_team_choices(seat),
        sessions=Sessions(seat.store.connection).of(account.user_id, seat.now_s),
        why_most=WHY_MOST,
    )


def _team_choices(seat: Seat) -> list[tuple[str, str]]:
    return [(str(one.team_id), one.name) for one in Accounts(seat.store.connection).teams()]


def _team(seat: Seat, fields: Fields) -> int:
    chosen = fields.choice("team", [value for value, _ in _team_choices(seat)])
    return int(chosen) if chosen else -1


def _provider(seat: Seat, fields: Fields) -> tuple[str, str]:
    """Read how the person signs in: by the provider's subject, or with a password here."""
    provider = seat.suite.provider
    if provider is None or fields.raw("how") != "provider":
        return "", ""
    missing = "Enter how the provider knows this person"
    return provider.issuer, fields.text("subject", missing=missing, most=SUBJECT_MOST)


def _account(seat: Seat, user_id: int) -> Account:
    found = Accounts(seat.store.connection).by_id(user_id)
    if found is None:
        raise NotFound("There is no such account.")
    return found


def _held(seat: Seat, user_id: int) -> Account:
    """Hold an account and all administrators: of two who disable each other one is refused."""
    _account(seat, user_id)
    seat.store.rollback()
    accounts = Accounts(seat.store.connection)
    keepers = {one.user_id for one in accounts.all() if Role.ADMINISTRATOR in one.roles}
    seat.store.rollback()
    for one in sorted(keepers | {user_id}):
        accounts.held(one)
    return _account(seat, user_id)


def _changed(  # noqa: PLR0913, PLR0917  (what an account is)
    seat: Seat,
    before: Account,
    shown: str,
    roles: Collection[Role],
    team_id: int,
    active: bool,  # noqa: FBT001
) -> UsageFault | None:
    """Change an account; gives why not where that cannot be, and then nothing is changed."""
    accounts = Accounts(seat.store.connection)
    try:
        accounts.change(before.user_id, shown=shown, roles=roles, team_id=team_id, active=active)
    except UsageFault as fault:
        seat.store.rollback()
        return fault
    if keeps_administrator(accounts.all(), _account(seat, before.user_id)):
        return None
    seat.store.rollback()
    return UsageFault(LAST)


def _done(seat: Seat, account: Account, words: str, *, why: str = "", **what: Any) -> Response:  # noqa: ANN401  (words of the audit)
    reason: dict[str, Any] = {"why": why} if why else {}
    seat.audit(AuditAction.ACCOUNT_CHANGED, account=account.name, **what, **reason)
    seat.commit()
    seat.flash(f"{account.shown} {words}")
    return RedirectResponse(f"/administrator/accounts/{account.user_id}", status_code=303)


def _differing(before: Account, after: Account) -> dict[str, Any]:
    """Give what was changed, as it is and as it was."""
    told: dict[str, Any] = {}
    if before.shown != after.shown:
        told |= {"shown": after.shown, "shown-before": before.shown}
    if before.roles != after.roles:
        told |= {"roles": role_words(after.roles), "roles-before": role_words(before.roles)}
    if before.team_id != after.team_id:
        told |= {"team": str(after.team_id), "team-before": str(before.team_id)}
    return told


def _tell(fields: Fields, fault: UsageFault, usual: str) -> None:
    """Tell a fault of the store at its field."""
    head, _, rest = fault.message.partition(": ")
    name = _FIELDS.get(head, usual)
    words = rest if head in _FIELDS else fault.message
    fields.error(name, words[:1].upper() + words[1:])
