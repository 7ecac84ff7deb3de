"""The tables of the exhibits ledger and of the queue, in the same database as the cases.

Moments are whole seconds since 1970 UTC, days are ``YYYY-MM-DD``. What ``ledger`` says of stages,
holds and bumps is drawn from the tables of changes, in the same transaction that appends to them.
"""

from __future__ import annotations

import sqlalchemy as sa

from triage.store import appendonly
from triage.store.tables import RawName, Words, metadata

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_reference", Words, nullable=False),
    sa.Column("reference", Words, nullable=False),
    sa.Column("device_type", Words, nullable=False, default=""),
    sa.Column("owner_role", Words, nullable=False),
    sa.Column("offence", Words, nullable=False, default=""),
    sa.Column("risk_band", Words, nullable=False, default=""),
    sa.Column("legal_power", Words, nullable=False, default=""),
    sa.Column("dpn_reference", Words, nullable=False, default=""),
    sa.Column("scope_limits", Words, nullable=False, default=""),
    sa.Column("statutory_kind", Words, nullable=False, default=""),
    sa.Column("statutory_on", Words, nullable=False, default=""),
    sa.Column("seized_on", Words, nullable=False, default=""),
    sa.Column("image_path", RawName, nullable=False, default=""),
    sa.Column("image_bytes", sa.BigInteger, nullable=False, default=-1),
    sa.Column("outsourced", sa.Boolean, nullable=False, default=False),
    sa.Column("officer", Words, nullable=False, default=""),
    sa.Column("stage", Words, nullable=False),
    sa.Column("arrived_s", sa.BigInteger, nullable=False),
    sa.Column("received_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("awaiting_imaging_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("imaging_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("queued_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("triage_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("review_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("reporting_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("released_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("held_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("bumped_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("device_make", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("device_model", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("device_serial", Words, nullable=False, server_default=sa.text("''")),
    sa.UniqueConstraint("case_reference", "reference"),
    sa.Index("ledger_by_stage", "stage"),
)
"""One row an exhibit. ``arrived_s`` is the fact (``ExhibitFacts.received_s``); each ``…_s`` of a
stage is when it entered that stage last, -1 where it never did.
"""

stage_changes = sa.Table(
    "stage_changes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("ledger_id", sa.ForeignKey("ledger.id"), nullable=False, index=True),
    sa.Column("stage", Words, nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("recorded_s", sa.BigInteger, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("why", Words, nullable=False, default=""),
)
"""Appended only: the database itself refuses to change or delete a row."""

fact_changes = sa.Table(
    "fact_changes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("ledger_id", sa.ForeignKey("ledger.id"), nullable=False, index=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("before", Words, nullable=False),
    sa.Column("after", Words, nullable=False),
    sa.Column("recorded_s", sa.BigInteger, nullable=False),
    sa.Column("by", Words, nullable=False),
)
"""Appended only."""

queue_orders = sa.Table(
    "queue_orders",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("ledger_id", sa.ForeignKey("ledger.id"), nullable=False, index=True),
    sa.Column("kind", Words, nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("why", Words, nullable=False),
)
"""Holds, bumps and their ends. Appended only."""

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("ledger_id", sa.ForeignKey("ledger.id"), primary_key=True, autoincrement=False),
    sa.Column("state", Words, nullable=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("beat", sa.BigInteger, nullable=False, default=0),
    sa.Column("holder", Words, nullable=False, default=""),
    sa.Column("host", Words, nullable=False, default=""),
    sa.Column("pid", sa.BigInteger, nullable=False, default=0),
    sa.Column("taken_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("beaten_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("settled", sa.BigInteger, nullable=False, default=0),
    sa.Column("reason", Words, nullable=False, default=""),
    sa.Index("leases_by_state", "state"),
)
"""One row an exhibit that was ever taken. Clock times are for people: whether a holder lives is
told by ``beat``, which it keeps raising. ``settled`` is how far the exhibit had come when the lease
was taken, so that a death without any progress is told from one with.
"""

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("ledger_id", sa.ForeignKey("ledger.id"), primary_key=True, autoincrement=False),
    sa.Column("token", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("holder", Words, nullable=False),
    sa.Column("started_s", sa.BigInteger, nullable=False),
    sa.Column("ended_s", sa.BigInteger, nullable=False, default=-1),
    sa.Column("end", Words, nullable=False),
    sa.Column("reason", Words, nullable=False, default=""),
    sa.Column("seconds", sa.Float, nullable=False, default=0.0),
    sa.Column("read_bytes", sa.BigInteger, nullable=False, default=0),
    sa.Index("attempts_by_end", "ended_s"),
)

results = sa.Table(
    "results",
    metadata,
    sa.Column("ledger_id", sa.ForeignKey("ledger.id"), primary_key=True, autoincrement=False),
    sa.Column("colour", Words, nullable=False),
    sa.Column("hits", Words, nullable=False),
    sa.Column("gaps", sa.Integer, nullable=False),
    sa.Column("files", sa.BigInteger, nullable=False),
    sa.Column("known_good", sa.BigInteger, nullable=False),
    sa.Column("media", sa.BigInteger, nullable=False),
    sa.Column("pre_categorised", sa.BigInteger, nullable=False),
    sa.Column("left", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("read_bytes", sa.BigInteger, nullable=False),
    sa.Column("done_s", sa.BigInteger, nullable=False),
)
"""The last finished result of an exhibit; ``hits`` is a JSON list of label and occurrences."""

night_lines = sa.Table(
    "night_lines",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at_s", sa.BigInteger, nullable=False, index=True),
    sa.Column("holder", Words, nullable=False),
    sa.Column("event", Words, nullable=False),
    sa.Column("exhibit", Words, nullable=False, default=""),
    sa.Column("detail", Words, nullable=False, default=""),
)
"""Appended only."""

counts = sa.Table(
    "counts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("on", Words, nullable=False),
    sa.Column("kind", Words, nullable=False),
    sa.Column("subject", Words, nullable=False, default=""),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("recorded_s", sa.BigInteger, nullable=False),
    sa.Index("counts_by_day", "on", "kind", "subject"),
)
"""Appended only; of several rows of one day, kind and subject the last one stands."""

APPENDED = (stage_changes, fact_changes, queue_orders, night_lines, counts)
"""The tables whose rows the database itself keeps as they were written."""

for _table in APPENDED:
    appendonly.keep(_table)
