"""Version 3: what is in hand stands in a table of its own."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from triage.store.migrations.kinds import WORDS, columns

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Move what stood in each entry, whether a worker had it in hand."""
    marks = op.create_table(
        "in_hand",
        sa.Column("evidence_id", sa.Integer, sa.ForeignKey("evidence.id"), primary_key=True),
        sa.Column("entries", WORDS, nullable=False),
        if_not_exists=True,
    )
    if "in_hand" not in columns("entries"):
        return
    found: dict[int, list[int]] = {}
    marked = "SELECT evidence_id, id FROM entries WHERE in_hand AND state = 'pending' ORDER BY id"
    for evidence_id, entry_id in op.get_bind().execute(sa.text(marked)):
        found.setdefault(evidence_id, []).append(entry_id)
    op.execute(sa.delete(marks))
    for evidence_id, ids in found.items():
        words = json.dumps(ids, separators=(",", ":"))
        op.execute(marks.insert().values(evidence_id=evidence_id, entries=words))
    op.drop_column("entries", "in_hand")
