"""Version 2: the places of contents, and an index without what has no content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from triage.store.migrations.kinds import add

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Entries listed before have no places, and are read without them."""
    empty = sa.text("''")
    add("entries", sa.Column("extents", sa.LargeBinary, nullable=False, server_default=empty))
    known = sa.text("sha256 IS NOT NULL")
    op.drop_index("entries_by_content", "entries", if_exists=True)
    op.create_index(
        "entries_by_content",
        "entries",
        ["sha256", "evidence_id"],
        sqlite_where=known,
        postgresql_where=known,
    )
