"""Where things lie: ``TRIAGE_HOME`` and the case database."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """Give the folder of packs, schemes and the default case database.

    ``TRIAGE_HOME`` where it is set, else the platform's folder for user data. Not created here.
    """
    named = os.environ.get("TRIAGE_HOME", "")
    if named:
        return Path(named).expanduser().resolve()
    return Path(platformdirs.user_data_path("triage", appauthor=False))


def database_url(given: str | None) -> str:
    """Give the SQLAlchemy URL of the case database.

    Args:
        given: a URL, a plain path to an SQLite file, or ``None`` for ``TRIAGE_HOME/cases.sqlite``.
    """
    if given is None:
        return f"sqlite:///{home() / 'cases.sqlite'}"
    if "://" in given:
        return given
    return f"sqlite:///{Path(given).expanduser().resolve()}"
