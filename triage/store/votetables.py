"""The tables of what people say of contents; appended only, in the same database as the cases."""

from __future__ import annotations

import sqlalchemy as sa

from triage.store import appendonly
from triage.store.tables import BigId, Words, metadata

vote_sources = sa.Table(
    "vote_sources",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("sha256", Words, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("said_by", Words, nullable=False),
    sa.Column("application", Words, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("case_id", "sha256"),
)
"""Files of grades given elsewhere, as they were first imported; ``sha256`` in lower hex."""

votes = sa.Table(
    "votes",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("kind", Words, nullable=False),
    sa.Column("category", Words, nullable=False),
    sa.Column("scheme", Words, nullable=False),
    sa.Column("scheme_version", Words, nullable=False),
    sa.Column("code", Words, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("why", Words, nullable=False),
    sa.Column("how", Words, nullable=False),
    sa.Column("tags", Words, nullable=False),
    sa.Column("through", sa.LargeBinary(32)),
    sa.Column("source_id", sa.ForeignKey("vote_sources.id")),
    sa.Index("votes_by_content", "case_id", "sha256"),
)
"""One row a line about one content of a case, see :class:`triage.model.vote.Vote`; ``tags`` is a
JSON list. A content is graded wherever it lies in the case, also in exhibits that come later.
"""

VOTE_TABLES = (vote_sources, votes)
"""The tables whose rows the database itself keeps as they were written."""

for _table in VOTE_TABLES:
    appendonly.keep(_table)
