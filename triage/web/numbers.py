"""Numbers of rows in addresses."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

RowId = Annotated[int, Path(le=(1 << 31) - 1)]
"""Of a row in the database, where the address names it: larger ones are none, on any server."""
