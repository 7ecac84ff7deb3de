"""Exhibits from a case system's CSV: good rows kept, bad ones named, a repeat changes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.batch import factwords
from triage.batch.columnmap import EXAMPLE, ColumnMap, load_map
from triage.batch.intake import IntakeReport, take_in
from triage.errors import UsageFault
from triage.model.ledger import LedgerEntry, OwnerRole, Stage, StatutoryKind
from triage.store.database import Store, open_store
from triage.store.ledger import Ledger

LEDGER = Path(__file__).parents[2] / "fixtures" / "ledger"
LONDON = ZoneInfo("Europe/London")
NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
PLAIN = ColumnMap(
    columns={"case": "Case", "exhibit": "Ref", "received": "Received", "risk_band": "Band"},
    stages={Stage.QUEUED: "Imaged", Stage.RELEASED: "Returned"},
    zone=UTC,
)
HEADER = "Case,Ref,Received,Band,Imaged,Returned\n"
Take = Callable[..., IntakeReport]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("intake") / "a.sqlite"
    with open_store(f"sqlite:///{path}", create=True) as opened:
        yield opened


@pytest.fixture
def store(shared: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Give a store in which nothing stays: to commit is to go on."""
    monkeypatch.setattr(shared, "commit", lambda: None)
    yield shared
    shared.rollback()


@pytest.fixture
def take(store: Store, tmp_path: Path) -> Take:
    def taken(
        content: str | bytes, of: ColumnMap = PLAIN, *, now_s: int = NOW, dry_run: bool = False
    ) -> IntakeReport:
        path = tmp_path / "cases.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return take_in(path, of, store, by="Admin", now_s=now_s, dry_run=dry_run)

    return taken


def utc(words: str) -> int:
    return int(datetime.fromisoformat(words).timestamp())


def counts(report: IntakeReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.bad_rows


def entry(store: Store, exhibit: str) -> LedgerEntry:
    return Ledger(store.connection).entry(None, exhibit)


def test_what_device_it_is_comes_in_by_columns_of_its_own(store: Store, take: Take) -> None:
    names = {"device_make": "Make", "device_model": "Model", "device_serial": "IMEI"}
    of = ColumnMap(columns={**PLAIN.columns, **names}, zone=UTC)
    take("Case,Ref,Received,Band,Make,Model,IMEI\nX,1,2026-11-01,,Harbour,Pilot 9,'00490154\n", of)
    facts = entry(store, "1").facts
    assert (facts.device_make, facts.device_model) == ("Harbour", "Pilot 9")
    assert facts.device_serial == "'00490154", "an apostrophe counts before formulas only"


def test_the_fixture_is_taken_as_its_page_says(store: Store) -> None:
    of = load_map(LEDGER / "columns.toml")
    report = take_in(LEDGER / "cases.csv", of, store, by="Admin", now_s=NOW)
    assert counts(report) == (6, 0, 0, 3)
    assert [(one.line, one.column) for one in report.bad] == [
        (7, "Date Received"),
        (8, "Owner"),
        (10, ""),
    ]
    first = entry(store, "AB/1").facts
    assert first.received_s == utc("2026-08-03T09:40+01:00")
    assert (first.device_type, first.owner_role) == ("phone", OwnerRole.SUSPECT)
    assert (first.statutory_kind, first.statutory_on) == (StatutoryKind.BAIL, "2026-12-01")
    assert (first.image_bytes, first.outsourced) == (128_000_000_000, False)
    assert entry(store, "AB/3").facts.owner_role is OwnerRole.VICTIM
    done = entry(store, "0012")
    assert list(done.entered_s) == list(Stage)
    assert done.entered_s[Stage.REVIEW] == utc("2026-06-03T04:10+01:00")
    assert done.stage is Stage.RELEASED
    assert {one.by for one in Ledger(store.connection).changes(done.ledger_id)} == {"Admin"}
    again = take_in(LEDGER / "cases.csv", of, store, by="Admin", now_s=NOW + 99)
    assert counts(again) == (0, 0, 6, 3)


def test_a_changed_row_changes_facts_and_appends_later_stages_only(
    store: Store, take: Take
) -> None:
    take(HEADER + "X,1,2026-01-05,High,2026-02-01 10:00,\n")
    report = take(HEADER + "X,1,2026-01-05,Low,2026-01-20 09:00,2026-03-01\n")
    assert counts(report) == (0, 1, 0, 0)
    assert (report.facts, report.stages, report.left) == (1, 1, 1)
    found = entry(store, "1")
    kept = Ledger(store.connection)
    assert [one.stage for one in kept.changes(found.ledger_id)] == [
        Stage.RECEIVED,
        Stage.QUEUED,
        Stage.RELEASED,
    ]
    assert found.entered_s[Stage.QUEUED] == utc("2026-02-01T10:00+00:00")
    assert [(one.before, one.after) for one in kept.fact_changes(found.ledger_id)] == [
        ("High", "Low")
    ]


def test_an_empty_cell_says_nothing_unless_the_map_says_so(store: Store, take: Take) -> None:
    take(HEADER + "X,1,2026-01-05,High,,\n")
    assert counts(take(HEADER + "X,1,,,,\n")) == (0, 0, 1, 0)
    clearing = ColumnMap(columns=PLAIN.columns, zone=UTC, clears=True)
    assert counts(take(HEADER + "X,1,,,,\n", clearing)) == (0, 1, 0, 0)
    assert entry(store, "1").facts.risk_band == ""
    assert take(HEADER + "X,2,,,,\n").bad[0].reason.endswith("was received")


def test_what_the_unit_did_itself_is_not_undone(store: Store, take: Take) -> None:
    """The case system knows the day only; the ledger knows the minute."""
    take(HEADER + "X,1,2026-01-05,High,2026-02-01,\n")
    number = entry(store, "1").ledger_id
    own = utc("2026-03-01T03:00+00:00")
    Ledger(store.connection).move(number, Stage.REVIEW, at_s=own, by="n", why="", now_s=NOW)
    assert counts(take(HEADER + "X,1,2026-01-05,High,2026-02-01,\n")) == (0, 0, 1, 0)
    assert entry(store, "1").stage is Stage.REVIEW
    take(HEADER + "X,1,2026-01-05,High,2026-02-01,2026-03-01\n")
    assert entry(store, "1").stage is Stage.RELEASED


def test_a_stage_said_in_words_only_leads_on(store: Store, take: Take) -> None:
    of = ColumnMap(
        columns={"case": "Case", "exhibit": "Ref", "received": "Received", "stage": "Status"},
        values={"stage": {"in the queue": "queued"}},
        zone=UTC,
    )
    head = "Case,Ref,Received,Status\n"
    take(head + "X,1,2026-01-05,In the  Queue\n", of)
    assert entry(store, "1").entered_s[Stage.QUEUED] == utc("2026-01-05T00:00+00:00")
    take(head + "X,1,2026-01-05,Awaiting imaging\n", of)
    assert entry(store, "1").stage is Stage.QUEUED
    assert counts(take(head + "X,1,2026-01-05,review\n", of)) == (0, 1, 0, 0)
    assert entry(store, "1").entered_s[Stage.REVIEW] == NOW
    assert counts(take(head + "X,1,2026-01-05,review\n", of, now_s=NOW + 9)) == (0, 0, 1, 0)
    assert "no stage" in take(head + "X,2,2026-01-05,lost\n", of).bad[0].reason


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("X,1,2026-01-05,High,", "5 cells, the header has 6"),
        ("X,1,2026-01-05,High,,,", "7 cells, the header has 6"),
        ("X,1,2026-01-05,Hi\0gh,,", "NUL"),
        ("X,1,05/13/2026,High,,", "no moment"),
        ("X,1,5/1/26,High,,", "no moment"),
        ("X,1,46000,High,,", "no moment"),
        ("X,1,2027-01-05,High,,", "in the future"),
        ("X,1,1960-01-05,High,,", "before 1970"),
        ("X,1,9999-01-05,High,,", "9999-01-05T00:00Z: that is in the future"),
        ("X,1,2026-01-05,High,2027-01-01,", "future"),
        ("X,1,2026-01-05,High,2025-01-01,", "arrived later"),
        ("X,1,2026-01-05,#REF!,,", "error of the spreadsheet"),
        ("X,1,########,High,,", "error of the spreadsheet"),
        ("X,,2026-01-05,High,,", "reference is empty"),
        ("X,A\u200b1,2026-01-05,High,,", "U+200B"),
        ("X,1,2026-01-05,\x1b[31mHigh,,", "U+001B"),
        ('X,1,2026-01-05,"High,,', "not closed"),
        ('X,1,2026-01-05,"Hi"gh,,', "quote"),
        ("X,1,2026-01-05," + "x" * 200_000 + ",,", "cell is longer"),
        ("X,1,2026-01-05," + "x" * 3_000_000 + ",,", "line is longer"),
        ("X,1,2026-01-05," + "x" * 10_001 + ",,", "10,001 characters"),
        ("X,good,2026-01-06,High,,", "line 2 already"),
    ],
    ids=lambda text: text[:24],
)
def test_a_bad_row_is_named_and_costs_no_other(
    store: Store, take: Take, row: str, words: str
) -> None:
    good = "X,good,2026-01-05,High,,\n"
    other = 'X,other,2026-01-05,"High risk; ""kept"" apart",,\n'
    report = take(HEADER + good + row + "\n" + other + "X,last,2026-01-05,,,\n")
    assert counts(report) == (3, 0, 0, 1), report.bad
    assert [one.line for one in report.bad] == [3]
    assert words in report.bad[0].reason
    assert entry(store, "other").facts.risk_band == 'High risk; "kept" apart'


def test_lines_of_a_cell_become_one(store: Store, take: Take) -> None:
    report = take(HEADER + 'X,1,2026-01-05,"High\r\n (was\nLow)",,\n')
    assert counts(report) == (1, 0, 0, 0), report.bad
    assert entry(store, "1").facts.risk_band == "High (was Low)"
    assert counts(take(HEADER + 'X,"2\n3",2026-01-05,High,,\n')) == (0, 0, 0, 1)


def test_a_quote_that_is_never_closed_takes_no_other_row(take: Take) -> None:
    good = "".join(f"X,{n},2026-01-05,High,,\n" for n in range(400))
    report = take(HEADER + 'X,bad,2026-01-05,"High,,\n' + good)
    assert counts(report) == (400, 0, 0, 1)
    assert report.bad[0].line == 2


def test_a_long_line_behind_an_open_quote_takes_no_other_row(take: Take) -> None:
    rows = 'X,a,2026-01-05,"High,,\n' + "x" * 3_000_000 + "\nX,b,2026-01-05,High,,\n"
    report = take(HEADER + rows)
    assert counts(report) == (1, 0, 0, 2)
    assert [one.line for one in report.bad] == [2, 3]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_files_are_read_as_spreadsheets_write_them(
    store: Store, take: Take, encoding: str, delimiter: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["case", "REF ", "Received", "Band", "Imaged", "Returned", "", ""])
    writer.writerow(["X", '="0012"', "5/1/2026", "'=Très", "", "", "", ""])
    writer.writerow([""] * 8)
    report = take((text.getvalue() + "\r\n\r\n").encode(encoding))
    assert counts(report) == (1, 0, 0, 0), report.bad
    assert report.delimiter == delimiter
    assert report.encoding == ("utf-8-sig" if encoding == "utf-8" else encoding)
    found = entry(store, "0012").facts
    assert found.risk_band == "=Très"
    assert found.received_s == utc("2026-01-05T00:00+00:00")


def test_the_line_that_names_the_separator_is_no_header(take: Take) -> None:
    assert counts(take("sep=;\r\n" + HEADER.replace(",", ";") + "X;1;2026-01-05;;;\r\n"))[0] == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("Case,Ref,Band\n", "no column Received, Imaged, Returned; it has: Case, Ref, Band"),
        (HEADER.replace("Band", "Band,band "), "more than once"),
        ("\n" * 30 + HEADER, "no header"),
        (b"\xff\xfeC", "not utf-16"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    take: Take, content: str | bytes, words: str
) -> None:
    with pytest.raises(UsageFault, match=words):
        take(content)


def test_a_dry_run_tells_the_same_and_writes_nothing(store: Store, take: Take) -> None:
    rows = HEADER + "X,1,2026-01-05,High,2026-02-01,\nX,2,x,,,\n"
    told = take(rows, dry_run=True)
    assert list(Ledger(store.connection).entries()) == []
    assert take(rows) == told


TIMES = st.one_of(st.just(""), st.integers(6, 12).map(lambda day: f"2026-01-{day:02d}"))
ROWS = st.lists(st.tuples(*[TIMES] * 7), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(first=ROWS, own=st.sampled_from(list(Stage)), own_day=st.integers(6, 12))
def test_the_same_row_again_changes_nothing(
    shared: Store,
    tmp_path_factory: pytest.TempPathFactory,
    first: list[tuple[str, ...]],
    own: Stage,
    own_day: int,
) -> None:
    """Whatever a row says, in whatever order, and whatever the unit did in between."""
    stages: dict[Stage, str] = {one: one.value for one in Stage if one != "received"}
    columns = {"case": "Case", "exhibit": "Ref", "received": "Received"}
    of = ColumnMap(columns=columns, stages=stages, zone=UTC)
    path = tmp_path_factory.mktemp("rows") / "a.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared, "commit", lambda: None)
        try:
            for nth, times in enumerate(first):
                cells = ",".join(("X", "1", "2026-01-05", *times))
                path.write_text(f"Case,Ref,Received,{','.join(stages.values())}\n{cells}\n")
                take_in(path, of, shared, by="a", now_s=NOW)
                if nth == 0:
                    at_s = utc(f"2026-01-{own_day:02d}T13:00+00:00")
                    kept = Ledger(shared.connection)
                    number = entry(shared, "1").ledger_id
                    kept.move(number, own, at_s=at_s, by="a", why="x", now_s=NOW)
                    take_in(path, of, shared, by="a", now_s=NOW)
                again = take_in(path, of, shared, by="a", now_s=NOW)
                assert counts(again) == (0, 0, 1, 0)
        finally:
            shared.rollback()


@given(st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)))  # noqa: DTZ001  (local ones)
def test_moments_are_those_of_the_calendar(when: datetime) -> None:
    when = when.replace(microsecond=0)
    expected = int(when.replace(tzinfo=LONDON).timestamp())
    for words in (f"{when:%Y-%m-%dT%H:%M:%S}", f"{when:%d/%m/%Y %H:%M:%S}", f"{when} "):
        assert factwords.as_moment(words, LONDON) == expected
    assert factwords.as_moment(f"{when:%Y-%m-%dT%H:%M:%S}Z", LONDON) == int(
        when.replace(tzinfo=UTC).timestamp()
    )
    assert factwords.as_moment(f"{when:%d-%b-%Y}", LONDON, ["%d-%b-%Y"]) == int(
        datetime(when.year, when.month, when.day, tzinfo=LONDON).timestamp()
    )
    assert factwords.as_day(f"{when:%d/%m/%Y}") == when.date().isoformat()


def test_sizes_and_places_are_taken_as_written() -> None:
    sizes = {"512 GB": 512 * 10**9, "476 GiB": 476 << 30, "1,024": 1024, "1.5TB": 15 * 10**11}
    assert {words: factwords.as_size(words) for words in sizes} == sizes
    for words in ("", "GB", "-1", "1e9", "9" * 30):
        with pytest.raises(UsageFault):
            factwords.as_size(words)
    assert factwords.as_location("a/b.E01", "/evidence") == "/evidence/a/b.E01"
    assert factwords.as_location("b.E01", "D:\\ev") == "D:\\ev\\b.E01"
    assert factwords.as_location("\\\\srv\\ev\\b.E01") == "\\\\srv\\ev\\b.E01"
    with pytest.raises(UsageFault, match="absolute"):
        factwords.as_location("b.E01")


def test_the_printed_map_is_a_map(tmp_path: Path) -> None:
    assert load_map(EXAMPLE).columns["case"] == "Operation"
    for text, words in (
        ("[columns]\ncase='a'\nexhibit='b'\n", "received"),
        ("[columns]\nband='a'\n", "no meaning"),
        ("colums=1\n", "no meaning"),
        ("delimiter=';;'\n[columns]\ncase='a'\nexhibit='b'\nreceived='c'\n", "one character"),
        ("time_zone='Mars/X'\n[columns]\ncase='a'\nexhibit='b'\nreceived='c'\n", "Mars"),
        ("encoding='x-9'\n[columns]\ncase='a'\nexhibit='b'\nreceived='c'\n", "x-9"),
        ("[columns]\ncase='a'\nexhibit='b'\nreceived='c'\n[stages]\nlost='d'\n", "no stage"),
        ("[columns\n", "columns.toml"),
    ):
        path = tmp_path / "columns.toml"
        path.write_text(text)
        with pytest.raises(UsageFault, match=words):
            load_map(path)
