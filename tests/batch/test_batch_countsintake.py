"""Counts from people and from files: good rows are kept, bad ones named by line and reason."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from triage.batch.countsintake import CountsFile, count_of, read_counts
from triage.errors import UsageFault
from triage.model.history import CountKind

NOW_S = int(datetime(2026, 11, 22, 23, tzinfo=UTC).timestamp())
BOM = b"\xef\xbb\xbf"
SEMICOLONS = (
    BOM + b'Value; SUBJECT ;"kind";on',
    b'4;"Op A";Arrests;2026-11-20',
    b"6.50; G ;grading-hours;2026-11-21",
)
"""As a spreadsheet writes them where a comma parts whole numbers from fractions."""


def read(tmp_path: Path, raw: bytes) -> CountsFile:
    path = tmp_path / "counts.csv"
    path.write_bytes(raw)
    return read_counts(path, by="DI", now_s=NOW_S)


def taken(found: CountsFile) -> list[tuple[str, str, str, float]]:
    return [(one.on, str(one.kind), one.subject, one.value) for one in found.counts]


@pytest.mark.parametrize(
    "raw",
    [
        b"on,kind,subject,value\n2026-11-20,arrests,Op A,4\n2026-11-21,grading-hours,G,6.5\n",
        b"\r\n".join(SEMICOLONS),
        b"\r".join((BOM, b" ;", SEMICOLONS[0].removeprefix(BOM), *SEMICOLONS[1:], b"", b"")),
    ],
)
def test_files_of_several_makers_say_the_same(tmp_path: Path, raw: bytes) -> None:
    found = read(tmp_path, raw)
    assert found.refused == ()
    assert taken(found) == [
        ("2026-11-20", "arrests", "Op A", 4),
        ("2026-11-21", "grading-hours", "G", 6.5),
    ]
    assert {(one.by, one.recorded_s) for one in found.counts} == {("DI", NOW_S)}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"2026-02-30,arrests,,4", "no day"),
        (b"20261120,arrests,,4", "not written YYYY-MM-DD"),
        (b"2026-11-24,arrests,,4", "still to come"),
        (b"2026-11-20,arrest,,4", "kind 'arrest' is none of caid-graded"),
        (b"2026-11-20,arrests,,4.5", "whole numbers"),
        (b"2026-11-20,arrests,,-1", "no number of 0 or more"),
        (b"2026-11-20,arrests,,nan", "no number"),
        (b"2026-11-20,arrests,,inf", "no number"),
        (b"2026-11-20,arrests,,1_0", "no number"),
        ("2026-11-20,arrests,,٣".encode(), "no number"),
        (b"2026-11-20,arrests,,1e300", "no number"),
        (b"2026-11-20,arrests,,", "no number"),
        (b"2026-11-20,arrests,4", "has 3 cells where the header has 4"),
        (b'2026-11-20,arrests,"x,4', "is no CSV"),
        (b"2026-11-20,arrests,\xff,4", r"subject '\xff' is not plain"),
        (b"2026-11-20,arrests,\x1b[31m,4", r"subject '\x1b[31m' is not plain"),
        (b"2026-11-20,arrests," + b"x" * 200_000 + b",4", "is no CSV: field larger"),
    ],
)
def test_a_bad_row_is_named_and_its_neighbours_are_kept(
    tmp_path: Path, row: bytes, reason: str
) -> None:
    good = b"2026-11-%d,arrests,,4\n"
    found = read(tmp_path, b"on,kind,subject,value\n" + good % 19 + row + b"\n\n" + good % 20)
    assert [one[0] for one in taken(found)] == ["2026-11-19", "2026-11-20"]
    (refused,) = found.refused
    assert refused.line == 3
    assert reason in refused.reason
    assert refused.reason.isprintable()
    assert len(refused.reason) < 400


def test_where_rows_contradict_each_other_the_last_one_is_taken(tmp_path: Path) -> None:
    rows = b"2026-11-20,arrests,4\n2026-11-20,arrests,5\n2026-11-20,arrests,5\n"
    found = read(tmp_path, b"on,kind,value\n" + rows)
    assert taken(found) == [("2026-11-20", "arrests", "", 5)]
    (refused,) = found.refused
    assert (refused.line, refused.reason) == (2, "line 3 says 5 of the same day, kind and subject")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "is empty"),
        (b"\n\n , ;\n", "is empty"),
        (b"on,kind,subject,value,by\n", "line 1: there is no column 'by'"),
        (b"on,kind,subject\n", "line 1: column 'value' is missing"),
        (b"\non,on,kind,subject,value\n", "line 2: column 'on' stands there twice"),
        (b'on,"kind\n', "line 1: is no CSV"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, raw: bytes, reason: str) -> None:
    with pytest.raises(UsageFault) as fault:
        read(tmp_path, raw)
    assert fault.value.message.startswith(str(tmp_path / "counts.csv"))
    assert reason in fault.value.message


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="No such file"):
        read_counts(tmp_path / "counts.csv", by="DI", now_s=NOW_S)


LINE = st.text(
    st.sampled_from([*'on,kind;subjectvalue"2026-11-2arrests\0\x1b\u2028\udc80']), max_size=30
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINE | st.just("2026-11-20,arrests,,4"), max_size=6))
def test_any_rows_are_taken_or_refused_each_once(tmp_path: Path, lines: list[str]) -> None:
    text = "on,kind,subject,value\n" + "\n".join(lines)
    found = read(tmp_path, text.encode("utf-8", "surrogateescape"))
    blank = [one for one in lines if not one.strip(" ,;\t")]
    good = lines.count("2026-11-20,arrests,,4")
    assert len(found.refused) == len(lines) - len(blank) - good
    assert len(found.counts) == min(good, 1)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(
        st.tuples(
            st.sampled_from(["2026-11-20", "2026-11-21"]),
            st.sampled_from([one.value for one in CountKind]),
            st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=5).map(str.strip),
            st.integers(0, 10**9),
        ),
        max_size=5,
        unique_by=lambda one: one[:3],
    )
)
def test_what_a_csv_writer_wrote_is_read_back(
    tmp_path: Path, values: list[tuple[str, str, str, int]]
) -> None:
    path = tmp_path / "written.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("on", "kind", "subject", "value"), *values])
    found = read_counts(path, by="DI", now_s=NOW_S)
    assert found.refused == ()
    assert taken(found) == [(*one[:3], float(one[3])) for one in values]


def test_a_count_of_today_is_taken_where_it_is_tomorrow_already() -> None:
    one = count_of(
        on="2026-11-23", kind=" Viewed ", subject=" G ", value=" 3 ", by="x", now_s=NOW_S
    )
    assert (one.kind, one.subject, one.value) == (CountKind.VIEWED, "G", 3)
