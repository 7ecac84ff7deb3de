"""Version 4: the hashes of turned pictures."""

from __future__ import annotations

import sqlalchemy as sa

from triage.store.migrations.kinds import add

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Pictures decoded before have none, and the result says so."""
    add("contents", sa.Column("turned", sa.LargeBinary))
