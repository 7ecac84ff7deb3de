"""``triage user``: who may use the pages of ``triage serve``, from the command line."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from triage.access.people import keeps_administrator, role_words
from triage.cli.newpassword import new_password, password_option
from triage.cli.packwords import as_json_option, examples, print_json
from triage.cli.person import person, with_by
from triage.config import database_url
from triage.errors import UsageFault
from triage.export.wording import many
from triage.model.account import Account, AuditAction, AuditLine, Role
from triage.model.display import printable
from triage.store.accounts import Accounts
from triage.store.audit import Audit
from triage.store.database import Store, Stores, open_store
from triage.store.sessions import Sessions

Command = TypeVar("Command", bound=Callable[..., Any])

HERE = "command-line"
"""What the audit has in place of roles for what is done by whoever may write the database."""

_ROLES = click.Choice([one.value for one in Role])
_db = click.option("--db", metavar="URL", help="Case database; 'user add' makes it where needed.")
_name = click.argument("name")


class _Work(NamedTuple):
    """One change of accounts: its store, what is asked there, who makes it and when."""

    store: Store
    accounts: Accounts
    by: str
    now_ms: int

    @property
    def now_s(self) -> int:
        return self.now_ms // 1_000

    def account(self, name: str) -> Account:
        found = self.accounts.by_name(name)
        if found is None:
            raise UsageFault(
                f"there is no account {printable(name)}", hint="'triage user list' shows all."
            )
        return self.accounts.held(found.user_id)

    def done(self, action: AuditAction, name: str, **detail: str) -> None:
        """Write down what was done, and keep both."""
        line = AuditLine(
            at_ms=self.now_ms,
            action=action,
            by=self.by,
            role=HERE,
            detail=(("account", name), *detail.items()),
        )
        Audit(self.store.connection).append([line])
        self.store.commit()

    def sign_out(self, account: Account) -> None:
        Sessions(self.store.connection).end_all(account.user_id, self.now_s)


def _work(
    db: str | None, by: str, change: Callable[[_Work], None], *, create: bool = False
) -> None:
    """Make a change in one transaction with its line in the audit."""
    stores = Stores(database_url(db), create=create)
    try:
        with stores.open() as store:
            now_ms = time.time_ns() // 1_000_000
            change(_Work(store, Accounts(store.connection), person(by), now_ms))
    finally:
        stores.close()


@click.group(
    epilog=examples(
        'triage user add a.admin --shown "Ada Admin" --role administrator',
        'triage user add o.officer --shown "Olu Officer" --role officer --team "North CID"',
        "triage user list",
        'triage user disable o.officer --why "left the force"',
    )
)
def user() -> None:
    """Keep the accounts of those who use the pages.

    The first administrator is made here; all others may be made on the pages. Accounts are
    disabled, never deleted, and every change is written down in the audit.
    """


@user.command(
    epilog=examples(
        'triage user add a.admin --shown "Ada Admin" --role administrator',
        'triage user add e.ex --shown "Eve Ex" --role examiner --password-file new.txt',
        'triage user add o.off --shown "Olu Off" --role officer '
        "--issuer https://login.force.example --subject 0f1e2d",
    )
)
@_name
@click.option("--shown", required=True, metavar="TEXT", help="The name as others read it.")
@click.option("--role", "roles", required=True, multiple=True, type=_ROLES, help="Repeatable.")
@click.option("--team", default="", metavar="TEXT", help="Of an officer; made where it is new.")
@click.option(
    "--issuer", default="", metavar="URL", help="The force's provider, who signs in there."
)
@click.option("--subject", default="", metavar="ID", help="As that provider knows the person.")
@password_option
@with_by
@_db
def add(  # noqa: PLR0913  (options by their names)
    *,
    name: str,
    shown: str,
    roles: tuple[str, ...],
    team: str,
    issuer: str,
    subject: str,
    password_file: Path | None,
    by: str,
    db: str | None,
) -> None:
    """Add an account NAME.

    The password is asked for, or read from a file: there is none by default, and none is taken on
    the command line. It is good for one sign-in, at which its owner chooses another; only that of
    the very first account stays. Who signs in at the force's own provider has none here.
    """
    if bool(issuer) != bool(subject):
        raise UsageFault("--issuer and --subject belong together")
    encoded = "" if issuer else new_password(password_file, name, shown)

    def change(work: _Work) -> None:
        first = not work.accounts.all()
        work.accounts.add(
            name,
            shown,
            [Role(one) for one in roles],
            team_id=_team(work, team),
            password=encoded,
            must_change=bool(encoded) and not first,
            issuer=issuer,
            subject=subject,
            now_s=work.now_s,
        )
        account = work.account(name)
        told = {"roles": role_words(account.roles)} | (
            {"team": team.strip()} if team.strip() else {}
        )
        work.done(AuditAction.ACCOUNT_ADDED, account.name, **told)
        click.echo(f"{printable(account.name)}: added, {role_words(account.roles)}", err=True)
        if account.must_change:
            click.echo("  The password has to be changed at the first sign-in.", err=True)

    _work(db, by, change, create=True)


@user.command("list", epilog=examples("triage user list", "triage user list --json"))
@as_json_option
@_db
def list_(*, as_json: bool, db: str | None) -> None:
    """List the accounts by name."""
    with open_store(database_url(db)) as store:
        accounts = Accounts(store.connection)
        teams = {one.team_id: one.name for one in accounts.teams()}
        found = accounts.all()
    now_s = int(time.time())
    if as_json:
        print_json([_object(one, teams, now_s) for one in found])
        return
    for one in found:
        told = _object(one, teams, now_s)
        words = (printable(one.name), printable(one.shown), role_words(one.roles))
        team = f"  [{printable(teams[one.team_id])}]" if one.team_id in teams else ""
        click.echo(f"{words[0]:<24} {words[1]:<28} {told['state']:<26} {words[2]}{team}")
    click.echo(many(len(found), "account"), err=True)


@user.command(epilog=examples("triage user roles e.ex --role examiner --role supervisor"))
@_name
@click.option("--role", "roles", required=True, multiple=True, type=_ROLES, help="Repeatable.")
@with_by
@_db
def roles(*, name: str, roles: tuple[str, ...], by: str, db: str | None) -> None:
    """Give NAME these roles in place of those that it has, from its next page on."""

    def change(work: _Work) -> None:
        account = work.account(name)
        _say_anew(work, account, roles=[Role(one) for one in roles], active=account.active)
        words = role_words(map(Role, set(roles)))
        before = role_words(account.roles)
        work.done(AuditAction.ACCOUNT_CHANGED, account.name, roles=words, before=before)
        click.echo(f"{printable(account.name)}: {words}", err=True)

    _work(db, by, change)


@user.command(
    epilog=examples(
        "triage user password e.ex", "triage user password e.ex --password-file new.txt"
    )
)
@_name
@password_option
@with_by
@_db
def password(*, name: str, password_file: Path | None, by: str, db: str | None) -> None:
    """Set the password of NAME, good for one sign-in, and end its sessions and its lock."""
    with open_store(database_url(db)) as store:
        found = Accounts(store.connection).by_name(name)
    encoded = new_password(password_file, name, found.shown if found else "")

    def change(work: _Work) -> None:
        account = work.account(name)
        if account.issuer:
            raise UsageFault(f"{printable(account.name)} signs in at {printable(account.issuer)}")
        work.accounts.set_password(account.user_id, encoded, must_change=True)
        work.accounts.succeeded(account.user_id)
        work.sign_out(account)
        work.done(AuditAction.PASSWORD_CHANGED, account.name)
        words = "password set; it has to be changed at the next sign-in"
        click.echo(f"{printable(account.name)}: {words}", err=True)

    _work(db, by, change)


@user.command(epilog=examples('triage user disable o.officer --why "left the force"'))
@_name
@click.option("--why", required=True, metavar="TEXT", help="The reason, which is kept.")
@with_by
@_db
def disable(*, name: str, why: str, by: str, db: str | None) -> None:
    """Keep NAME from signing in, and end its sessions at once."""

    def change(work: _Work) -> None:
        account = work.account(name)
        _say_anew(work, account, roles=account.roles, active=False)
        work.sign_out(account)
        work.done(AuditAction.ACCOUNT_CHANGED, account.name, active="no", why=why)
        click.echo(f"{printable(account.name)}: disabled", err=True)

    _work(db, by, change)


@user.command(epilog=examples("triage user enable o.officer"))
@_name
@with_by
@_db
def enable(*, name: str, by: str, db: str | None) -> None:
    """Let NAME sign in again."""

    def change(work: _Work) -> None:
        account = work.account(name)
        _say_anew(work, account, roles=account.roles, active=True)
        work.done(AuditAction.ACCOUNT_CHANGED, account.name, active="yes")
        click.echo(f"{printable(account.name)}: enabled", err=True)

    _work(db, by, change)


@user.command(epilog=examples("triage user unlock o.officer"))
@_name
@with_by
@_db
def unlock(*, name: str, by: str, db: str | None) -> None:
    """End the lock that failed sign-ins brought on NAME, before it ends by itself."""

    def change(work: _Work) -> None:
        account = work.account(name)
        work.accounts.succeeded(account.user_id)
        work.done(AuditAction.ACCOUNT_CHANGED, account.name, unlocked="yes")
        click.echo(f"{printable(account.name)}: unlocked", err=True)

    _work(db, by, change)


def _say_anew(work: _Work, account: Account, *, roles: Collection[Role], active: bool) -> None:
    work.accounts.change(
        account.user_id,
        shown=account.shown,
        roles=roles,
        team_id=account.team_id,
        active=active,
    )
    after = work.accounts.held(account.user_id)
    if not keeps_administrator(work.accounts.all(), after):
        click.echo("warning: no administrator is left who may sign in", err=True)


def _team(work: _Work, name: str) -> int:
    name = name.strip()
    if not name:
        return -1
    known = {one.name: one.team_id for one in work.accounts.teams()}
    return known[name] if name in known else work.accounts.add_team(name)


def _object(account: Account, teams: dict[int, str], now_s: int) -> dict[str, object]:
    return {
        "name": account.name,
        "shown": account.shown,
        "roles": sorted(account.roles),
        "team": teams.get(account.team_id, ""),
        "state": _state(account, now_s),
        "sign_in": "password" if account.local else "provider" if account.issuer else "none",
        "issuer": account.issuer,
        "subject": account.subject,
    }


def _state(account: Account, now_s: int) -> str:
    if not account.active:
        return "disabled"
    if account.locked_until_s > now_s:
        return f"locked until {datetime.fromtimestamp(account.locked_until_s, UTC):%H:%M} UTC"
    return "password to be changed" if account.must_change else "active"
