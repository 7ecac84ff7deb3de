"""Version 6: what people say of contents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from triage.store.migrations.kinds import BIG_ID, WORDS

revision = "0006"
down_revision = "0005"

_WHY = "is appended to only: its rows are neither changed nor deleted"


def upgrade() -> None:
    """Make the tables, and what keeps their rows as they were written."""
    op.create_table(
        "vote_sources",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("sha256", WORDS, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("said_by", WORDS, nullable=False),
        sa.Column("application", WORDS, nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("case_id", "sha256"),
    )
    op.create_table(
        "votes",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("category", WORDS, nullable=False),
        sa.Column("scheme", WORDS, nullable=False),
        sa.Column("scheme_version", WORDS, nullable=False),
        sa.Column("code", WORDS, nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.Column("why", WORDS, nullable=False),
        sa.Column("how", WORDS, nullable=False),
        sa.Column("tags", WORDS, nullable=False),
        sa.Column("through", sa.LargeBinary(32)),
        sa.Column("source_id", sa.Integer, sa.ForeignKey("vote_sources.id")),
        sa.Index("votes_by_content", "case_id", "sha256"),
    )
    _keep("vote_sources")
    _keep("votes")


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
