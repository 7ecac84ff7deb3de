"""Version 5: the exhibits ledger, the queue, and what is counted by people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from triage.store.migrations.kinds import WORDS

revision = "0005"
down_revision = "0004"

_WHY = "is appended to only: its rows are neither changed nor deleted"
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION appended_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' {_WHY}', ERRCODE = 'restrict_violation';
END
$$
"""


def upgrade() -> None:
    """Make all tables, and what keeps the rows of some as they were written."""
    _ledger()
    _changes()
    _queue()
    _figures()
    on_server = op.get_bind().dialect.name == "postgresql"
    if on_server:
        op.execute(_FUNCTION)
    for table in ("stage_changes", "fact_changes", "queue_orders", "night_lines", "counts"):
        if on_server:
            op.execute(
                f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION appended_only()"
            )
            continue
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} {_WHY}'); END"
            )


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_reference", WORDS, nullable=False),
        sa.Column("reference", WORDS, nullable=False),
        sa.Column("device_type", WORDS, nullable=False),
        sa.Column("owner_role", WORDS, nullable=False),
        sa.Column("offence", WORDS, nullable=False),
        sa.Column("risk_band", WORDS, nullable=False),
        sa.Column("legal_power", WORDS, nullable=False),
        sa.Column("dpn_reference", WORDS, nullable=False),
        sa.Column("scope_limits", WORDS, nullable=False),
        sa.Column("statutory_kind", WORDS, nullable=False),
        sa.Column("statutory_on", WORDS, nullable=False),
        sa.Column("seized_on", WORDS, nullable=False),
        sa.Column("image_path", sa.LargeBinary, nullable=False),
        sa.Column("image_bytes", sa.BigInteger, nullable=False),
        sa.Column("outsourced", sa.Boolean, nullable=False),
        sa.Column("officer", WORDS, nullable=False),
        sa.Column("stage", WORDS, nullable=False),
        sa.Column("arrived_s", sa.BigInteger, nullable=False),
        sa.Column("received_s", sa.BigInteger, nullable=False),
        sa.Column("awaiting_imaging_s", sa.BigInteger, nullable=False),
        sa.Column("imaging_s", sa.BigInteger, nullable=False),
        sa.Column("queued_s", sa.BigInteger, nullable=False),
        sa.Column("triage_s", sa.BigInteger, nullable=False),
        sa.Column("review_s", sa.BigInteger, nullable=False),
        sa.Column("reporting_s", sa.BigInteger, nullable=False),
        sa.Column("released_s", sa.BigInteger, nullable=False),
        sa.Column("held_s", sa.BigInteger, nullable=False),
        sa.Column("bumped_s", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("case_reference", "reference"),
        sa.Index("ledger_by_stage", "stage"),
    )


def _changes() -> None:
    op.create_table(
        "stage_changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("ledger_id", sa.Integer, sa.ForeignKey("ledger.id"), nullable=False, index=True),
        sa.Column("stage", WORDS, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.Column("recorded_s", sa.BigInteger, nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("why", WORDS, nullable=False),
    )
    op.create_table(
        "fact_changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("ledger_id", sa.Integer, sa.ForeignKey("ledger.id"), nullable=False, index=True),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("before", WORDS, nullable=False),
        sa.Column("after", WORDS, nullable=False),
        sa.Column("recorded_s", sa.BigInteger, nullable=False),
        sa.Column("by", WORDS, nullable=False),
    )
    op.create_table(
        "queue_orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("ledger_id", sa.Integer, sa.ForeignKey("ledger.id"), nullable=False, index=True),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("why", WORDS, nullable=False),
    )


def _queue() -> None:
    op.create_table(
        "leases",
        sa.Column(
            "ledger_id",
            sa.Integer,
            sa.ForeignKey("ledger.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("beat", sa.BigInteger, nullable=False),
        sa.Column("holder", WORDS, nullable=False),
        sa.Column("host", WORDS, nullable=False),
        sa.Column("pid", sa.BigInteger, nullable=False),
        sa.Column("taken_s", sa.BigInteger, nullable=False),
        sa.Column("beaten_s", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("settled", sa.BigInteger, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Index("leases_by_state", "state"),
    )
    op.create_table(
        "attempts",
        sa.Column(
            "ledger_id",
            sa.Integer,
            sa.ForeignKey("ledger.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("token", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("holder", WORDS, nullable=False),
        sa.Column("started_s", sa.BigInteger, nullable=False),
        sa.Column("ended_s", sa.BigInteger, nullable=False),
        sa.Column("end", WORDS, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("read_bytes", sa.BigInteger, nullable=False),
        sa.Index("attempts_by_end", "ended_s"),
    )


def _figures() -> None:
    op.create_table(
        "results",
        sa.Column(
            "ledger_id",
            sa.Integer,
            sa.ForeignKey("ledger.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("colour", WORDS, nullable=False),
        sa.Column("hits", WORDS, nullable=False),
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
    op.create_table(
        "night_lines",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at_s", sa.BigInteger, nullable=False, index=True),
        sa.Column("holder", WORDS, nullable=False),
        sa.Column("event", WORDS, nullable=False),
        sa.Column("exhibit", WORDS, nullable=False),
        sa.Column("detail", WORDS, nullable=False),
    )
    op.create_table(
        "counts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("on", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("subject", WORDS, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("recorded_s", sa.BigInteger, nullable=False),
        sa.Index("counts_by_day", "on", "kind", "subject"),
    )
