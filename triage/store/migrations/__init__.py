"""The versions that the tables went through, as Alembic takes them."""

from __future__ import annotations

import sqlalchemy as sa


def migrate(connection: sa.Connection, revision: str) -> None:
    """Bring tables, from whatever revision they are of, up to ``revision``.

    All is done in the transaction of the connection, which the caller ends.
    """
    from alembic import command  # noqa: PLC0415  (half a second, rare)
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "triage.store:migrations")
    command.upgrade(config, revision)
