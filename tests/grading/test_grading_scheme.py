"""Category schemes: what codes mean, and who stands for it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import UsageFault
from triage.grading import scheme_file
from triage.grading.scheme import SHIPPED, SchemeBook
from triage.grading.table import Scheme
from triage.model.grade import ILLEGAL, Category

TABLE: dict[str, Any] = {
    "id": "uk",
    "version": "1",
    "title": "Ours",
    "region": "UK",
    "codes": {"0": "UNCATEGORISED", "1": "A", "2": "B", "3": "C", "9": "NON_PERTINENT"},
}


def _write(path: Path, **changes: object) -> Path:
    path.write_text(json.dumps({**TABLE, **changes}), encoding="utf-8")
    return path


def _confirmed(book: SchemeBook) -> Scheme:
    return book.confirm("uk", by="A. Examiner", source="gold disk", at="2026-11-22T10:00:00Z")


def test_all_shipped_tables_can_be_read(tmp_path: Path) -> None:
    assert tuple(scheme.id for scheme in SchemeBook(tmp_path).all()) == SHIPPED


def test_uk_integers_mean_nothing_until_somebody_confirms_them(tmp_path: Path) -> None:
    uk = SchemeBook(tmp_path).get("uk")
    assert not uk.is_confirmed
    assert {uk.category_of(code) for code in ("0", "1", "2", "3", "99", "")} == {Category.UNMAPPED}
    assert uk.category_of(None) is Category.UNCATEGORISED


def test_confirmed_uk_integers_mean_what_the_table_says(tmp_path: Path) -> None:
    book = SchemeBook(tmp_path)
    _confirmed(book)
    uk = book.get("uk")
    assert uk.is_confirmed
    assert uk.category_of("1") is Category.A
    assert uk.category_of(" 3 ") is Category.C
    assert uk.category_of("0") is Category.UNCATEGORISED
    assert uk.category_of("7") is Category.UNMAPPED
    assert uk.code_for(Category.B) == "2"
    assert uk.code_for(Category.EXTREME) is None


@pytest.mark.parametrize(("level", "category"), [("1", "C"), ("2", "B"), ("3", "B"), ("5", "A")])
def test_sentencing_levels_follow_the_2014_guideline(
    tmp_path: Path, level: str, category: str
) -> None:
    assert SchemeBook(tmp_path).get("uk-sap").category_of(level).value == category


def test_zero_and_five_change_places_between_the_two_us_tables(tmp_path: Path) -> None:
    old = SchemeBook(tmp_path).get("us-vics-old")
    current = SchemeBook(tmp_path).get("us-vics-current")
    assert old.category_of("0") is current.category_of("5") is Category.UNCATEGORISED
    assert old.category_of("5") is current.category_of("0") is Category.NON_PERTINENT
    assert old.category_of("1") is current.category_of("1")
    assert current.category_of("1") in ILLEGAL
    assert current.category_of("2") not in ILLEGAL


def test_names_of_categories_stand_for_themselves(tmp_path: Path) -> None:
    names = SchemeBook(tmp_path).get("uk-names")
    for category in set(Category) - {Category.KNOWN_BAD, Category.UNMAPPED}:
        assert names.category_of(category.value) is category
        assert names.code_for(category) == category.value


def test_digest_is_that_of_the_canonical_json(tmp_path: Path) -> None:
    sap = SchemeBook(tmp_path).get("uk-sap")
    said = (
        b'{"codes":[["1","C"],["2","B"],["3","B"],["4","A"],["5","A"]],'
        b'"id":"uk-sap","in_force":true,"region":"UK-SAP","version":"1"}'
    )
    assert sap.sha256() == hashlib.sha256(said).hexdigest()


def test_confirmation_changes_the_digest_so_that_earlier_grades_are_told_apart(
    tmp_path: Path,
) -> None:
    book = SchemeBook(tmp_path)
    before = book.get("uk")
    first = _confirmed(book)
    again = book.confirm("uk", by="B", source="C", at="2026-11-23T10:00:00Z")
    assert before.sha256() != first.sha256() == again.sha256() == book.get("uk").sha256()


def test_changed_table_is_a_new_version_that_nobody_has_confirmed(tmp_path: Path) -> None:
    book = SchemeBook(tmp_path / "home")
    before = _confirmed(book)
    after = book.load(_write(tmp_path / "mine.json", needs_confirmation=False))
    assert (after.version, after.is_confirmed) == ("2", False)
    assert book.get("uk").category_of("1") is Category.UNMAPPED
    kept = scheme_file.read(tmp_path / "home" / "schemes" / "history" / "uk-1.json")
    assert (kept.sha256(), kept.confirmed_by) == (before.sha256(), "A. Examiner")


def test_loading_what_is_already_there_keeps_the_confirmation(tmp_path: Path) -> None:
    book = SchemeBook(tmp_path / "home")
    book.load(_write(tmp_path / "mine.json"))
    _confirmed(book)
    assert book.load(tmp_path / "mine.json").is_confirmed
    assert book.get("uk").version == "2"


def test_copy_edit_load_confirm(tmp_path: Path) -> None:
    book = SchemeBook(tmp_path / "home")
    file = tmp_path / "uk.json"
    book.copy("uk", file)
    table = json.loads(file.read_text(encoding="utf-8"))
    table["codes"]["4"] = "EXTREME"
    file.write_text(json.dumps(table), encoding="utf-8")
    book.load(file)
    assert _confirmed(book).category_of("4") is Category.EXTREME


def test_copy_overwrites_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="not overwritten"):
        SchemeBook(tmp_path / "home").copy("uk", _write(tmp_path / "there.json"))


def test_table_edited_behind_its_confirmation_is_not_confirmed(tmp_path: Path) -> None:
    book = SchemeBook(tmp_path)
    _confirmed(book)
    file = tmp_path / "schemes" / "uk.json"
    table = json.loads(file.read_text(encoding="utf-8"))
    table["codes"]["1"] = "NON_PERTINENT"
    file.write_text(json.dumps(table), encoding="utf-8")
    assert not book.get("uk").is_confirmed


def test_own_table_cannot_excuse_itself_from_confirmation(tmp_path: Path) -> None:
    (tmp_path / "schemes").mkdir()
    _write(tmp_path / "schemes" / "uk.json", needs_confirmation=False)
    assert not SchemeBook(tmp_path).get("uk").is_confirmed


def test_unknown_scheme_names_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageFault) as fault:
        SchemeBook(tmp_path).get("../uk")
    assert "us-vics-current" in fault.value.hint


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"codes": {}}, "at least one"),
        ({"codes": []}, "JSON object"),
        ({"codes": {"1": "D"}}, "no category"),
        ({"codes": {"1": "UNMAPPED"}}, "no category"),
        ({"codes": {"1": 1}}, "no category"),
        ({"codes": {"a": "A", "A": "B"}}, "same"),
        ({"codes": {" ": "A"}}, "cannot be a code"),
        ({"codes": {"\x1b[2J": "A"}}, "cannot be a code"),
        ({"id": "../x"}, "id"),
        ({"id": "UK"}, "id"),
        ({"version": 1}, "version"),
        ({"version": "0"}, "version"),
        ({"region": "U K"}, "region"),
        ({"title": ""}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"needs_confirmation": "false"}, "true or false"),
        ({"surprise": 1}, "unknown key"),
        ({"confirmed": {"by": "x"}}, "confirmed"),
    ],
)
def test_wrong_tables_are_refused_by_name(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(UsageFault, match=said) as fault:
        scheme_file.read(_write(tmp_path / "mine.json", **changes))
    assert fault.value.message.startswith("mine.json: ")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not valid JSON"),
        (b"[1]", "JSON object"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"id": "a", "id": "b"}', "twice"),
        (b'{"id": "a"}', "missing"),
        (b"[" * 100_000, "not valid JSON"),
        (b" " * (1 << 20) + b"  {}", "larger"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, raw: bytes, said: str) -> None:
    file = tmp_path / "mine.json"
    file.write_bytes(raw)
    with pytest.raises(UsageFault, match=said):
        scheme_file.read(file)


def test_confirmation_wants_a_name_and_a_source(tmp_path: Path) -> None:
    book = SchemeBook(tmp_path)
    for by, source in (("", "x"), ("x", " "), ("a\x1b[0m", "x")):
        with pytest.raises(UsageFault):
            book.confirm("uk", by=by, source=source, at="2026-11-22T10:00:00Z")
    assert not (tmp_path / "schemes").exists()


CODES = st.dictionaries(
    st.from_regex(r"[0-9]{1,3}", fullmatch=True),
    st.sampled_from([category for category in Category if category is not Category.UNMAPPED]),
    min_size=1,
)


@given(codes=CODES, version=st.integers(1, 99))
def test_reading_what_was_written_gives_the_same(codes: dict[str, Category], version: int) -> None:
    scheme = Scheme(
        id="x",
        version=str(version),
        title="T",
        region="UK",
        codes=tuple(codes.items()),
        needs_confirmation=True,
        confirmed_by="A",
        confirmed_at="2026",
        confirmed_source="B",
    )
    assert scheme_file.parse(scheme_file.dump(scheme), "x.json") == scheme


@given(codes=CODES)
def test_code_written_for_a_category_means_that_category(codes: dict[str, Category]) -> None:
    scheme = Scheme(
        id="x",
        version="1",
        title="T",
        region="UK",
        codes=tuple(codes.items()),
        needs_confirmation=False,
    )
    for category in Category:
        code = scheme.code_for(category)
        assert code is None or scheme.category_of(code) is category
