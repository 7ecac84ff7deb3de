"""Keeps what officers bring in: drafts that are being answered, and submissions for good."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from triage.errors import StoreError
from triage.store.accounttables import users
from triage.store.benchtables import drafts, submissions
from triage.store.ledgertables import ledger

DRAFTS_MOST = 50
"""Of one officer that are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A submission that is being answered.

    Attributes:
        key: random; never given again.
        answers: by the names of questions.
    """

    key: str
    user_id: int
    answers: Mapping[str, str]
    created_s: int
    updated_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A device that was submitted.

    Attributes:
        by: who submitted it, as others read the name.
        team_id: the officer's team at the time, -1 for none.
        evidence: how it came in, with names, sizes and digests of its files; of JSON.
    """

    receipt: str
    ledger_id: int
    case: str
    exhibit: str
    user_id: int
    by: str
    team_id: int
    at_s: int
    evidence: Mapping[str, Any]


class Submissions:
    """Drafts and submissions in a case database; nothing is kept before the store's ``commit``.

    Args:
        connection: that of an open :class:`triage.store.database.Store`.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def begin(self, key: str, user_id: int, answers: Mapping[str, str], now_s: int) -> None:
        """Begin a draft under a key that was never used."""
        row = {"key": key, "user_id": user_id, "answers": _json(answers)}
        self._connection.execute(drafts.insert(), row | {"created_s": now_s, "updated_s": now_s})

    def draft(self, key: str, user_id: int) -> Draft | None:
        """Give an officer's own draft; nobody else's is found."""
        chosen = sa.select(drafts).where(drafts.c.key == key, drafts.c.user_id == user_id)
        row = self._connection.execute(chosen).one_or_none()
        return None if row is None else _draft(row)

    def drafts(self, user_id: int) -> tuple[Draft, ...]:
        """Give the drafts of an officer, the one touched last first."""
        chosen = (
            sa.select(drafts)
            .where(drafts.c.user_id == user_id)
            .order_by(drafts.c.updated_s.desc(), drafts.c.id.desc())
            .limit(DRAFTS_MOST)
        )
        return tuple(map(_draft, self._connection.execute(chosen)))

    def keep(self, key: str, user_id: int, answers: Mapping[str, str], now_s: int) -> bool:
        """Keep some answers beside those given before; false where there is no such draft."""
        mine = (drafts.c.key == key) & (drafts.c.user_id == user_id)
        # The lock comes first: of two pages that are answered at once, both answers stay.
        taking = sa.update(drafts).where(mine).values(updated_s=now_s).returning(drafts.c.answers)
        before = self._connection.execute(taking).scalar_one_or_none()
        if before is None:
            return False
        both = {**json.loads(before), **answers}
        self._connection.execute(sa.update(drafts).where(mine).values(answers=_json(both)))
        return True

    def take(self, key: str, user_id: int) -> Draft | None:
        """Take a draft away and give it; of several that try at once, one gets it."""
        taking = sa.delete(drafts).where(drafts.c.key == key, drafts.c.user_id == user_id)
        row = self._connection.execute(taking.returning(*drafts.c)).one_or_none()
        return None if row is None else _draft(row)

    def add(  # noqa: PLR0913  (the columns of a row)
        self,
        receipt: str,
        *,
        draft: str,
        ledger_id: int,
        user_id: int,
        team_id: int,
        at_s: int,
        evidence: Mapping[str, Any],
        upload_id: int = -1,
    ) -> None:
        """Append a submission; ``team_id`` and ``upload_id`` are -1 where there is none.

        Raises:
            StoreError: the draft, the exhibit or the receipt stands in another one.
        """
        row = {
            "receipt": receipt,
            "draft": draft,
            "ledger_id": ledger_id,
            "user_id": user_id,
            "team_id": team_id if team_id >= 0 else None,
            "at_s": at_s,
            "upload_id": upload_id if upload_id >= 0 else None,
            "evidence": _json(evidence),
        }
        try:
            self._connection.execute(submissions.insert(), row)
        except sa.exc.IntegrityError as error:
            raise StoreError("this was submitted already", hint="Look at the list.") from error

    def of_draft(self, key: str, user_id: int) -> Submission | None:
        """Give what became of an officer's draft that was submitted."""
        mine = (submissions.c.draft == key) & (submissions.c.user_id == user_id)
        found = self._chosen(mine, limit=1)
        return found[0] if found else None

    def find(self, receipt: str, *, user_id: int, team_id: int) -> Submission | None:
        """Give a submission that is an officer's own or the team's; nobody else's is found."""
        mine = (submissions.c.receipt == receipt) & _seen_by(user_id, team_id)
        found = self._chosen(mine, limit=1)
        return found[0] if found else None

    def exists(self, receipt: str) -> bool:
        """Tell whether there is one of this number at all, for who writes a refusal down."""
        chosen = sa.select(submissions.c.id).where(submissions.c.receipt == receipt)
        return self._connection.execute(chosen).first() is not None

    def of(
        self, *, user_id: int, team_id: int, limit: int, skip: int = 0
    ) -> tuple[tuple[Submission, ...], int]:
        """Give an officer's own and the team's submissions, newest first, and how many there are.

        Args:
            team_id: -1 for no team.
            limit: of those given, after ``skip`` newer ones.
        """
        seen = _seen_by(user_id, team_id)
        count = sa.select(sa.func.count()).select_from(submissions).where(seen)
        total = int(self._connection.execute(count).scalar_one())
        return self._chosen(seen, limit=limit, skip=skip), total

    def taken_images(self, paths: Collection[str]) -> frozenset[str]:
        """Give those of some paths that are the image of an exhibit in the ledger."""
        chosen = sa.select(ledger.c.image_path).where(ledger.c.image_path.in_(sorted(paths)))
        return frozenset(self._connection.execute(chosen).scalars()) if paths else frozenset()

    def _chosen(
        self, where: sa.ColumnElement[bool], *, limit: int, skip: int = 0
    ) -> tuple[Submission, ...]:
        chosen = (
            sa.select(submissions, ledger.c.case_reference, ledger.c.reference, users.c.shown)
            .join(ledger, ledger.c.id == submissions.c.ledger_id)
            .join(users, users.c.id == submissions.c.user_id)
            .where(where)
            .order_by(submissions.c.id.desc())
            .limit(limit)
            .offset(skip)
        )
        return tuple(map(_submission, self._connection.execute(chosen)))


def _seen_by(user_id: int, team_id: int) -> sa.ColumnElement[bool]:
    own = submissions.c.user_id == user_id
    return own if team_id < 0 else own | (submissions.c.team_id == team_id)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True)


def _draft(row: sa.Row[Any]) -> Draft:
    return Draft(
        key=row.key,
        user_id=row.user_id,
        answers=json.loads(row.answers),
        created_s=row.created_s,
        updated_s=row.updated_s,
    )


def _submission(row: sa.Row[Any]) -> Submission:
    return Submission(
        receipt=row.receipt,
        ledger_id=row.ledger_id,
        case=row.case_reference,
        exhibit=row.reference,
        user_id=row.user_id,
        by=row.shown,
        team_id=-1 if row.team_id is None else row.team_id,
        at_s=row.at_s,
        evidence=json.loads(row.evidence),
    )
