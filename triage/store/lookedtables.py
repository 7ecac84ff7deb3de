"""The tables of what is looked into beyond files: videos, thumbnails, the space between files."""

from __future__ import annotations

import sqlalchemy as sa

from triage.store import appendonly
from triage.store.tables import BigId, Words, metadata

videos = sa.Table(
    "videos",
    metadata,
    sa.Column("exhibit_id", sa.ForeignKey("exhibits.id"), primary_key=True),
    sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
    sa.Column("state", Words, nullable=False),
    sa.Column("reason", Words, nullable=False, default=""),
    sa.Column("detail", Words, nullable=False, default=""),
    sa.Column("facts", Words, nullable=False),
    sa.Column("frames", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""One row a distinct video that was looked into, or was not and why; none while it waits.

``state`` is hashed, partial or none; ``facts`` JSON of :class:`triage.model.video.VideoFacts`;
``frames`` 45 bytes each: number (u32), quality (u8), PDQ (32 bytes), moment (f64), big-endian.
"""

thumbnails = sa.Table(
    "thumbnails",
    metadata,
    sa.Column("entry_id", BigId, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("exhibit_id", sa.ForeignKey("exhibits.id"), nullable=False, index=True),
    sa.Column("original_id", BigId, sa.ForeignKey("entries.id")),
    sa.Column("how", Words, nullable=False),
    sa.Column("distance_bits", sa.Integer, nullable=False, default=0),
)
"""Made anew as a whole at the end of a run; see :class:`triage.model.thumbnail.ThumbnailLink`."""

carvings = sa.Table(
    "carvings",
    metadata,
    sa.Column("evidence_id", sa.ForeignKey("evidence.id"), primary_key=True),
    sa.Column("volume", Words, primary_key=True),
    sa.Column("space", Words, primary_key=True),
    sa.Column("total_bytes", sa.BigInteger, nullable=False),
    sa.Column("done_bytes", sa.BigInteger, nullable=False),
    sa.Column("found", sa.Integer, nullable=False),
    sa.Column("rejected", sa.Integer, nullable=False),
)
"""See :class:`triage.model.carving.CarvedSpace`; ``done_bytes`` is where the next run goes on."""

copies = sa.Table(
    "copies",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exhibit_id", sa.ForeignKey("exhibits.id"), nullable=False, index=True),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("copy_sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("copy_bytes", sa.BigInteger, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("how", Words, nullable=False),
    sa.Column("made_s", sa.BigInteger, nullable=False),
    sa.Column("made_by", Words, nullable=False),
)
"""Working copies of videos: ``sha256`` is the source, ``how`` says in words what was done.
Appended only.
"""

appendonly.keep(copies)
