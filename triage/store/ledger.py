"""Keeps the exhibits ledger: what is known of each exhibit, and every change, appended."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.ledger import ExhibitFacts, FactChange, LedgerEntry, Stage, StageChange
from triage.store import bulk
from triage.store import ledgerrows as rows
from triage.store.ledgertables import fact_changes, ledger, stage_changes

NAMED = 1_000
"""Exhibits that are named in one question, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A stage that an exhibit entered, and why."""

    stage: Stage
    at_s: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A new exhibit and the stages that it has passed so far, in the order to be appended."""

    facts: ExhibitFacts
    steps: tuple[Step, ...]


class Ledger:
    """The ledger in a case database; nothing is kept before the store's ``commit``.

    Args:
        connection: that of an open :class:`triage.store.database.Store`.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(
        self,
        facts: ExhibitFacts,
        *,
        stage: Stage = Stage.RECEIVED,
        at_s: int | None = None,
        by: str,
        now_s: int,
    ) -> int:
        """Enter a new exhibit and give its id.

        Args:
            at_s: when it entered ``stage``; by default when it was received.

        Raises:
            UsageFault: it is there already, or a fact cannot be right.
        """
        if self.find(facts.case.strip(), facts.exhibit.strip()):
            raise _there_already(facts.case, facts.exhibit)
        step = Step(stage=stage, at_s=facts.received_s if at_s is None else at_s)
        return self.add_all([Arrival(facts=facts, steps=(step,))], by=by, now_s=now_s)[0]

    def add_all(self, arrivals: Sequence[Arrival], *, by: str, now_s: int) -> tuple[int, ...]:
        """Enter new exhibits with what they passed so far, and give their ids in order.

        Raises:
            UsageFault: one is there already (then the store is to be rolled back) or twice among
                them, has no stage, or a fact or moment cannot be right.
        """
        by = _person(by)
        values = [_new_row(one, now_s) for one in arrivals]
        keys = {(row["case_reference"], row["reference"]) for row in values}
        if len(keys) < len(values):
            raise UsageFault("an exhibit stands twice among those to be added")
        if not values:
            return ()
        adding = ledger.insert().returning(ledger.c.id, sort_by_parameter_order=True)
        try:
            ids = tuple(self._connection.execute(adding, values).scalars())
        except sa.exc.IntegrityError:
            raise _there_already(arrivals[0].facts.case, arrivals[0].facts.exhibit) from None
        self._append(
            [(key, step) for key, one in zip(ids, arrivals, strict=True) for step in one.steps],
            by=by,
            now_s=now_s,
        )
        return ids

    def change(
        self, ledger_id: int, facts: ExhibitFacts, *, by: str, now_s: int
    ) -> tuple[FactChange, ...]:
        """Say facts anew; what differs is written, its former value appended to the changes.

        Raises:
            UsageFault: there is no such exhibit, its references would change, or a fact cannot be
                right.
        """
        return self.change_all({ledger_id: facts}, by=by, now_s=now_s)

    def change_all(
        self, told: Mapping[int, ExhibitFacts], *, by: str, now_s: int
    ) -> tuple[FactChange, ...]:
        """Say the facts of many exhibits anew, as :meth:`change` does.

        Raises:
            UsageFault: as there; nothing is then kept of those given with it, once rolled back.
        """
        by = _person(by)
        before = self._locked(list(told))
        found: list[tuple[int, FactChange]] = []
        fresh: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for ledger_id, facts in told.items():
            after = rows.checked(facts, now_s)
            said = _differing(before[ledger_id], after, by=by, now_s=now_s)
            found += [(ledger_id, one) for one in said]
            names = tuple(rows.FACT_COLUMNS[one.name] for one in said)
            values = {f"new_{name}": after[name] for name in names}
            fresh.setdefault(names, []).append({"of_id": ledger_id, **values})
        fresh.pop((), None)
        for names, group in fresh.items():
            update = sa.update(ledger).where(ledger.c.id == sa.bindparam("of_id"))
            update = update.values({name: sa.bindparam(f"new_{name}") for name in names})
            self._connection.execute(update, group)
        if found:
            self._connection.execute(
                fact_changes.insert(),
                [{"ledger_id": number, **dataclasses.asdict(one)} for number, one in found],
            )
        return tuple(one for _, one in found)

    def move(  # noqa: PLR0913  (who, when and why belong to each move)
        self, ledger_id: int, stage: Stage, *, at_s: int, by: str, why: str, now_s: int
    ) -> None:
        """Append that an exhibit entered a stage.

        Args:
            at_s: when; may lie before what was appended last.
            why: needed to go back, or to say a stage anew that it is in.

        Raises:
            UsageFault: there is no such exhibit, the moment is before it arrived or in the future
                (by more than a day), or a reason is missing.
        """
        by, why = _person(by), rows.words("reason", why)
        row = self._locked([ledger_id])[ledger_id]
        rows.check_moment(stage, at_s, arrived_s=row.arrived_s, now_s=now_s)
        if not why and rows.STAGES.index(stage) <= rows.STAGES.index(Stage(row.stage)):
            again = "it is there already" if stage == row.stage else f"it is at {row.stage}"
            raise UsageFault(
                f"exhibit {printable(row.reference)} to {stage}: {again}; "
                "to go back, or to correct a time, needs a reason"
            )
        step = Step(stage=stage, at_s=at_s, why=why)
        self._append([(ledger_id, step)], by=by, now_s=now_s)
        self._connection.execute(
            sa.update(ledger)
            .where(ledger.c.id == ledger_id)
            .values({"stage": stage.value, rows.STAGE_COLUMNS[stage]: at_s})
        )

    def entry(self, case: str | None, exhibit: str) -> LedgerEntry:
        """Give an exhibit; without a case, its reference must be that of one case only.

        Raises:
            UsageFault: there is none, or there are several (their cases are named).
        """
        where = ledger.c.reference == exhibit
        if case is not None:
            where &= ledger.c.case_reference == case
        found = self._entries(where)
        shown = printable(exhibit) + ("" if case is None else f" of case {printable(case)}")
        if not found:
            raise UsageFault(
                f"exhibit {shown} is not in the ledger", hint="'triage exhibit list' shows all."
            )
        if len(found) > 1:
            cases = sorted(printable(one.facts.case) for one in found)
            more = f" and {len(cases) - 10} more" if len(cases) > 10 else ""
            raise UsageFault(
                f"exhibit {shown} is in several cases: {', '.join(cases[:10])}{more}",
                hint="Say which one by --case.",
            )
        return found[0]

    def find(self, case: str, exhibit: str) -> LedgerEntry | None:
        """Give an exhibit, or ``None`` where it is not in the ledger."""
        found = self._entries((ledger.c.case_reference == case) & (ledger.c.reference == exhibit))
        return found[0] if found else None

    def find_all(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], LedgerEntry]:
        """Give those exhibits that are there, by case and reference; devices are not counted."""
        found: dict[tuple[str, str], LedgerEntry] = {}
        for row in self._named(keys):
            entry = rows.entry_of(row, 1)
            found[entry.facts.case, entry.facts.exhibit] = entry
        return found

    def entries(
        self, *, stages: Collection[Stage] | None = None, case: str | None = None
    ) -> Iterator[LedgerEntry]:
        """Yield exhibits in the order in which they were entered.

        Args:
            stages: only those that stand at one of these; all by default.
            case: only those of this case.
        """
        where: sa.ColumnElement[bool] = sa.true()
        if stages is not None:
            where = ledger.c.stage.in_(sorted(stages))
        if case is not None:
            where = sa.and_(where, ledger.c.case_reference == case)
        yield from self._entries(where)

    def changes(self, ledger_id: int) -> tuple[StageChange, ...]:
        """Give every stage that an exhibit entered, in the order in which they were appended."""
        columns = stage_changes.c
        chosen = sa.select(stage_changes).where(columns.ledger_id == ledger_id)
        return tuple(
            map(rows.stage_change_of, self._connection.execute(chosen.order_by(columns.id)))
        )

    def fact_changes(self, ledger_id: int) -> tuple[FactChange, ...]:
        """Give every fact that was said differently later, in the order of the changes."""
        columns = fact_changes.c
        chosen = sa.select(fact_changes).where(columns.ledger_id == ledger_id)
        return tuple(
            map(rows.fact_change_of, self._connection.execute(chosen.order_by(columns.id)))
        )

    def _entries(self, where: sa.ColumnElement[bool]) -> list[LedgerEntry]:
        """Give the entries that a condition chooses; their cases are counted by the database."""
        chosen = sa.select(ledger.c.case_reference).where(where)
        counted = (
            sa.select(ledger.c.case_reference, sa.func.count().label("devices"))
            .where(ledger.c.stage != Stage.RELEASED.value, ledger.c.case_reference.in_(chosen))
            .group_by(ledger.c.case_reference)
        )
        devices = {row[0]: int(row[1]) for row in self._connection.execute(counted)}
        found = self._connection.execute(sa.select(*rows.ENTRY).where(where).order_by(ledger.c.id))
        return [
            rows.entry_of(row, devices.get(row[0], 0) + (row.stage == Stage.RELEASED.value))
            for row in found
        ]

    def _named(self, keys: Sequence[tuple[str, str]]) -> Iterator[sa.Row[Any]]:
        """Yield rows by case and reference.

        SQLite reads the whole table for a list of pairs, and its index where they are joined.
        """
        chosen, names = sa.select(*rows.ENTRY), (ledger.c.case_reference, ledger.c.reference)
        for start in range(0, len(keys), NAMED):
            part = keys[start : start + NAMED]
            if self._connection.dialect.name == "sqlite":
                wanted = sa.func.json_each(json.dumps(part)).table_valued("value")
                same = [
                    column == sa.func.json_extract(wanted.c.value, place)
                    for column, place in zip(names, ("$[0]", "$[1]"), strict=True)
                ]
                of = chosen.select_from(wanted.join(ledger, sa.and_(*same)))
            else:
                of = chosen.where(sa.tuple_(*names).in_(part))
            yield from self._connection.execute(of)

    def _locked(self, ledger_ids: Sequence[int]) -> dict[int, sa.Row[Any]]:
        """Give rows that nobody else changes until the end of the transaction.

        A change that changes nothing takes the lock, of the rows or of the file, on every server.
        """
        found: dict[int, sa.Row[Any]] = {}
        taking = sa.update(ledger).values(stage=ledger.c.stage).returning(*ledger.c)
        for start in range(0, len(ledger_ids), NAMED):
            part = ledger_ids[start : start + NAMED]
            for row in self._connection.execute(taking.where(ledger.c.id.in_(part))):
                found[row.id] = row
        missing = [one for one in ledger_ids if one not in found]
        if missing:
            raise UsageFault(f"there is no line {missing[0]} in the ledger")
        return found

    def _append(self, steps: Iterable[tuple[int, Step]], *, by: str, now_s: int) -> None:
        values = [
            (ledger_id, step.stage.value, step.at_s, now_s, by, step.why)
            for ledger_id, step in steps
        ]
        if self._connection.dialect.name == "sqlite":
            bulk.run(self._connection, _APPEND, [f"new_{name}" for name in _STEP], values)
        elif values:
            told = [dict(zip(_STEP, one, strict=True)) for one in values]
            self._connection.execute(stage_changes.insert(), told)


_STEP = ("ledger_id", "stage", "at_s", "recorded_s", "by", "why")
_APPEND = stage_changes.insert().values({name: sa.bindparam(f"new_{name}") for name in _STEP})


def _differing(
    before: sa.Row[Any], after: Mapping[str, Any], *, by: str, now_s: int
) -> list[FactChange]:
    """Give the facts that differ from those of a row."""
    for name in ("case_reference", "reference"):
        if getattr(before, name) != after[name]:
            raise UsageFault("the references of an exhibit cannot be changed, only its facts")
    return [
        FactChange(
            name=name,
            before=rows.fact_words(name, getattr(before, column)),
            after=rows.fact_words(name, after[column]),
            recorded_s=now_s,
            by=by,
        )
        for name, column in rows.FACT_COLUMNS.items()
        if getattr(before, column) != after[column]
    ]


def _new_row(arrival: Arrival, now_s: int) -> dict[str, Any]:
    """Give the whole row of a new exhibit: its facts, and what its steps come to."""
    if not arrival.steps:
        raise UsageFault(f"exhibit {printable(arrival.facts.exhibit)} has no stage")
    values = rows.checked(arrival.facts, now_s)
    values |= dict.fromkeys(rows.STAGE_COLUMNS.values(), -1)
    for step in arrival.steps:
        rows.check_moment(step.stage, step.at_s, arrived_s=values["arrived_s"], now_s=now_s)
        values[rows.STAGE_COLUMNS[step.stage]] = step.at_s
    values["stage"] = arrival.steps[-1].stage.value
    return values


def _person(by: str) -> str:
    by = rows.words("name", by)
    if not by:
        raise UsageFault("who says so? A name is needed (--by)")
    return by


def _there_already(case: str, exhibit: str) -> UsageFault:
    return UsageFault(
        f"exhibit {printable(exhibit)} of case {printable(case)} is in the ledger already, "
        "or one that was added with it",
        hint="'triage exhibit change' and 'triage exhibit move' say something new of it.",
    )
