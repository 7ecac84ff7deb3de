"""Version 8: videos, thumbnails and their originals, carved space, working copies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from triage.store.migrations.kinds import BIG_ID, WORDS, keep

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables, and what keeps the rows of one as they were written."""
    op.create_table(
        "videos",
        sa.Column("exhibit_id", sa.Integer, sa.ForeignKey("exhibits.id"), primary_key=True),
        sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("detail", WORDS, nullable=False),
        sa.Column("facts", WORDS, nullable=False),
        sa.Column("frames", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "thumbnails",
        sa.Column("entry_id", BIG_ID, sa.ForeignKey("entries.id"), primary_key=True),
        sa.Column(
            "exhibit_id", sa.Integer, sa.ForeignKey("exhibits.id"), nullable=False, index=True
        ),
        sa.Column("original_id", BIG_ID, sa.ForeignKey("entries.id")),
        sa.Column("how", WORDS, nullable=False),
        sa.Column("distance_bits", sa.Integer, nullable=False),
    )
    op.create_table(
        "carvings",
        sa.Column("evidence_id", sa.Integer, sa.ForeignKey("evidence.id"), primary_key=True),
        sa.Column("volume", WORDS, primary_key=True),
        sa.Column("space", WORDS, primary_key=True),
        sa.Column("total_bytes", sa.BigInteger, nullable=False),
        sa.Column("done_bytes", sa.BigInteger, nullable=False),
        sa.Column("found", sa.Integer, nullable=False),
        sa.Column("rejected", sa.Integer, nullable=False),
    )
    op.create_table(
        "copies",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "exhibit_id", sa.Integer, sa.ForeignKey("exhibits.id"), nullable=False, index=True
        ),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("copy_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("copy_bytes", sa.BigInteger, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("how", WORDS, nullable=False),
        sa.Column("made_s", sa.BigInteger, nullable=False),
        sa.Column("made_by", WORDS, nullable=False),
    )
    keep("copies")
