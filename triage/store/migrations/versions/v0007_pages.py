"""Version 7: accounts and their audit, what officers bring in, and what graders see."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from triage.store.migrations.kinds import BIG_ID, WORDS

revision = "0007"
down_revision = "0006"

_WHY = "is appended to only: its rows are neither changed nor deleted"
_KEPT = (
    *("settings", "audit", "submissions", "lifts", "allowances", "skips", "notes"),
    *("dip_samples", "dip_contents"),
)


def upgrade() -> None:
    """Make the tables, and what keeps the rows of some as they were written."""
    _device()
    _accounts()
    _record()
    _submissions()
    _bench()
    _second_looks()
    for table in _KEPT:
        _keep(table)


def _device() -> None:
    """Say of exhibits what device they are."""
    for name in ("device_make", "device_model", "device_serial"):
        column = sa.Column(name, WORDS, nullable=False, server_default=sa.text("''"))
        op.add_column("ledger", column)


def _accounts() -> None:
    """Make teams, accounts and sessions."""
    op.create_table(
        "teams",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", WORDS, nullable=False, unique=True),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", WORDS, nullable=False, unique=True),
        sa.Column("shown", WORDS, nullable=False),
        sa.Column("team_id", sa.Integer, sa.ForeignKey("teams.id")),
        sa.Column("roles", WORDS, nullable=False),
        sa.Column("password", WORDS, nullable=False),
        sa.Column("must_change", sa.Boolean, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until_s", sa.BigInteger, nullable=False),
        sa.Column("issuer", WORDS, nullable=False),
        sa.Column("subject", WORDS, nullable=False),
        sa.Column("created_s", sa.BigInteger, nullable=False),
        sa.Index("users_by_subject", "issuer", "subject"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_sha256", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False, index=True),
        sa.Column("csrf", WORDS, nullable=False),
        sa.Column("how", WORDS, nullable=False),
        sa.Column("created_s", sa.BigInteger, nullable=False),
        sa.Column("seen_s", sa.BigInteger, nullable=False),
        sa.Column("expires_s", sa.BigInteger, nullable=False),
        sa.Column("ended_s", sa.BigInteger, nullable=False),
        sa.Column("address", WORDS, nullable=False),
        sa.Column("agent", WORDS, nullable=False),
    )


def _record() -> None:
    """Make settings and audit."""
    op.create_table(
        "settings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("value", WORDS, nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("number", BIG_ID, primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("action", WORDS, nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("role", WORDS, nullable=False),
        sa.Column("case_reference", WORDS, nullable=False),
        sa.Column("exhibit", WORDS, nullable=False),
        sa.Column("sha256", sa.LargeBinary(32)),
        sa.Column("detail", WORDS, nullable=False),
        sa.Column("address", WORDS, nullable=False),
        sa.Column("link", sa.LargeBinary(32), nullable=False),
        sa.Index("audit_by_person", "by", "action", "at_ms"),
        sa.Index("audit_by_time", "at_ms"),
    )


def _submissions() -> None:
    """Make what officers bring in."""
    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", WORDS, nullable=False, unique=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False, index=True),
        sa.Column("answers", WORDS, nullable=False),
        sa.Column("created_s", sa.BigInteger, nullable=False),
        sa.Column("updated_s", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "uploads",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", WORDS, nullable=False, unique=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False, index=True),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("folder", sa.LargeBinary, nullable=False),
        sa.Column("created_s", sa.BigInteger, nullable=False),
        sa.Column("touched_s", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "upload_files",
        sa.Column("upload_id", sa.Integer, sa.ForeignKey("uploads.id"), primary_key=True),
        sa.Column("nth", sa.Integer, primary_key=True),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("stored", WORDS, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("received_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256_before", WORDS, nullable=False),
        sa.Column("sha256_after", WORDS, nullable=False),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("receipt", WORDS, nullable=False, unique=True),
        sa.Column("draft", WORDS, nullable=False, unique=True),
        sa.Column("ledger_id", sa.Integer, sa.ForeignKey("ledger.id"), nullable=False, unique=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False, index=True),
        sa.Column("team_id", sa.Integer, sa.ForeignKey("teams.id"), index=True),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.Column("upload_id", sa.Integer, sa.ForeignKey("uploads.id")),
        sa.Column("evidence", WORDS, nullable=False),
    )


def _bench() -> None:
    """Make what graders see and leave."""
    op.create_table(
        "picture_facts",
        sa.Column("exhibit_id", sa.Integer, sa.ForeignKey("exhibits.id"), primary_key=True),
        sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("make", WORDS, nullable=False),
        sa.Column("model", WORDS, nullable=False),
        sa.Column("serial", WORDS, nullable=False),
        sa.Column("software", WORDS, nullable=False),
        sa.Column("taken", WORDS, nullable=False),
        sa.Column("latitude", sa.Float),
        sa.Column("longitude", sa.Float),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lifts",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("session_id", sa.Integer, sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("what", WORDS, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.Index("lifts_by_content", "session_id", "sha256"),
    )
    op.create_table(
        "allowances",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False, index=True),
        sa.Column("day", WORDS, nullable=False),
        sa.Column("pictures", sa.Integer, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("why", WORDS, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "skips",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.Index("skips_by_grader", "case_id", "user_id"),
    )


def _second_looks() -> None:
    """Make notes, and samples that are looked at once more."""
    op.create_table(
        "notes",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.Column("words", WORDS, nullable=False),
        sa.Index("notes_by_content", "case_id", "sha256"),
    )
    op.create_table(
        "dip_samples",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("rate", WORDS, nullable=False),
        sa.Column("seed", WORDS, nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "dip_contents",
        sa.Column("sample_id", sa.Integer, sa.ForeignKey("dip_samples.id"), primary_key=True),
        sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("category", WORDS, nullable=False),
    )


def _keep(table: str) -> None:
    """Have the database refuse changes; the function of PostgreSQL came with version 5."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION appended_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} {_WHY}'); END"
        )
