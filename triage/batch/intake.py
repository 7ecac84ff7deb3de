"""Takes exhibits from the CSV file of a unit's own case system; repeated, it changes nothing."""

from __future__ import annotations

import dataclasses
import io
import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from triage.batch.caserows import CaseFile, CaseRow, encoding_of, open_case_file
from triage.batch.caseterms import NoMeaning, Terms, Told
from triage.batch.columnmap import ColumnMap
from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.ledger import ExhibitFacts, LedgerEntry, Stage
from triage.store.database import Store
from triage.store.ledger import Arrival, Ledger, Step
from triage.store.ledgerrows import DAY_S, STAGES, check_moment, checked

GROUP_ROWS = 1_000
"""Rows that become permanent together."""

BACK = "imported: it stands there again in the case system"
"""Why an exhibit goes back, where a file says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that was not taken, a line for each cell that is wrong; ``cells`` as they stood."""

    line: int
    column: str
    reason: str
    cells: tuple[str, ...]


@dataclass(slots=True)
class IntakeReport:
    """What an import came to.

    Attributes:
        added: exhibits; likewise ``changed``, ``unchanged`` and ``bad_rows``.
        facts: facts of changed exhibits that were said anew; ``stages``: stages appended to them.
        left: stage times of a row that are not later than what the ledger knows, and not new to it.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    facts: int = 0
    stages: int = 0
    left: int = 0
    bad_rows: int = 0
    bad: list[BadRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What a row adds to an exhibit that is there."""

    ledger_id: int
    facts: ExhibitFacts | None
    steps: tuple[Step, ...]


def take_in(  # noqa: PLR0913  (who, when and how belong to each import)
    path: Path,
    of: ColumnMap,
    store: Store,
    *,
    by: str,
    now_s: int,
    dry_run: bool = False,
    tell: Callable[[int, int], None] = lambda _done, _rows: None,
) -> IntakeReport:
    """Take the exhibits of a CSV file into the ledger, in groups that are committed.

    Args:
        dry_run: find out what would happen, and write nothing.
        tell: called with bytes read and rows taken, now and then.

    Raises:
        UsageFault: the file cannot be read, or does not have the columns of the map.
    """
    with _opened(path, of) as (file, encoding, done):
        terms = Terms(of, file)
        report = IntakeReport(encoding=encoding, delimiter=file.delimiter, header=file.header)
        taking = _Taking(Ledger(store.connection), terms, report, by, now_s, dry_run)
        rows = 0
        for group in _groups(file.rows()):
            taking.take(group)
            if not dry_run:
                store.commit()
            rows += len(group)
            tell(done(), rows)
    return report


@contextmanager
def _opened(path: Path, of: ColumnMap) -> Iterator[tuple[CaseFile, str, Callable[[], int]]]:
    encoding = of.encoding or encoding_of(path)
    shown = printable(path.name)
    try:
        with (
            path.open("rb") as raw,
            io.TextIOWrapper(raw, encoding, errors="surrogateescape", newline="") as stream,
        ):
            yield (
                open_case_file(stream, delimiter=of.delimiter, wanted=of.named()),
                encoding,
                raw.tell,
            )
    except UnicodeError as error:
        raise UsageFault(f"{shown}: this is not {encoding}: {error}") from error
    except OSError as error:
        raise UsageFault(f"{printable(str(path))}: {error.strerror}") from error
    except UsageFault as error:
        raise UsageFault(f"{shown}: {error.message}", hint=error.hint) from error


def _groups(rows: Iterable[CaseRow]) -> Iterator[list[CaseRow]]:
    rows = iter(rows)
    while group := list(itertools.islice(rows, GROUP_ROWS)):
        yield group


@dataclass(slots=True)
class _Taking:
    """An import under way."""

    ledger: Ledger
    terms: Terms
    report: IntakeReport
    by: str
    now_s: int
    dry_run: bool
    _lines: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, rows: Iterable[CaseRow]) -> None:
        """Take one group of rows."""
        told = [(row, one) for row in rows for one in self._told(row)]
        there = self.ledger.find_all([(one.case, one.exhibit) for _, one in told])
        arrivals: list[Arrival] = []
        changes: list[_Change] = []
        for row, one in told:
            entry = there.get((one.case, one.exhibit))
            try:
                if entry is None:
                    arrivals.append(self._arrival(one))
                else:
                    changes += self._changed(one, entry)
            except UsageFault as error:
                self._refuse(row, [("", error.message)])
        self._write(arrivals, changes)

    def _told(self, row: CaseRow) -> Iterator[Told]:
        if row.wrong:
            self._refuse(row, [("", row.wrong)])
            return
        try:
            told = self.terms.take(row.cells)
        except NoMeaning as error:
            self._refuse(row, error.cells)
            return
        first = self._lines.setdefault((told.case, told.exhibit), row.line)
        if first != row.line:
            name = f"exhibit {printable(told.exhibit)} of case {printable(told.case)}"
            self._refuse(row, [("", f"{name} stands in line {first} already")])
            return
        yield told

    def _arrival(self, told: Told) -> Arrival:
        if "received_s" not in told.facts:
            raise UsageFault("it does not say when the exhibit was received")
        facts = ExhibitFacts(case=told.case, exhibit=told.exhibit, **told.facts)
        checked(facts, self.now_s)
        steps = [Step(stage=Stage.RECEIVED, at_s=facts.received_s), *told.steps]
        if told.stands and told.stands is not steps[-1].stage:
            steps.append(Step(stage=told.stands, at_s=steps[-1].at_s))
        self._check(steps, facts.received_s)
        return Arrival(facts=facts, steps=_with_reasons(steps))

    def _changed(self, told: Told, entry: LedgerEntry) -> Iterator[_Change]:
        facts = dataclasses.replace(entry.facts, **told.facts)
        said = facts != entry.facts
        if said:
            checked(facts, self.now_s)
        news, left = new_steps(told, entry, self.now_s)
        self._check(news, facts.received_s)
        self.report.left += left
        if not said and not news:
            self.report.unchanged += 1
            return
        self.report.facts += sum(
            getattr(facts, name) != getattr(entry.facts, name) for name in told.facts
        )
        yield _Change(
            ledger_id=entry.ledger_id,
            facts=facts if said else None,
            steps=_with_reasons(news, after=entry.stage),
        )

    def _check(self, steps: Iterable[Step], arrived_s: int) -> None:
        for step in steps:
            check_moment(step.stage, step.at_s, arrived_s=arrived_s, now_s=self.now_s)

    def _write(self, arrivals: list[Arrival], changes: list[_Change]) -> None:
        self.report.added += len(arrivals)
        self.report.changed += len(changes)
        self.report.stages += sum(len(one.steps) for one in changes)
        if self.dry_run:
            return
        self.ledger.add_all(arrivals, by=self.by, now_s=self.now_s)
        said = {one.ledger_id: one.facts for one in changes if one.facts is not None}
        self.ledger.change_all(said, by=self.by, now_s=self.now_s)
        for one in changes:
            for step in one.steps:
                self.ledger.move(
                    one.ledger_id,
                    step.stage,
                    at_s=step.at_s,
                    by=self.by,
                    why=step.why,
                    now_s=self.now_s,
                )

    def _refuse(self, row: CaseRow, wrong: Iterable[tuple[str, str]]) -> None:
        self.report.bad_rows += 1
        self.report.bad += [
            BadRow(line=row.line, column=column, reason=reason, cells=row.cells)
            for column, reason in wrong
        ]


def new_steps(told: Told, entry: LedgerEntry, now_s: int) -> tuple[list[Step], int]:
    """Give the stages of a row that are to be appended, and how many others it has that are not.

    Appended is what is later than all that the ledger knows. Case systems often know the day only,
    so a stage further on than any that the exhibit was in may also lie up to a day before. What is
    appended once is known from then on, so the same row adds nothing twice.
    """
    known = entry.entered_s
    last_s = max(known.values())
    furthest = max(map(STAGES.index, known))
    news, left = [], 0
    for step in told.steps:
        if known.get(step.stage) == step.at_s:
            continue
        further = STAGES.index(step.stage) > furthest and step.at_s > last_s - DAY_S
        if step.at_s > last_s or further:
            news.append(step)
        else:
            left += 1
    if told.stands and STAGES.index(told.stands) > max(
        [furthest, *(STAGES.index(step.stage) for step in news)]
    ):
        news.append(Step(stage=told.stands, at_s=max([now_s, *(one.at_s for one in news)])))
    return news, left


def _with_reasons(steps: Iterable[Step], after: Stage | None = None) -> tuple[Step, ...]:
    """Give a reason to each step that goes back, or says anew where it is."""
    reasoned = []
    for step in steps:
        back = after is not None and STAGES.index(step.stage) <= STAGES.index(after)
        reasoned.append(dataclasses.replace(step, why=BACK) if back else step)
        after = step.stage
    return tuple(reasoned)
