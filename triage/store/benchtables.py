"""The tables of the pages: what officers bring in, and what graders see, besides their votes.

Moments are whole seconds since 1970 UTC.
"""

from __future__ import annotations

import sqlalchemy as sa

from triage.store import appendonly
from triage.store.tables import BigId, RawName, Words, metadata

drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", Words, nullable=False, unique=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("answers", Words, nullable=False),
    sa.Column("created_s", sa.BigInteger, nullable=False),
    sa.Column("updated_s", sa.BigInteger, nullable=False),
)
"""A submission that is being answered; ``answers`` is a JSON object. Deleted once submitted.
``key`` is random: numbers of deleted rows are given again, and a page of before may still be open.
"""

submissions = sa.Table(
    "submissions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("receipt", Words, nullable=False, unique=True),
    sa.Column("draft", Words, nullable=False, unique=True),
    sa.Column("ledger_id", sa.ForeignKey("ledger.id"), nullable=False, unique=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("team_id", sa.ForeignKey("teams.id"), index=True),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("upload_id", sa.ForeignKey("uploads.id")),
    sa.Column("evidence", Words, nullable=False),
)
"""``draft`` is the key of the draft that it was: submitted twice, it is one. ``team_id`` is the
officer's team at the time. ``evidence`` is a JSON object: how it came in, its files with their
sizes and the digests before and after. Appended only.
"""

uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", Words, nullable=False, unique=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("state", Words, nullable=False),
    sa.Column("folder", RawName, nullable=False),
    sa.Column("created_s", sa.BigInteger, nullable=False),
    sa.Column("touched_s", sa.BigInteger, nullable=False),
)
"""Files on their way in. ``key`` is random; ``state`` is open, checked, refused or dropped."""

upload_files = sa.Table(
    "upload_files",
    metadata,
    sa.Column("upload_id", sa.ForeignKey("uploads.id"), primary_key=True),
    sa.Column("nth", sa.Integer, primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("stored", Words, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("received_bytes", sa.BigInteger, nullable=False, default=0),
    sa.Column("sha256_before", Words, nullable=False, default=""),
    sa.Column("sha256_after", Words, nullable=False, default=""),
)
"""``name`` as the browser told it, ``stored`` as it lies in the folder: a name of ours."""

picture_facts = sa.Table(
    "picture_facts",
    metadata,
    sa.Column("exhibit_id", sa.ForeignKey("exhibits.id"), primary_key=True),
    sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
    sa.Column("make", Words, nullable=False, default=""),
    sa.Column("model", Words, nullable=False, default=""),
    sa.Column("serial", Words, nullable=False, default=""),
    sa.Column("software", Words, nullable=False, default=""),
    sa.Column("taken", Words, nullable=False, default=""),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    sqlite_with_rowid=False,
)
"""What a picture says of itself (EXIF), for contents that say anything; ``taken`` is
``YYYY-MM-DDTHH:MM:SS`` of a clock whose zone the picture does not tell, or with its offset.
"""

lifts = sa.Table(
    "lifts",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("what", Words, nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Index("lifts_by_content", "session_id", "sha256"),
)
"""Welfare measures that a grader lifted for a content in a session; ``what`` is grey, blur or
size.
"""

allowances = sa.Table(
    "allowances",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("day", Words, nullable=False),
    sa.Column("pictures", sa.Integer, nullable=False),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("why", Words, nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
)
"""What a supervisor allows a grader on a day above the hard limits."""

skips = sa.Table(
    "skips",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Index("skips_by_grader", "case_id", "user_id"),
)

notes = sa.Table(
    "notes",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("words", Words, nullable=False),
    sa.Index("notes_by_content", "case_id", "sha256"),
)

dip_samples = sa.Table(
    "dip_samples",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("rate", Words, nullable=False),
    sa.Column("seed", Words, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
)

dip_contents = sa.Table(
    "dip_contents",
    metadata,
    sa.Column("sample_id", sa.ForeignKey("dip_samples.id"), primary_key=True),
    sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
    sa.Column("category", Words, nullable=False),
)
"""What a sample drew, with the category that stood then; appended only, like its sample."""

APPENDED = (submissions, lifts, allowances, skips, notes, dip_samples, dip_contents)
for _table in APPENDED:
    appendonly.keep(_table)
