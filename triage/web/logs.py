"""What the server writes to its log: warnings and defects, harmless to a terminal."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

from triage.model.display import printable

LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "asyncio")


class Harmless(logging.Formatter):
    """One line a message, whatever stands in it; a traceback line by line below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the lines of a record; names from evidence in them are escaped."""
        lines = [f"{record.levelname.lower()}: {record.getMessage()}"]
        if record.exc_info:
            lines += ["  " + one for one in self.formatException(record.exc_info).splitlines()]
        return "\n".join("\\".join(map(printable, one.split("\\"))) for one in lines)


def to_stderr(stream: TextIO | None = None) -> None:
    """Let warnings and defects be written to standard error, and nothing be written a request."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Harmless())
    own = logging.getLogger("triage.web")
    own.handlers = [handler]
    own.setLevel(logging.WARNING)
    own.propagate = False
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.WARNING)
        logger.propagate = False
