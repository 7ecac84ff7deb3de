"""Who is signed in, by the digest of a token that only the browser has."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from triage.model.account import SignedIn
from triage.store.accountrows import ACCOUNT, account_of
from triage.store.accounttables import sessions, users

SEEN_EVERY_S = 60
"""How stale ``seen_s`` may be: a request within that time need not write it again."""

_OPEN = -1
_SESSION = tuple(one.label(f"session_{one.name}") for one in sessions.columns)
_FOUND = sa.select(*_SESSION, *ACCOUNT).join_from(sessions, users)


class Sessions:
    """Sessions in the database; nothing is kept before the caller commits."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def begin(  # noqa: PLR0913  (facts of a session, by their names)
        self,
        user_id: int,
        *,
        token_sha256: bytes,
        csrf: str,
        how: str,
        now_s: int,
        expires_s: int,
        address: str = "",
        agent: str = "",
    ) -> int:
        """Begin a session and give its id.

        Args:
            user_id: whose it is.
            token_sha256: of the token in the cookie, 32 bytes.
            csrf: what forms of the session have to bring along.
            how: ``password`` or ``oidc``.
            now_s: seconds since 1970 UTC; ``expires_s``: when it ends however it is used.
            address: where the browser is; ``agent``: what it says it is.
        """
        values = {
            "token_sha256": token_sha256,
            "user_id": user_id,
            "csrf": csrf,
            "how": how,
            "created_s": now_s,
            "seen_s": now_s,
            "expires_s": expires_s,
            "ended_s": _OPEN,
            "address": address[:200],
            "agent": agent[:400],
        }
        into = sa.insert(sessions).values(values).returning(sessions.c.id)
        return int(self._connection.execute(into).scalar_one())

    def find(self, token_sha256: bytes, now_s: int, idle_s: int) -> SignedIn | None:
        """Give the session of a token, or ``None``.

        It has to be open, not expired, seen within ``idle_s`` seconds, and of an account that is
        active. An account that is locked keeps its sessions: the lock is on signing in, and who
        guesses at a name cannot throw its owner out.
        """
        columns = sessions.c
        asked = _FOUND.where(columns.token_sha256 == token_sha256, *_alive(now_s))
        row = self._connection.execute(asked.where(columns.seen_s > now_s - idle_s)).first()
        return None if row is None else _signed_in(row)

    def seen(self, session_id: int, now_s: int) -> None:
        """Note that a session is in use; once in :data:`SEEN_EVERY_S` seconds is enough."""
        columns = sessions.c
        self._connection.execute(
            sa.update(sessions)
            .where(columns.id == session_id, columns.seen_s < now_s)
            .values(seen_s=now_s)
        )

    def end(self, session_id: int, now_s: int) -> None:
        """End a session; one that has ended stays as it was."""
        self._end(sessions.c.id == session_id, now_s)

    def end_all(self, user_id: int, now_s: int, but: int = -1) -> None:
        """End every session of an account, except for one where it is named."""
        self._end(sa.and_(sessions.c.user_id == user_id, sessions.c.id != but), now_s)

    def of(self, user_id: int, now_s: int) -> tuple[SignedIn, ...]:
        """Give the open sessions of an account that have not expired, in the order begun."""
        asked = _FOUND.where(sessions.c.user_id == user_id, *_alive(now_s))
        return tuple(map(_signed_in, self._connection.execute(asked.order_by(sessions.c.id))))

    def _end(self, where: sa.ColumnElement[bool], now_s: int) -> None:
        still = sessions.c.ended_s == _OPEN
        self._connection.execute(sa.update(sessions).where(where, still).values(ended_s=now_s))


def _alive(now_s: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (sessions.c.ended_s == _OPEN, sessions.c.expires_s > now_s, users.c.active)


def _signed_in(row: sa.Row[Any]) -> SignedIn:
    return SignedIn(
        session_id=row.session_id,
        account=account_of(row),
        csrf=row.session_csrf,
        how=row.session_how,
        created_s=row.session_created_s,
        seen_s=row.session_seen_s,
        expires_s=row.session_expires_s,
        address=row.session_address,
        agent=row.session_agent,
    )
