"""The tables of people and of what they did: accounts, sessions, settings and the audit chain.

Moments are whole seconds since 1970 UTC (``_s``), in the audit chain milliseconds (``_ms``).
"""

from __future__ import annotations

import sqlalchemy as sa

from triage.store import appendonly
from triage.store.tables import BigId, Words, metadata

teams = sa.Table(
    "teams",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", Words, nullable=False, unique=True),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", Words, nullable=False, unique=True),
    sa.Column("shown", Words, nullable=False),
    sa.Column("team_id", sa.ForeignKey("teams.id")),
    sa.Column("roles", Words, nullable=False),
    sa.Column("password", Words, nullable=False, default=""),
    sa.Column("must_change", sa.Boolean, nullable=False, default=False),
    sa.Column("active", sa.Boolean, nullable=False, default=True),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("locked_until_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("issuer", Words, nullable=False, default=""),
    sa.Column("subject", Words, nullable=False, default=""),
    sa.Column("created_s", sa.BigInteger, nullable=False),
    sa.Index("users_by_subject", "issuer", "subject"),
)
"""``name`` is folded, as it is compared; ``roles`` a JSON list, sorted; ``password`` argon2id's
encoded form, empty for who signs in at the force's own provider. A row is never deleted.
"""

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("token_sha256", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("csrf", Words, nullable=False),
    sa.Column("how", Words, nullable=False),
    sa.Column("created_s", sa.BigInteger, nullable=False),
    sa.Column("seen_s", sa.BigInteger, nullable=False),
    sa.Column("expires_s", sa.BigInteger, nullable=False),
    sa.Column("ended_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("address", Words, nullable=False, default=""),
    sa.Column("agent", Words, nullable=False, default=""),
)
"""The token itself is in nobody's hands but the browser's."""

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("value", Words, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
)
"""Appended only; the last row of a name stands. ``value`` is JSON."""

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("number", BigId, primary_key=True, autoincrement=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("action", Words, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("role", Words, nullable=False, default=""),
    sa.Column("case_reference", Words, nullable=False, default=""),
    sa.Column("exhibit", Words, nullable=False, default=""),
    sa.Column("sha256", sa.LargeBinary(32)),
    sa.Column("detail", Words, nullable=False, default="[]"),
    sa.Column("address", Words, nullable=False, default=""),
    sa.Column("link", sa.LargeBinary(32), nullable=False),
    sa.Index("audit_by_person", "by", "action", "at_ms"),
    sa.Index("audit_by_time", "at_ms"),
)
"""Appended only, numbered without gaps from 1; ``detail`` is a JSON list of pairs; ``link`` is
SHA-256 over the link before and this row, as :mod:`triage.access.chain` writes it.
"""

for _table in (settings, audit):
    appendonly.keep(_table)
