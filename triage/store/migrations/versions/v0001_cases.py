"""Version 1: cases, evidence, entries, contents and what matched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from triage.store.migrations.kinds import BIG_ID, WORDS

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    _cases()
    _evidence()
    _entries()
    _contents()


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("reference", WORDS, nullable=False, unique=True),
    )
    op.create_table(
        "exhibits",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("reference", WORDS, nullable=False),
        sa.UniqueConstraint("case_id", "reference"),
    )
    op.create_table(
        "exhibit_packs",
        sa.Column("exhibit_id", sa.Integer, sa.ForeignKey("exhibits.id"), primary_key=True),
        sa.Column("name", WORDS, primary_key=True),
        sa.Column("version", WORDS, primary_key=True),
        sa.Column("manifest", WORDS, nullable=False),
    )
    op.create_table(
        "exhibit_schemes",
        sa.Column("exhibit_id", sa.Integer, sa.ForeignKey("exhibits.id"), primary_key=True),
        sa.Column("scheme", WORDS, primary_key=True),
        sa.Column("sha256", WORDS, nullable=False),
    )


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("exhibit_id", sa.Integer, sa.ForeignKey("exhibits.id"), nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("location", sa.LargeBinary, nullable=False),
        sa.Column("info", WORDS, nullable=False),
        sa.UniqueConstraint("exhibit_id", "key"),
    )
    op.create_table(
        "volumes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("evidence_id", sa.Integer, sa.ForeignKey("evidence.id"), nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("info", WORDS, nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        sa.UniqueConstraint("evidence_id", "key"),
    )
    op.create_table(
        "problems",
        sa.Column("evidence_id", sa.Integer, sa.ForeignKey("evidence.id"), primary_key=True),
        sa.Column("kind", WORDS, primary_key=True),
        sa.Column("volume", WORDS, primary_key=True),
        sa.Column("path", sa.LargeBinary, primary_key=True),
        sa.Column("offset_bytes", sa.BigInteger, primary_key=True),
        sa.Column("length_bytes", sa.BigInteger, primary_key=True),
        sa.Column("detail", WORDS, primary_key=True),
    )
    op.create_table(
        "damage",
        sa.Column("evidence_id", sa.Integer, sa.ForeignKey("evidence.id"), primary_key=True),
        sa.Column("kind", WORDS, primary_key=True),
        sa.Column("offset_bytes", sa.BigInteger, primary_key=True),
        sa.Column("length_bytes", sa.BigInteger, primary_key=True),
        sa.Column("detail", WORDS, nullable=False),
    )


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("evidence_id", sa.Integer, sa.ForeignKey("evidence.id"), nullable=False),
        sa.Column("volume_id", sa.Integer, sa.ForeignKey("volumes.id"), nullable=False),
        sa.Column("container_id", BIG_ID, sa.ForeignKey("entries.id")),
        sa.Column("opened", sa.Boolean, nullable=False),
        sa.Column("entry_key", sa.LargeBinary(16), nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("stream", sa.LargeBinary, nullable=False),
        sa.Column("parent_address", sa.BigInteger, nullable=False),
        sa.Column("address", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("nth", sa.Integer, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("allocation", WORDS, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("modified_ns", sa.BigInteger),
        sa.Column("accessed_ns", sa.BigInteger),
        sa.Column("changed_ns", sa.BigInteger),
        sa.Column("created_ns", sa.BigInteger),
        sa.Column("naive_local", sa.Boolean, nullable=False),
        sa.Column("first_block_offset_bytes", sa.BigInteger, nullable=False),
        sa.Column("flags", sa.Integer, nullable=False),
        sa.Column("no_content", WORDS, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("in_hand", sa.Boolean, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("detail", WORDS, nullable=False),
        sa.Column("sha256", sa.LargeBinary(32)),
        sa.Column("damaged", sa.Boolean, nullable=False),
        sa.Column("mime", WORDS, nullable=False),
        sa.Column("family", WORDS, nullable=False),
        sa.Column("extension_agrees", sa.Boolean),
        sa.UniqueConstraint("evidence_id", "entry_key"),
    )
    waiting = sa.text("state = 'pending'")
    op.create_index(
        "entries_waiting",
        "entries",
        ["evidence_id", "first_block_offset_bytes", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("entries_by_content", "entries", ["sha256", "evidence_id"])


def _contents() -> None:
    op.create_table(
        "contents",
        sa.Column("exhibit_id", sa.Integer, sa.ForeignKey("exhibits.id"), primary_key=True),
        sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("md5", sa.LargeBinary(16), nullable=False),
        sa.Column("sha1", sa.LargeBinary(20), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("mime", WORDS, nullable=False),
        sa.Column("family", WORDS, nullable=False),
        sa.Column("picture_state", WORDS, nullable=False),
        sa.Column("picture_reason", WORDS, nullable=False),
        sa.Column("picture_detail", WORDS, nullable=False),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("format", WORDS),
        sa.Column("frames", sa.Integer),
        sa.Column("pdq", WORDS),
        sa.Column("phash", sa.LargeBinary(8)),
        sa.Column("standing", WORDS, nullable=False),
        sa.Column("category", WORDS, nullable=False),
        sa.Column("original_code", WORDS, nullable=False),
        sa.Column("scheme", WORDS, nullable=False),
        sa.Column("grade_reason", WORDS, nullable=False),
        sa.Column("conflict", WORDS, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "matches",
        sa.Column("exhibit_id", sa.Integer, sa.ForeignKey("exhibits.id"), primary_key=True),
        sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("nth", sa.Integer, primary_key=True),
        sa.Column("match", WORDS, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("exhibit_id", sa.Integer, sa.ForeignKey("exhibits.id"), nullable=False),
        sa.Column("started_at", WORDS, nullable=False),
        sa.Column("ended_at", WORDS),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("tool_version", WORDS, nullable=False),
        sa.Column("workers", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("read_bytes", sa.BigInteger, nullable=False),
    )
