"""Writes the morning summary as text, page and JSON."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from triage.cli.nightpage import night_text
from triage.config import home
from triage.errors import ExportError
from triage.export.nightpage import night_page
from triage.model.display import printable
from triage.model.night import NightSummary
from triage.model.queue import Holder


def night_folder(since_s: int, holder: Holder) -> Path:
    """Give the folder of a night: by local time of its start, machine and process."""
    start = datetime.fromtimestamp(since_s).strftime("%Y-%m-%d-%H%M")  # noqa: DTZ006  (local)
    name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{start}-{holder.host}-{holder.pid}")
    return home() / "nights" / name


def night_json(summary: NightSummary) -> str:
    """Give the summary as JSON, with the names of its values."""
    return json.dumps(asdict(summary), indent=2, ensure_ascii=False)


def write_night(folder: Path, summary: NightSummary) -> None:
    """Write ``summary.txt``, ``summary.html`` and ``summary.json``.

    Raises:
        ExportError: the system refuses.
    """
    texts = {
        "summary.txt": night_text(summary),
        "summary.html": night_page(summary),
        "summary.json": night_json(summary) + "\n",
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            partial = folder / f".{name}.partial"
            partial.write_text(text, "utf-8", errors="backslashreplace", newline="\n")
            partial.replace(folder / name)
    except OSError as error:
        raise ExportError(
            f"{printable(str(folder))}: cannot be written: {error.strerror or error}",
            hint="'triage batch summary' makes it again.",
        ) from error
