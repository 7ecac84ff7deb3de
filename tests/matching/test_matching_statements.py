"""What a person says of a set, held against what is in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from triage.errors import HashSetError
from triage.matching.library import PackLibrary
from triage.matching.reading import ReadOptions
from triage.model.hashset import Polarity

# Published by ThreatExchange for pictures of its PDQ test data.
PDQ = (
    "e64cc9d91e623842f8d1f1d9a398e78c9f199a3bd87924f2b7e11e0bf061b064",
    "6227401f601ff4ccafcc9fad4b0d95d371a2eb7265a3285234d228ca94deeb2d",
    "cfb2009ddd21c6dab0046a7745b5984757a8a4535b3377aea2591d32b33ff940",
)
MD5 = [hashlib.md5(bytes([n]), usedforsecurity=False).hexdigest() for n in range(3)]
CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Media"


@pytest.fixture
def library(tmp_path: Path) -> PackLibrary:
    return PackLibrary(tmp_path / "home")


def _file(tmp_path: Path, text: str, name: str = "set.txt") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_named_columns_make_a_table_of_any_header(
    library: PackLibrary, tmp_path: Path, mark: str
) -> None:
    rows = [("Prüf", "Stufe", "File"), (MD5[0], "1", "a"), (MD5[1], "2", "b")]
    path = _file(tmp_path, "".join(mark.join(row) + "\n" for row in rows))
    options = ReadOptions(column_map=(("md5", "Prüf"), ("category", "Stufe")))
    report = library.import_set(path, name="s", polarity=Polarity.BY_CATEGORY, options=options)
    assert (report.manifest.format, report.manifest.rows) == ("csv", (("md5", 2),))
    assert (report.refused_total, report.warnings) == (0, ())


def test_a_named_column_that_is_not_there_is_told_with_those_that_are(
    library: PackLibrary, tmp_path: Path
) -> None:
    path = _file(tmp_path, f"Prüf;Stufe\n{MD5[0]};1\n")
    options = ReadOptions(column_map=(("md5", "Nix"),))
    with pytest.raises(HashSetError, match="line 1: no column 'Nix'") as caught:
        library.import_set(path, name="s", polarity=Polarity.KNOWN_BAD, options=options)
    assert "Prüf, Stufe" in caught.value.hint


def test_a_bare_list_of_pdq_is_not_taken_as_sha256_without_a_word(
    library: PackLibrary, tmp_path: Path
) -> None:
    pdq = library.import_set(
        _file(tmp_path, "\n".join(PDQ)), name="pdq", polarity=Polarity.KNOWN_BAD
    )
    assert "--format pdq-list" in " ".join(pdq.warnings)
    sha256 = [hashlib.sha256(bytes([n])).hexdigest() for n in range(9)]
    other = library.import_set(
        _file(tmp_path, "\n".join(sha256)), name="sha", polarity=Polarity.KNOWN_BAD
    )
    assert other.warnings == ()


def test_by_category_without_a_single_code_is_told(library: PackLibrary, tmp_path: Path) -> None:
    path = _file(tmp_path, "\n".join(MD5))
    report = library.import_set(path, name="s", polarity=Polarity.BY_CATEGORY)
    assert "no record has a category code" in " ".join(report.warnings)
    assert report.manifest.notes == "; ".join(report.warnings)


def test_known_good_with_codes_is_told(library: PackLibrary, tmp_path: Path) -> None:
    media = [{"MediaID": n, "MD5": value, "Category": 1} for n, value in enumerate(MD5)]
    path = _file(tmp_path, json.dumps({"@odata.context": CONTEXT, "value": media}))
    report = library.import_set(path, name="s", polarity=Polarity.KNOWN_GOOD)
    assert "records with a category code: 3;" in " ".join(report.warnings)


def test_a_vics_file_without_records_is_not_called_a_nist_set(
    library: PackLibrary, tmp_path: Path
) -> None:
    path = _file(tmp_path, json.dumps({"@odata.context": CONTEXT, "value": []}))
    with pytest.raises(HashSetError, match="no usable record as vics, 0 refused"):
        library.import_set(path, name="s", polarity=Polarity.BY_CATEGORY)


def test_the_description_of_a_hashkeeper_set_names_the_set(
    library: PackLibrary, tmp_path: Path
) -> None:
    header = (
        '"hashset_id","name","vendor","package","version","authenicated_flag","notable_flag",'
        '"initials","num_of_files","description","date_loaded"'
    )
    path = _file(tmp_path, f'{header}\r\n236,"S","V","P","1",0,1,"A",2,"d","1/1/1999"\r\n', "a.hke")
    with pytest.raises(HashSetError, match="holds no digests") as caught:
        library.import_set(path, name="s", polarity=Polarity.KNOWN_BAD)
    assert ".hsh" in caught.value.hint


def test_a_vics_file_in_another_encoding_says_so_and_can_be_taken(
    library: PackLibrary, tmp_path: Path
) -> None:
    media = {"MediaID": 1, "MD5": MD5[0], "Category": 1, "Series": "café"}
    text = json.dumps({"@odata.context": CONTEXT, "value": [media]}, ensure_ascii=False)
    path = tmp_path / "set.json"
    path.write_bytes(text.encode("cp1252"))
    with pytest.raises(HashSetError, match=r"set\.json: not UTF-8 after record 0") as caught:
        library.import_set(path, name="s", polarity=Polarity.BY_CATEGORY)
    assert "--encoding" in caught.value.hint
    assert "b'" not in caught.value.message
    options = ReadOptions(encoding="cp1252")
    report = library.import_set(path, name="s", polarity=Polarity.BY_CATEGORY, options=options)
    assert report.manifest.taken == 1
