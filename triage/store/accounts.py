"""Accounts and teams in the database; an account is made inactive, never deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from triage.errors import UsageFault
from triage.model.account import Account, Role, Team
from triage.model.display import printable
from triage.store.accountrows import (
    ACCOUNT,
    NO_TEAM,
    account_of,
    alike,
    checked_name,
    checked_words,
    folded,
    roles_text,
)
from triage.store.accounttables import teams, users
from triage.store.bulk import insert_of

_NOT_LOCKED = -1
_NOBODY = -1


class Accounts:
    """Accounts and teams; nothing is kept before the caller commits."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(  # noqa: PLR0913  (facts of an account, by their names)
        self,
        name: str,
        shown: str,
        roles: Collection[Role],
        *,
        team_id: int = NO_TEAM,
        password: str = "",
        must_change: bool = False,
        issuer: str = "",
        subject: str = "",
        now_s: int,
    ) -> int:
        """Add an account and give its id.

        Args:
            name: to sign in with; ``shown``: as others read it.
            roles: one at least.
            team_id: -1 for none.
            password: encoded; empty for who signs in at the force's own provider, who is known by
                ``issuer`` and ``subject``.
            must_change: the password is good for one sign-in.
            now_s: seconds since 1970 UTC.

        Raises:
            UsageFault: a name cannot be or is taken, there is no role, or no such team.
        """
        values = {
            "name": checked_name(name),
            "shown": self._shown(shown),
            "team_id": self._team(team_id),
            "roles": roles_text(roles),
            "password": password,
            "must_change": must_change,
            "issuer": issuer,
            "subject": subject,
            "created_s": now_s,
        }
        if issuer and self.by_subject(issuer, subject) is not None:
            raise UsageFault(f"{printable(subject)} of {printable(issuer)} has an account already")
        return self._insert(users, values, f"the name {printable(name)} is taken")

    def by_id(self, user_id: int) -> Account | None:
        """Give an account, or ``None`` where there is none of this id."""
        return self._one(users.c.id == user_id)

    def by_name(self, name: str) -> Account | None:
        """Give the account of a name, whatever its capitals, or ``None``."""
        return self._one(users.c.name == folded(name))

    def by_subject(self, issuer: str, subject: str) -> Account | None:
        """Give who a provider knows by this subject, or ``None``; an empty issuer is nobody's."""
        if not issuer:
            return None
        return self._one(sa.and_(users.c.issuer == issuer, users.c.subject == subject))

    def all(self) -> tuple[Account, ...]:
        """Give every account by name."""
        found = self._connection.execute(sa.select(*ACCOUNT).order_by(users.c.name))
        return tuple(map(account_of, found))

    def held(self, user_id: int) -> Account:
        """Give an account as it stands, which nobody else changes until this transaction ends.

        What a sign-in comes to is decided on this one: of many guesses at once each is counted.

        Raises:
            UsageFault: there is none of this id.
        """
        self._set(user_id, {"name": users.c.name})
        found = self.by_id(user_id)
        if found is None:
            raise _nobody(user_id)
        return found

    def password_of(self, user_id: int) -> str:
        """Give the encoded password, ``""`` where the account has none or there is no such."""
        asked = sa.select(users.c.password).where(users.c.id == user_id)
        return str(self._connection.execute(asked).scalar() or "")

    def set_password(self, user_id: int, encoded: str, *, must_change: bool) -> None:
        """Replace the encoded password.

        Args:
            must_change: it was set by somebody else and is good for one sign-in.

        Raises:
            UsageFault: there is none of this id.
        """
        self._set(user_id, {"password": encoded, "must_change": must_change})

    def change(
        self, user_id: int, *, shown: str, roles: Collection[Role], team_id: int, active: bool
    ) -> None:
        """Say anew what an account is; its name and password stay.

        Raises:
            UsageFault: words cannot be, the name as shown is somebody else's, there is no role, no
                such team or no such account.
        """
        values = {
            "shown": self._shown(shown, user_id),
            "roles": roles_text(roles),
            "team_id": self._team(team_id),
            "active": active,
        }
        self._set(user_id, values)

    def failed(self, user_id: int, *, failures: int, locked_until_s: int) -> None:
        """Note failed sign-ins in a row, and until when the account is locked, -1 for not."""
        self._set(user_id, {"failures": failures, "locked_until_s": locked_until_s})

    def succeeded(self, user_id: int) -> None:
        """Forget failed sign-ins and the lock."""
        self.failed(user_id, failures=0, locked_until_s=_NOT_LOCKED)

    def teams(self) -> tuple[Team, ...]:
        """Give the teams by name."""
        found = self._connection.execute(sa.select(teams).order_by(teams.c.name))
        return tuple(Team(team_id=row.id, name=row.name) for row in found)

    def add_team(self, name: str) -> int:
        """Add a team and give its id.

        Raises:
            UsageFault: the name cannot be or is taken.
        """
        values = {"name": checked_words("team", name)}
        return self._insert(teams, values, f"there is a team {printable(name)} already")

    def rename_team(self, team_id: int, name: str) -> None:
        """Give a team another name.

        Raises:
            UsageFault: the name cannot be or is taken, or there is no such team.
        """
        name = checked_words("team", name)
        self._team(team_id)
        others = teams.alias()
        taken = sa.exists().where(others.c.name == name, others.c.id != team_id)
        changed = sa.update(teams).where(teams.c.id == team_id, ~taken).values(name=name)
        if self._connection.execute(changed).rowcount != 1:
            raise UsageFault(f"there is a team {printable(name)} already")

    def _one(self, where: sa.ColumnElement[bool]) -> Account | None:
        found = self._connection.execute(sa.select(*ACCOUNT).where(where)).first()
        return None if found is None else account_of(found)

    def _shown(self, shown: str, user_id: int = _NOBODY) -> str:
        """Check a name as shown, under which votes and orders stand: no two people have one."""
        found = checked_words("name as shown", shown)
        asked = sa.select(users.c.id, users.c.shown).where(users.c.id != user_id)
        own = self.by_id(user_id)
        if own is not None and own.shown == found:
            return found
        for row in self._connection.execute(asked):
            if alike(row.shown) == alike(found):
                raise UsageFault(f"name as shown: {printable(found)} is somebody else's")
        return found

    def _team(self, team_id: int) -> int | None:
        if team_id == NO_TEAM:
            return None
        asked = sa.select(teams.c.id).where(teams.c.id == team_id)
        if self._connection.execute(asked).first() is None:
            raise UsageFault(f"there is no team of number {team_id}")
        return team_id

    def _insert(self, table: sa.Table, values: Mapping[str, object], taken: str) -> int:
        into = insert_of(self._connection.dialect.name)(table).values(values)
        added = into.on_conflict_do_nothing(index_elements=["name"]).returning(table.c.id)
        made = self._connection.execute(added).scalar()
        if made is None:
            raise UsageFault(taken)
        return int(made)

    def _set(self, user_id: int, values: Mapping[str, object]) -> None:
        changed = sa.update(users).where(users.c.id == user_id).values(values)
        if self._connection.execute(changed).rowcount != 1:
            raise _nobody(user_id)


def _nobody(user_id: int) -> UsageFault:
    return UsageFault(f"there is no account of number {user_id}")
