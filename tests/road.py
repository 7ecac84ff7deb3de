"""Drives the joined road as a person does, without a process of its own for each call."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from triage.cli.app import cli
from triage.errors import TriageError
from triage.grading.scheme import SchemeBook
from triage.grading.verdict import judge
from triage.matching.library import ImportReport, PackLibrary
from triage.model.carving import CarveMode
from triage.model.event import Event
from triage.model.hashset import Polarity
from triage.model.record import ExhibitSummary
from triage.model.verdict import Verdict
from triage.pipeline.plan import TimeLimits
from triage.pipeline.run import ExhibitRun, RunRequest
from triage.pipeline.tasks import close_evidence
from triage.scheduler import InlinePool, Pool
from triage.store.database import open_store

FIXTURES = Path(__file__).parents[1] / "fixtures"
IMAGES = FIXTURES / "images"
HOSTILE = FIXTURES / "hostile"
TRUTH = FIXTURES / "truth"
SAMPLES = Path(__file__).parents[1] / "hashsets" / "sample"
CASE = "OP-X"
EXHIBIT = "ABC/1"
EXPORTS = ("vics", "csv", "jsonl")
VICS_OPTIONS = ("--organisation", "Force", "--contact-name", "P", "--contact-title", "DFU")


@dataclass(slots=True)
class Road:
    """One installation (``TRIAGE_HOME``) and one case database under a folder."""

    folder: Path
    events: list[Event] = field(default_factory=list)
    url: str = ""
    """Of the database, where it is no file of the installation."""

    @property
    def home(self) -> Path:
        """Give the folder of packs and schemes."""
        return self.folder / "home"

    @property
    def db(self) -> Path:
        """Give the file of the case database."""
        return self.folder / "cases.sqlite"

    @property
    def database(self) -> str:
        """Give the URL of the case database."""
        return self.url or f"sqlite:///{self.db}"

    def environment(self) -> dict[str, str]:
        """Give what a process of this installation needs."""
        return {**os.environ, "TRIAGE_HOME": str(self.home), "COLUMNS": "200"}

    def run(
        self,
        *images: Path,
        pool: Pool | None = None,
        sets: tuple[str, ...] | None = None,
        exhibit: str = EXHIBIT,
        limits: TimeLimits | None = None,
        workers: int = 1,
        turned: bool = False,
        carve: CarveMode = CarveMode.NONE,
    ) -> Verdict:
        """Run an exhibit on a pool, by default in this process; what was told is kept."""
        request = RunRequest(
            case=CASE,
            exhibit=exhibit,
            images=images,
            sets=sets,
            workers=workers,
            limits=limits or TimeLimits(),
            turned=turned,
            carve=carve,
        )
        self.events.clear()
        with open_store(self.database, create=True) as store:
            try:
                ExhibitRun(
                    request=request,
                    store=store,
                    pool=pool or InlinePool(),
                    library=PackLibrary(self.home),
                    book=SchemeBook(self.home),
                    tell=self.events.append,
                ).run()
            finally:
                close_evidence()
            return judge(store.summary(CASE, exhibit))

    def summary(self, exhibit: str = EXHIBIT) -> ExhibitSummary:
        """Count an exhibit as it stands."""
        with open_store(self.database) as store:
            return store.summary(CASE, exhibit)

    def call(self, *words: str | Path) -> Result:
        """Call the command line in this process."""
        return CliRunner().invoke(cli, [str(word) for word in words], env=self.environment())

    def on_case(self, command: str, *words: str | Path) -> Result:
        """Call a command that touches the case."""
        return self.call(*command.split(), "--case", CASE, "--db", self.database, *words)

    def files(self, *words: str) -> list[dict[str, Any]]:
        """Give what ``triage files --json`` lists."""
        result = self.on_case("files", "--json", *words)
        assert code(result) == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    def export(self, kind: str, where: Path) -> bytes:
        """Give the bytes of an export."""
        out = where / f"{kind}-{datetime.now(UTC).timestamp()}.out"
        result = self.on_case(f"export {kind}", "--out", out, *VICS_OPTIONS)
        assert code(result) == 0, (result.output, result.exception)
        return out.read_bytes()

    def exports(self) -> dict[str, bytes]:
        """Give the bytes of all exports."""
        return {kind: self.export(kind, self.folder) for kind in EXPORTS}

    def take(
        self,
        path: Path,
        name: str,
        polarity: Polarity,
        scheme: str = "",
        version: str | None = None,
    ) -> ImportReport:
        """Import a reference set."""
        return PackLibrary(self.home).import_set(
            path, name=name, polarity=polarity, scheme=scheme, version=version
        )

    def confirm(self, scheme: str) -> None:
        """Confirm a category scheme."""
        book = SchemeBook(self.home)
        book.confirm(scheme, by="A Person", source="the test", at="2026-01-01T00:00:00+00:00")


def drawn_album() -> Any:
    """Import the script that draws harmless pictures."""
    sys.path.insert(0, str(FIXTURES))
    try:
        return importlib.import_module("album")
    finally:
        sys.path.remove(str(FIXTURES))


def code(result: Result) -> int:
    """Give the exit code that the program would end with."""
    if isinstance(result.exception, TriageError):
        return result.exception.exit_code
    return result.exit_code


def truth(image: str) -> list[dict[str, Any]]:
    """Give the rows of an image's truth, each with its raw path as ``raw``."""
    text = (TRUTH / f"{image}.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    return [{**row, "raw": bytes.fromhex(row["path_hex"])} for row in rows]


def raw_path(row: dict[str, Any]) -> bytes:
    """Give the raw path of a listed entry."""
    return bytes.fromhex(row["path_hex"]) if row["path_hex"] else str(row["path"]).encode()


def listed(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, bytes, str], list[dict[str, Any]]]:
    """Group listed entries by volume, raw path and stream."""
    found: dict[tuple[str, bytes, str], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["volume"], raw_path(row), row["stream"]), []).append(row)
    return found
