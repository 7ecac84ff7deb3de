"""Alembic runs this to have the migrations run on the connection that is handed over."""

from __future__ import annotations

from alembic import context

from triage.store.votetables import votes


def run() -> None:
    """Run what the tables lack, in the transaction that is open."""
    context.configure(
        connection=context.config.attributes["connection"], target_metadata=votes.metadata
    )
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # the name under which Alembic loads it
    run()
